create function private.change_obstacle(p_change private.change_triggers, p_flow public.flows, p_cause public.runs) returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  return case
    when p_flow.id is null or p_flow.current_version_id is null then 'flow_deleted'
    -- Changes that runs make, and triggers of the tenant's own that go round in circles.
    when p_cause.depth >= p_change.max_depth or pg_trigger_depth() > 16 then 'too_deep'
    else private.schedule_obstacle(p_flow)
  end;
end;
$$;

revoke all on function private.change_obstacle(private.change_triggers, public.flows, public.runs) from public, anon, authenticated, service_role;
comment on function private.change_obstacle(private.change_triggers, public.flows, public.runs) is
  'Why a change can not start its flow; null = it can. p_cause = the run that makes the change, null when none does.';
