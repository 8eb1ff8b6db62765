with named (name, kind, handler, cron, depends_on, timeout_seconds, alert_after, description) as (values
  ('usage-hourly', 'sql', 'count_usage', '7 * * * *', '{}', 900, 2,
    'Counts what each organization used, by the hour, into usage_hourly: runs, steps, jobs, webhook events; by flow and node into usage_details. Hours of which a run ended late are counted again. Tells who has used what a budget or plan allows.'),
  ('budgets', 'sql', 'keep_budgets', '* * * * *', '{}', 60, 5,
    'Gives back what calls of models had reserved of budgets when their worker was lost; forgets details of usage after 400 days.'),
  ('meter-reports', 'job', 'metering.report', '22 * * * *', '{}', 600, 3,
    'Tells the meters of Stripe what organizations with a subscription used in the hours that are over, each hour once; brings the seats of subscriptions to the numbers of members.'),
  ('analytics-daily', 'sql', 'roll_up_analytics', '23 0 * * *', '{}', 1800, 1,
    'Rolls finished days up into analytics_daily, for each flow: runs by how they ended, success rate, durations, steps. Days of which a run ended late are made anew.'),
  ('digest-daily', 'job', 'digest.daily', '0 6 * * *', '{analytics-daily}', 3600, 1,
    'Mails the owners of each organization that had runs yesterday what became of them: one job digest.mail for each, which fails and is tried again by itself.'),
  ('archive-weekly', 'job', 'runs.remove_archives', '31 4 * * 0', '{}', 3600, 1,
    'Removes archives of old runs, in Storage and from the list, that are older than the plan keeps.'),
  ('retention', 'job', 'retention.apply', '47 * * * *', '{}', 3600, 1,
    'Drops runs, steps, jobs and webhook events that are older than the plan keeps, step by step; asks for archives before. Fails, after all else is done, when runs could not be archived for two weeks.'),
  ('webhook-retries', 'sql', 'retry_webhooks', '*/5 * * * *', '{}', 120, 3,
    'Starts the runs of accepted webhook events that have none. The engine writes both in one transaction, so it finds only what was restored from a backup or written by hand. For webhooks that we send: calls jobs for what waits without one, and deletes what has fallen out of retention.'),
  ('audit-seal', 'sql', 'seal_audit', '* * * * *', '{}', 120, 5,
    'Gives new rows of the audit log their sequence numbers and seals; asks for a job audit.sign, which signs them.'),
  ('rate-limits', 'sql', 'clean_rate_limits', '*/15 * * * *', '{}', 120, 3,
    'Forgets buckets of rate limits that are full and unused.'),
  ('partitions', 'sql', 'keep_partitions', '17 3 * * *', '{}', 60, 1,
    'Makes the weekly partitions five weeks ahead.'),
  ('leases', 'sql', 'check_leases', '*/5 * * * *', '{}', 30, 2,
    'Checks that engine.tick, which sweeps lapsed leases every ten seconds, has left none.'),
  ('cron-history', 'sql', 'prune_cron_history', '41 4 * * *', '{}', 600, 2,
    'Forgets what pg_cron ran over 3 days ago, and histories of tasks, alerts and digests after 90 days.'),
  ('idempotency-keys', 'sql', 'prune_idempotency_keys', '13 * * * *', '{}', 300, 3,
    'Forgets idempotency keys after 24 hours.'),
  ('job-counts', 'sql', 'prune_job_counts', '19 4 * * *', '{}', 300, 2,
    'Forgets counts of jobs by the minute after 7 days.'),
  ('organizations-remove', 'job', 'organizations.remove', '37 * * * *', '{}', 3600, 2,
    'Removes what is left of organizations whose deletion was asked for 30 days ago: objects in Storage, then every row, in batches.'),
  ('security', 'sql', 'prune_security', '29 4 * * *', '{}', 600, 2,
    'Forgets security events after 90 days, and blocks of addresses that are over.'),
  ('secrets', 'sql', 'warn_of_expiry', '27 * * * *', '{}', 300, 2,
    'Mails the owners 14, 3 and 1 days before a secret expires, when it has, and when its rotation is due; forgets accesses to secrets after 90 days.'),
  ('mails', 'sql', 'keep_mails', '* * * * *', '{}', 120, 5,
    'Sees to it that mails that are due have a sender, ends those that are too late, forgets what they said after a week and that they were sent after 90 days.'),
  ('billing', 'sql', 'keep_billing', '*/5 * * * *', '{}', 120, 3,
    'Ends plans whose days of grace are over, mails about trials that end within three days, calls jobs for events of Stripe that wait without one, forgets events after 90 days.'),
  ('mail-events', 'sql', 'keep_mail_events', '* * * * *', '{}', 120, 5,
    'Applies what providers told of mails and could not be applied when it came; forgets after a day what is of no mail of ours.')
),
-- What is not named any more goes: a release that is taken back leaves no task behind.
gone as (
  delete from private.system_tasks t where t.name not in (select n.name from named n)
)
insert into private.system_tasks (name, kind, handler, cron, depends_on, timeout_seconds, alert_after, description)
select n.name, n.kind, n.handler, n.cron, n.depends_on::text[], n.timeout_seconds, n.alert_after, n.description from named n
on conflict (name) do update set
  kind = excluded.kind, handler = excluded.handler, cron = excluded.cron, depends_on = excluded.depends_on,
  timeout_seconds = excluded.timeout_seconds, alert_after = excluded.alert_after, description = excluded.description;
