create function private.run_tokens(p_run_id uuid) returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'node_id', j.node_id,
    'scope', j.scope,
    'status', case when j.status = 'running' then 'running' when j.scheduled_for > private.now() then 'scheduled' else 'available' end,
    'attempt', case when j.status = 'running' then j.attempts else j.attempts + 1 end,
    'scheduled_for', j.scheduled_for,
    'started_at', j.started_at,
    'last_error', j.error_message
  ) order by j.created_at, j.id), '[]')
  from public.job_queue j
  where j.run_id = p_run_id;
$$;

revoke all on function private.run_tokens(uuid) from public, anon, authenticated, service_role;
grant execute on function private.run_tokens(uuid) to authenticated;
comment on function private.run_tokens(uuid) is
  'Where a run stands: its tokens, running, scheduled for later or available to the next worker. Called by functions that run as the caller: RLS decides.';
