create function private.set_plan(p_organization_id uuid, p_plan_id text, p_reason text) returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_was text;
  v_status text;
begin
  select o.plan_id into v_was from public.organizations o where o.id = p_organization_id for no key update;
  if v_was is null or v_was = p_plan_id then
    return false;
  end if;
  -- The trigger of the table bumps the generation: who has kept answers of the organization asks anew with the next request.
  update public.organizations o set plan_id = p_plan_id where o.id = p_organization_id;
  select s.status into v_status from public.subscriptions s where s.organization_id = p_organization_id and s.is_current;
  perform private.audit(p_organization_id, 'organization.plan_changed', 'organization', p_organization_id::text,
    jsonb_build_object('plan_id', v_was), jsonb_build_object('plan_id', p_plan_id),
    jsonb_build_object('reason', p_reason, 'subscription_status', v_status));
  perform private.publish_event(p_organization_id, 'subscription.updated',
    jsonb_build_object('plan', p_plan_id, 'previous_plan', v_was, 'status', v_status, 'reason', p_reason), p_organization_id::text);
  return true;
end;
$$;

revoke all on function private.set_plan(uuid, text, text) from public, anon, authenticated, service_role;
comment on function private.set_plan(uuid, text, text) is
  'Gives an organization another plan: limits, rates, retention and entitlements follow with the next statement that asks. Writes the audit log and tells webhooks (subscription.updated). False = it has that plan, or there is no such organization. What is over a limit of the new plan stays; nothing new is made.';
