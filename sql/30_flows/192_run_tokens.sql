create function private.run_tokens(p_run_id uuid) returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'node_id', j.node_id,
    'scope', j.scope,
    'status', case
      when j.status in ('running', 'waiting', 'paused') then j.status
      when w.wait is not null then 'waiting'
      when j.scheduled_for > private.now() then 'scheduled'
      else 'available'
    end,
    'attempt', case when j.status = 'running' then j.attempts else j.attempts + 1 end,
    -- For another run the moment is only when the clock looks after it.
    'scheduled_for', case
      when j.scheduled_for <> 'infinity' and j.payload #>> '{wait,kind}' is distinct from 'run' then j.scheduled_for
    end,
    'started_at', j.started_at,
    'last_error', j.error_message,
    'wait', w.wait
  ) order by j.created_at, j.id), '[]')
  from public.job_queue j
  cross join lateral (
    select case
      -- The token of a region waits for its items, and its payload says nothing.
      when j.payload is null and j.status = 'waiting'
        then '{"kind": "items", "name": null, "data": null, "run_id": null}'::jsonb
      when j.payload ? 'wait' and not j.payload ? 'resolved' and j.status <> 'running' then jsonb_build_object(
        'kind', j.payload -> 'wait' ->> 'kind', 'name', j.payload -> 'wait' ->> 'name',
        'data', j.payload -> 'wait' -> 'data', 'run_id', j.payload -> 'wait' ->> 'run_id'
      )
    end as wait
  ) w
  where j.run_id = p_run_id;
$$;

revoke all on function private.run_tokens(uuid) from public, anon, authenticated, service_role;
grant execute on function private.run_tokens(uuid) to authenticated;
comment on function private.run_tokens(uuid) is
  'Where a run stands: its tokens, running, waiting for something, paused, scheduled for later or available to the next worker. Called by functions that run as the caller: RLS decides.';
