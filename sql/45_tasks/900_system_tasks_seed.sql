insert into private.system_tasks (name, kind, handler, cron, depends_on, timeout_seconds, alert_after, description)
values
  ('usage-hourly', 'sql', 'count_usage', '7 * * * *', '{}', 900, 2,
    'Counts what each organization used, by the hour, into usage_hourly: runs, steps, jobs, webhook events. Hours of which a run ended late are counted again.'),
  ('analytics-daily', 'sql', 'roll_up_analytics', '23 0 * * *', '{}', 1800, 1,
    'Rolls finished days up into analytics_daily, for each flow: runs by how they ended, success rate, durations, steps. Days of which a run ended late are made anew.'),
  ('digest-daily', 'job', 'digest.daily', '0 6 * * *', '{analytics-daily}', 3600, 1,
    'Mails the owners of each organization that had runs yesterday what became of them: one job digest.mail for each, which fails and is tried again by itself.'),
  ('archive-weekly', 'job', 'runs.remove_archives', '31 4 * * 0', '{}', 3600, 1,
    'Removes archives of old runs, in Storage and from the list, that are older than the plan keeps.'),
  ('retention', 'job', 'retention.apply', '47 * * * *', '{}', 3600, 1,
    'Drops runs, steps, jobs and webhook events that are older than the plan keeps, step by step; asks for archives before. Fails, after all else is done, when runs could not be archived for two weeks.'),
  ('webhook-retries', 'sql', 'retry_webhooks', '*/5 * * * *', '{}', 120, 3,
    'Starts the runs of accepted webhook events that have none. The engine writes both in one transaction, so it finds only what was restored from a backup or written by hand. Deliveries of outgoing webhooks will be retried here when there are such.'),
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
    'Forgets counts of jobs by the minute after 7 days.')
on conflict (name) do update set
  kind = excluded.kind, handler = excluded.handler, cron = excluded.cron, depends_on = excluded.depends_on,
  timeout_seconds = excluded.timeout_seconds, alert_after = excluded.alert_after, description = excluded.description;
