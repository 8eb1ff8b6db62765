create function private.keep_partitions() returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_made integer := engine.ensure_partitions();
  v_missing text[];
begin
  -- It gives way when the tables are in use. That is no failure until next week's are missing.
  select array_agg(p.parent || '_' || w.week) into v_missing
  from unnest(array['runs', 'run_steps', 'job_history', 'audit_events']) p (parent),
    (select to_char((private.now() + interval '7 days') at time zone 'UTC', 'IYYY"w"IW') as week) w
  where to_regclass('public.' || p.parent || '_' || w.week) is null;
  if v_missing is not null then
    raise exception 'The partitions of next week are missing: %', array_to_string(v_missing, ', ');
  end if;
  return jsonb_build_object('made', v_made);
end;
$$;

revoke all on function private.keep_partitions() from public, anon, authenticated, service_role;
comment on function private.keep_partitions() is
  'The task partitions: makes the weekly partitions ahead; fails when those of next week are missing. Answers {made}.';
