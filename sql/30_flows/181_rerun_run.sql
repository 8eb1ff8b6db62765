create function public.rerun_run(
  p_run_id uuid,
  p_from text default null,
  p_input jsonb default null,
  p_outputs jsonb default null,
  p_current_version boolean default false,
  p_idempotency_key text default null,
  p_wake boolean default true
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_run public.runs := private.lock_run(p_run_id, 'runs:execute');
  v_outputs jsonb := coalesce(p_outputs, '{}');
  v_version public.flow_versions;
  v_redo text[];
  v_new public.runs;
  v_taken text[];
  v_reply jsonb;
  v_problems jsonb;
begin
  v_reply := private.idempotent_reply(v_run.organization_id, 'rerun_run', p_idempotency_key,
    jsonb_build_array(p_run_id, p_from, p_input, p_outputs, p_current_version));
  if v_reply is not null then
    return v_reply;
  end if;
  if octet_length(p_input::text) > 1048576 or octet_length(p_outputs::text) > 1048576 then
    perform private.fail('payload_too_large', 'The input of a run, and the outputs given to it, may have at most 1 MiB', 413);
  end if;
  if jsonb_typeof(v_outputs) <> 'object' then
    perform private.fail('invalid_request', 'Outputs are given by node id', 400);
  end if;
  perform private.refuse_references(p_run_id, v_outputs);
  if exists (
    select 1 from public.flows f where f.id = v_run.flow_id and f.deleted_at is null and not f.is_active
  ) then
    perform private.fail('flow_inactive', 'The flow is switched off', 409);
  end if;
  select v.* into v_version from public.flow_versions v
  where v.id = case when p_current_version
    then (select f.current_version_id from public.flows f where f.id = v_run.flow_id) else v_run.flow_version_id end;

  if p_from is not null or v_outputs <> '{}' then
    if v_run.finished_at is null then
      perform private.fail('run_not_finished', 'The run is still under way', 409);
    end if;
    if v_run.status in ('compensated', 'compensation_failed') then
      perform private.fail('conflict', 'The run has undone what it did: nothing of it can be taken over', 409);
    end if;
  end if;
  if p_from is not null then
    v_redo := private.steps_to_redo(v_version, p_from);
    if v_redo is null then
      perform private.fail('invalid_request', format('The flow has no node "%s"', p_from), 400, jsonb_build_array(jsonb_build_object(
        'path', 'body.from', 'code', 'unknown_node', 'message', format('The flow has no node "%s"', p_from)
      )));
    end if;
  end if;

  v_new := private.repeat_run(v_run, coalesce(p_input, v_run.input), v_version.id);
  if p_from is not null then
    -- Nor what another version does not know.
    v_redo := v_redo || coalesce(array(
      select distinct s.node_id from public.run_steps s
      where s.run_id = p_run_id and v_version.id <> v_run.flow_version_id and not jsonb_path_exists(
        v_version.graph, '$.nodes[*] ? (@.id == $id)', jsonb_build_object('id', s.node_id), true
      )
    ), '{}');
  else
    select coalesce(array_agg(distinct s.node_id), '{}') into v_redo from public.run_steps s where s.run_id = p_run_id;
  end if;
  if p_from is not null or v_outputs <> '{}' then
    v_taken := private.take_over_steps(v_run, v_new, v_redo, v_outputs);
    select jsonb_agg(jsonb_build_object(
      'path', 'body.outputs.' || k.id, 'code', 'not_taken_over',
      'message', format('"%s" has not run, or is run again', k.id)
    ) order by k.id) into v_problems
    from jsonb_object_keys(v_outputs) k (id)
    where k.id <> all (v_taken) or (p_from is not null and k.id = any (v_redo));
    if v_problems is not null then
      perform private.fail('invalid_request', 'Outputs are for steps that are taken over', 400, v_problems);
    end if;
  end if;
  if p_wake then
    perform private.wake_if_idle(v_new.organization_id);
  end if;
  return private.keep_reply(v_run.organization_id, 'rerun_run', p_idempotency_key, to_jsonb(v_new));
end;
$$;

revoke all on function public.rerun_run(uuid, text, jsonb, jsonb, boolean, text, boolean) from public, anon, authenticated, service_role;
grant execute on function public.rerun_run(uuid, text, jsonb, jsonb, boolean, text, boolean) to authenticated;
comment on function public.rerun_run(uuid, text, jsonb, jsonb, boolean, text, boolean) is
  'Repeats a run as a new one. p_from = the node to begin at: what comes before it is taken over (null = nothing is, a replay); p_input = another input; p_outputs = what steps before it are said to have given; p_current_version = by the flow''s current version instead of the run''s. Needs runs:execute. Answers the new run.';
