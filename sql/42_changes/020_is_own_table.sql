create function private.is_own_table(p_table regclass) returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (
    select 1
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.oid = p_table
      and (
        n.nspname in ('engine', 'private', 'pg_catalog', 'information_schema', 'cron', 'net', 'realtime', 'vault')
        or n.nspname like 'pg\_%'
        or n.nspname = 'public' and (
          c.relname = any ('{
            analytics_daily,api_keys,audit_events,billing_customers,budgets,bulk_operations,entities,entity_moves,flow_edge_stats,flow_version_runs,
            flow_versions,flows,invitations,invoices,job_history,job_queue,mail_events,mail_suppressions,mails,organization_members,
            organizations,plan_prices,plans,profiles,run_archives,run_stats_daily,run_steps,runs,schedule_firings,schedules,secrets,subscriptions,usage_details,usage_hourly,webhook_attempts,
            webhook_deliveries,webhook_endpoints,webhook_events,webhook_messages,webhook_refusals,webhook_subscriptions,
            workspaces
          }'::text[])
          -- Weeks of a table of ours.
          or c.relispartition and c.relname ~ '^(runs|run_steps|job_history|audit_events)_(default|\d{4}w\d{2})$'
        )
      )
  );
$$;

revoke all on function private.is_own_table(regclass) from public, anon, authenticated, service_role;
comment on function private.is_own_table(regclass) is
  'Whether a table belongs to Millrace or to the platform. A flow that its own tables start would never come to an end.';
