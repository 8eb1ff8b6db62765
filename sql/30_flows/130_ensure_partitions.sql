create function engine.ensure_partitions(p_weeks_ahead integer default 4) returns integer
language plpgsql
security definer
set search_path = ''
-- A partition needs the whole table for a moment, and whoever waits for that makes everybody wait behind. So it gives up
-- soon, long before Postgres would look for a deadlock (deadlock_timeout, 1 s); it has weeks to try again.
set lock_timeout = '200ms'
as $$
declare
  v_week timestamptz := date_trunc('week', private.now(), 'UTC');
  v_parent text;
  v_name text;
  v_made integer := 0;
begin
  for v_i in 0..p_weeks_ahead loop
    foreach v_parent in array array['runs', 'run_steps', 'job_history', 'audit_events'] loop
      v_name := v_parent || '_' || to_char((v_week + v_i * interval '7 days') at time zone 'UTC', 'IYYY"w"IW');
      continue when to_regclass('public.' || v_name) is not null;
      -- The rows that the default partition took for want of this one would block it; they keep living there.
      begin
        execute format(
          'create table public.%I partition of public.%I for values from (%L) to (%L) with (fillfactor = 80)',
          v_name, v_parent,
          private.uuid_v7_floor(v_week + v_i * interval '7 days'),
          private.uuid_v7_floor(v_week + (v_i + 1) * interval '7 days')
        );
      exception
        when check_violation then
          continue;
        when lock_not_available then
          return v_made;
      end;
      execute format('alter table public.%I enable row level security', v_name);
      if v_parent = 'audit_events' then
        -- Triggers of statements are not inherited.
        execute format(
          'create trigger no_truncate before truncate on public.%I for each statement execute function private.refuse_audit_change()', v_name
        );
        execute format('alter table public.%I enable always trigger no_truncate', v_name);
      end if;
      execute format('revoke all on table public.%I from public, anon, authenticated, service_role', v_name);
      execute format('comment on table public.%I is %L', v_name, 'A week of ' || v_parent || '.');
      v_made := v_made + 1;
    end loop;
  end loop;
  return v_made;
end;
$$;

revoke all on function engine.ensure_partitions(integer) from public, anon, authenticated, service_role;
grant execute on function engine.ensure_partitions(integer) to service_role;
comment on function engine.ensure_partitions(integer) is
  'Makes the weekly partitions of runs, run_steps, job_history and audit_events from this week to p_weeks_ahead later, with RLS on and no grants of their own. Gives way when the tables are in use: the next call makes the rest. Answers how many it made. Daily by pg_cron.';
