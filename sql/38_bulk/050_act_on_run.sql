create function private.act_on_run(p_action text, p_run_id uuid) returns text
language plpgsql
set search_path = ''
as $$
declare
  v_finished timestamptz;
begin
  if p_action = 'replay_events' then
    -- An event is only read: nobody is in the way.
    perform public.replay_webhook_event(p_run_id);
    return 'done';
  end if;
  -- Called by the clock, which never waits: whoever is at the run comes first.
  if p_action in ('retry', 'delete') then
    perform 1 from public.runs r where r.id = p_run_id for update skip locked;
    if not found then
      return case when exists (select 1 from public.runs r where r.id = p_run_id) then 'busy' else 'done' end;
    end if;
  elsif not private.try_lock_run(p_run_id) then
    select r.finished_at into v_finished from public.runs r where r.id = p_run_id;
    -- It ended by itself, or is gone: nothing is left to be done.
    return case when found and v_finished is null then 'busy' else 'done' end;
  end if;
  case p_action
    when 'cancel' then perform public.cancel_run(p_run_id);
    when 'pause' then perform public.pause_run(p_run_id);
    when 'resume' then perform public.resume_run(p_run_id, false);
    when 'retry' then perform public.retry_run(p_run_id, null, false);
    when 'delete' then
      perform private.remove_run(p_run_id);
      return 'deleted';
  end case;
  return 'done';
end;
$$;

revoke all on function private.act_on_run(text, uuid) from public, anon, authenticated, service_role;
comment on function private.act_on_run(text, uuid) is
  'Does the action of a bulk operation to one run (replay_events: to one event of a webhook), as whoever the claims of the session name, without waiting for anybody. Answers done, deleted when the caller has to tell the audit log so, or busy when somebody else is at the run. Throws what the action throws.';
