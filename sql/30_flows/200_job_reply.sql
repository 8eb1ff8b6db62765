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
    'resumed', nullif(j.resume, false),
    'deadline_ms', floor(extract(epoch from j.deadline_at - private.now()) * 1000)::bigint,
    -- Workers measure from here: their own clocks may be wrong.
    'now', floor(extract(epoch from private.now()) * 1000)::bigint,
    'trigger', r.trigger,
    'trigger_node', r.trigger_node,
    'traceparent', r.traceparent,
    'started_at', r.started_at,
    'flow_id', r.flow_id,
    'flow_version_id', r.flow_version_id,
    'entity_id', r.entity_id
  )) || case when j.payload is null then '{}'::jsonb else private.job_details(j) end
    || case when r.pins is null then '{}'::jsonb else jsonb_build_object('pins', r.pins) end
    || jsonb_build_object(
    -- Only where it is read: with a long list as input, each of its items would carry all of it.
    'input', case when j.node_id is null or '$trigger' = any (j.reads) or j.payload ? 'undo' then r.input end,
    'outputs', case when j.scope = '' then (
      select coalesce(jsonb_object_agg(s.node_id, s.output), '{}')
      from public.run_steps s
      where s.run_id = j.run_id and s.node_id = any (j.reads) and s.scope = '' and s.output is not null
    ) else (
      -- The same node may have given something in several scopes around: the innermost counts.
      select coalesce(jsonb_object_agg(s.node_id, s.output order by length(s.scope)), '{}')
      from public.run_steps s
      where s.run_id = j.run_id and s.node_id = any (j.reads) and s.scope = any (private.scope_chain(j.scope))
        and s.output is not null
    ) end,
    -- In a retry, a step that was taken over may come after one that was not: one that was undone, or a slow branch.
    'recorded', case when j.resume or r.retry_of is not null then (
      select coalesce(jsonb_agg(jsonb_build_object(
        'node', s.node_id, 'status', s.status, 'handles', s.handles, 'output', s.output
      )), '[]')
      from public.run_steps s
      where s.run_id = j.run_id and s.scope = j.scope and s.status not in ('retried', 'unknown')
    ) end
  ) || case when r.retry_of is null or j.scope = '' then '{}'::jsonb else jsonb_build_object(
    -- A region that was taken over is not gone into again, and a break in it ends a loop around it all the same.
    'breaks', (
      select coalesce(jsonb_agg(s.scope), '[]') from public.run_steps s
      join public.flow_versions v on v.id = r.flow_version_id
      where s.run_id = j.run_id and s.status = 'completed' and starts_with(s.scope, j.scope || '/')
        and v.graph @? format('$.nodes[*] ? (@.type == "logic.loop.break" && @.id == %s)', to_json(s.node_id))::jsonpath
    )
  ) end order by j.id), '[]')
  from public.job_queue j
  left join public.runs r on r.id = j.run_id
  where j.id = any (p_job_ids)
  );
end;
$$;

revoke all on function private.job_reply(uuid[]) from public, anon, authenticated, service_role;
comment on function private.job_reply(uuid[]) is
  'Jobs as a worker needs them: the token, its fence (epoch), the run it belongs to, the input, the outputs its node reads, what its payload calls for, and, when steps after the token may be recorded already, those.';

create function private.job_details(p_job public.job_queue) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_details jsonb := jsonb_build_object('payload', p_job.payload);
  v_close jsonb := p_job.payload -> 'close';
begin
  -- The end of a region: what its items gave. A region that failed gives nothing.
  if v_close is not null and not v_close ? 'error' then
    v_details := v_details || jsonb_build_object('items', private.region_items(
      p_job.run_id, p_job.scope, v_close ->> 'owner', array(select jsonb_array_elements_text(v_close -> 'body')),
      0, (v_close ->> 'total')::integer
    ));
  end if;
  -- The token that undoes a run: what is to be undone, newest first.
  if p_job.payload ? 'undo' then
    v_details := v_details || jsonb_build_object('undo', (
      select coalesce(jsonb_agg(
        jsonb_build_object('node', s.node_id, 'scope', s.scope, 'output', s.output)
        order by s.finished_at desc, s.node_id desc, s.scope desc
      ), '[]')
      from public.runs r
      join public.flow_versions v on v.id = r.flow_version_id
      join public.run_steps s on s.run_id = r.id and s.node_id = any (v.undo_nodes) and s.status = 'completed'
      where r.id = p_job.run_id
    ), 'undone', (
      select coalesce(jsonb_agg(jsonb_build_object('node', s.node_id, 'scope', s.scope, 'status', s.status)), '[]')
      from public.run_steps s
      where s.run_id = p_job.run_id and s.node_id like 'undo:%' and s.status not in ('retried', 'unknown')
    ), 'outputs_all', (
      select coalesce(jsonb_agg(jsonb_build_object('node', s.node_id, 'scope', s.scope, 'output', s.output)), '[]')
      from public.run_steps s
      where s.run_id = p_job.run_id and s.output is not null and s.node_id = any (p_job.reads)
    ));
  end if;
  return v_details;
end;
$$;

revoke all on function private.job_details(public.job_queue) from public, anon, authenticated, service_role;
comment on function private.job_details(public.job_queue) is
  'What a worker needs besides, for tokens with a payload: {payload}, at the end of a region its items, for a compensation what is to be undone and what has been.';
