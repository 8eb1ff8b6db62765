create function private.job_reply(p_job_ids uuid[]) returns jsonb
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
  return (
  select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
    'job', j.id,
    'epoch', j.epoch,
    'type', j.type,
    'organization_id', j.organization_id,
    'run_id', j.run_id,
    'node', j.node_id,
    'scope', nullif(j.scope, ''),
    'attempt', j.attempts,
    'payload', j.payload,
    'deadline_ms', floor(extract(epoch from j.deadline_at - private.now()) * 1000)::bigint,
    'trigger', r.trigger,
    'trigger_node', r.trigger_node,
    'traceparent', r.traceparent,
    'started_at', r.started_at,
    'flow_id', r.flow_id,
    'flow_version_id', r.flow_version_id
  )) || jsonb_build_object(
    'input', r.input,
    'outputs', (
      select coalesce(jsonb_object_agg(s.node_id, s.output), '{}')
      from public.run_steps s
      where s.run_id = j.run_id and s.node_id = any (j.reads) and s.output is not null
        and (s.scope = j.scope or s.scope = '')
    ),
    'recorded', case when j.resume then (
      select coalesce(jsonb_agg(jsonb_build_object(
        'node', s.node_id, 'status', s.status, 'handles', s.handles, 'output', s.output
      )), '[]')
      from public.run_steps s
      where s.run_id = j.run_id and s.scope = j.scope and s.status <> 'retried'
    ) end
  ) order by j.id), '[]')
  from public.job_queue j
  left join public.runs r on r.id = j.run_id
  where j.id = any (p_job_ids)
  );
end;
$$;

revoke all on function private.job_reply(uuid[]) from public, anon, authenticated, service_role;
comment on function private.job_reply(uuid[]) is
  'Jobs as a worker needs them: the token, its fence (epoch), the run it belongs to, the input, the outputs its node reads, and, when steps after the token may be recorded already, those.';
