create function public.signal_run(
  p_run_id uuid,
  p_name text,
  p_data jsonb default null,
  p_wake boolean default true,
  p_idempotency_key text default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_run public.runs := private.lock_run(p_run_id, 'runs:execute');
  v_token public.job_queue;
  v_reply jsonb;
begin
  if length(coalesce(p_name, '')) not between 1 and 200 then
    perform private.fail('invalid_request', 'The name of a signal has 1 to 200 characters', 400);
  end if;
  if octet_length(p_data::text) > 262144 then
    perform private.fail('payload_too_large', 'A signal may carry at most 256 KiB', 413);
  end if;
  v_reply := private.idempotent_reply(
    v_run.organization_id, 'signal_run', p_idempotency_key, jsonb_build_array(p_run_id, p_name, p_data)
  );
  if v_reply is not null then
    return v_reply;
  end if;
  if v_run.finished_at is not null or v_run.status = 'compensating' then
    perform private.fail('run_finished', format('The run has already %s', v_run.status), 409);
  end if;
  v_token := private.waiting_token(p_run_id, '{signal}', p_name);
  if v_token.id is not null then
    perform private.resolve_token(v_token.id, v_run.status = 'paused', jsonb_build_object('by', 'signal', 'data', p_data));
    if p_wake then
      perform private.wake_if_idle(v_run.organization_id);
    end if;
    return private.keep_reply(v_run.organization_id, 'signal_run', p_idempotency_key, jsonb_build_object(
      'run_id', p_run_id, 'name', p_name, 'delivered', true, 'node_id', v_token.node_id, 'scope', v_token.scope
    ));
  end if;
  if (select count(*) from private.run_signals s where s.run_id = p_run_id) >= 1000 then
    perform private.fail('conflict', 'A thousand signals wait for this run already', 409);
  end if;
  insert into private.run_signals (run_id, kind, name, data, created_by) values (p_run_id, 'signal', p_name, p_data, private.caller_user_id());
  return private.keep_reply(v_run.organization_id, 'signal_run', p_idempotency_key, jsonb_build_object(
    'run_id', p_run_id, 'name', p_name, 'delivered', false, 'node_id', null, 'scope', null
  ));
end;
$$;

revoke all on function public.signal_run(uuid, text, jsonb, boolean, text) from public, anon, authenticated, service_role;
grant execute on function public.signal_run(uuid, text, jsonb, boolean, text) to authenticated;
comment on function public.signal_run(uuid, text, jsonb, boolean, text) is
  'Sends a signal to a run: the step that waits longest for it goes on; when none waits, it is kept for the next that does. p_wake false = the caller runs what follows itself. Needs runs:execute.';

create function public.decide_step(
  p_run_id uuid,
  p_node_id text,
  p_decision jsonb,
  p_scope text default '',
  p_wake boolean default true
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_run public.runs := private.lock_run(p_run_id, 'runs:execute');
  v_token public.job_queue;
  v_kind text;
  v_approvers jsonb;
  v_word text;
  v_data jsonb;
begin
  if v_run.finished_at is not null then
    perform private.fail('run_finished', format('The run has already %s', v_run.status), 409);
  end if;
  v_token := private.waiting_token(p_run_id, '{approval,decision}', null, p_node_id, coalesce(p_scope, ''));
  if v_token.id is null then
    perform private.fail('conflict', 'The step waits for no decision', 409);
  end if;
  v_kind := v_token.payload -> 'wait' ->> 'kind';
  v_approvers := v_token.payload #> '{wait,data,approvers}';
  if v_kind = 'approval' then
    perform private.require_person();
  end if;
  if v_kind = 'approval' and jsonb_typeof(v_approvers) = 'object' and not exists (
    select 1 from public.organization_members m
    where m.organization_id = v_run.organization_id and m.user_id = auth.uid()
      and (v_approvers -> 'roles' ? m.role or v_approvers -> 'user_ids' ? m.user_id::text)
  ) then
    perform private.fail('forbidden', 'Others have to decide this', 403);
  end if;
  v_word := p_decision ->> case when v_kind = 'approval' then 'decision' else 'outcome' end;
  if v_word is null or v_word not in ('approved', 'rejected', 'completed', 'failed', 'retry')
    or (v_kind = 'approval') <> (v_word in ('approved', 'rejected'))
  then
    perform private.fail('invalid_request', case when v_kind = 'approval' then 'decision is approved or rejected'
      else 'outcome is completed, failed or retry' end, 400);
  end if;
  if octet_length(p_decision::text) > 262144 then
    perform private.fail('payload_too_large', 'A decision may carry at most 256 KiB', 413);
  end if;
  v_data := case when v_kind = 'approval'
    then jsonb_build_object('decision', v_word, 'comment', p_decision -> 'comment')
    else jsonb_build_object('outcome', v_word, 'output', p_decision -> 'output', 'error', p_decision -> 'error', 'comment', p_decision -> 'comment')
  end || jsonb_build_object('user_id', private.caller_user_id(), 'decided_at', private.now());
  perform private.resolve_token(v_token.id, v_run.status = 'paused', jsonb_build_object('by', v_kind, 'data', v_data));
  if p_wake then
    perform private.wake_if_idle(v_run.organization_id);
  end if;
  return jsonb_build_object('run_id', p_run_id, 'node_id', v_token.node_id, 'scope', v_token.scope, 'kind', v_kind) || v_data;
end;
$$;

revoke all on function public.decide_step(uuid, text, jsonb, text, boolean) from public, anon, authenticated, service_role;
grant execute on function public.decide_step(uuid, text, jsonb, text, boolean) to authenticated;
comment on function public.decide_step(uuid, text, jsonb, text, boolean) is
  'Decides a step that waits for a person: an approval ({decision: approved or rejected, comment}), which no API key can give, or an effect of unknown outcome ({outcome: completed, failed or retry, output, error}). 409 when the step waits for none: of two decisions the first counts. Needs runs:execute, and where the step names approvers, to be one.';

create function engine.complete_callbacks(p_callbacks jsonb, p_wake boolean default true) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
-- p_callbacks: [{run_id, node_id, scope, data}], whose signatures the caller has checked. Answers, in the same order,
-- [{run_id, node_id, scope, status}]: completed, buffered (the step does not wait yet), duplicate, finished or not_found.
declare
  v_call record;
  v_run public.runs;
  v_token public.job_queue;
  v_status text;
  v_reply jsonb := '[]';
  v_name text;
  v_any boolean := false;
begin
  -- Locked in one order, whatever the order of the list.
  perform 1 from (
    select q.id from public.runs q
    where q.id in (select c.run_id from jsonb_to_recordset(p_callbacks) as c (run_id uuid)) order by q.id for update
  ) l;
  for v_call in
    select c.*, coalesce(c.scope, '') as at from jsonb_to_recordset(p_callbacks) as c (run_id uuid, node_id text, scope text, data jsonb)
  loop
    v_name := concat_ws(':', v_call.node_id, nullif(v_call.at, ''));
    select * into v_run from public.runs q where q.id = v_call.run_id;
    if not found then
      v_status := 'not_found';
    elsif exists (
      select 1 from public.run_steps s
      where s.run_id = v_call.run_id and s.node_id = v_call.node_id and s.scope = v_call.at and s.status in ('completed', 'failed', 'skipped')
    ) then
      v_status := 'duplicate';
    elsif v_run.finished_at is not null or v_run.status = 'compensating' then
      v_status := 'finished';
    else
      v_token := private.waiting_token(v_call.run_id, '{callback}', null, v_call.node_id, v_call.at);
      if v_token.id is not null then
        perform private.resolve_token(v_token.id, v_run.status = 'paused', jsonb_build_object('by', 'callback', 'data', v_call.data));
        perform private.give_turn(v_run.organization_id);
        v_any := true;
        v_status := 'completed';
      elsif exists (
        select 1 from private.run_signals s where s.run_id = v_call.run_id and s.kind = 'callback' and s.name = v_name
      ) or exists (
        select 1 from public.job_queue j
        where j.run_id = v_call.run_id and j.node_id = v_call.node_id and j.scope = v_call.at and j.payload ? 'resolved'
      ) then
        v_status := 'duplicate';
      else
        insert into private.run_signals (run_id, kind, name, data) values (v_call.run_id, 'callback', v_name, v_call.data);
        v_status := 'buffered';
      end if;
    end if;
    v_reply := v_reply || jsonb_build_object(
      'run_id', v_call.run_id, 'node_id', v_call.node_id, 'scope', v_call.at, 'status', v_status
    );
  end loop;
  if v_any and p_wake then
    perform private.wake_if_idle(null);
  end if;
  return v_reply;
end;
$$;

revoke all on function engine.complete_callbacks(jsonb, boolean) from public, anon, authenticated, service_role;
grant execute on function engine.complete_callbacks(jsonb, boolean) to service_role;
comment on function engine.complete_callbacks(jsonb, boolean) is
  'Completes steps that wait for a callback, many at once, each at most once; one that comes before its step waits is kept. The caller has checked the signatures. Answers what became of each.';
