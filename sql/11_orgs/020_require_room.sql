create function private.used_of(p_organization_id uuid, p_limit text) returns bigint
language plpgsql
stable
set search_path = ''
as $$
begin
  case p_limit
    when 'max_members' then
      return (select count(*) from public.organization_members m where m.organization_id = p_organization_id)
        + (select count(*) from public.invitations i
           where i.organization_id = p_organization_id and i.status = 'open' and i.expires_at > private.now());
    when 'max_workspaces' then
      return (select count(*) from public.workspaces w where w.organization_id = p_organization_id);
    when 'max_flows' then
      return (select count(*) from public.flows f where f.organization_id = p_organization_id and f.deleted_at is null);
    when 'max_webhook_endpoints' then
      return (select count(*) from public.webhook_endpoints e where e.organization_id = p_organization_id);
    when 'max_schedules' then
      return (select count(*) from public.schedules s where s.organization_id = p_organization_id);
    when 'max_api_keys' then
      return (select count(*) from public.api_keys k
        where k.organization_id = p_organization_id and k.revoked_at is null
          and (k.expires_at is null or k.expires_at > private.now()));
    when 'max_secrets' then
      return (select count(*) from public.secrets s where s.organization_id = p_organization_id);
    when 'max_webhook_subscriptions' then
      return (select count(*) from public.webhook_subscriptions s where s.organization_id = p_organization_id);
    else
      raise 'There is no limit %', p_limit;
  end case;
end;
$$;

revoke all on function private.used_of(uuid, text) from public, anon, authenticated, service_role;
comment on function private.used_of(uuid, text) is
  'How much of a limit of its plan, named as the column of public.plans, an organization uses now. Open invitations take seats (max_members) until they expire.';

create function private.require_room(p_organization_id uuid, p_limit text, p_more integer default 1) returns public.plans
language plpgsql
set search_path = ''
as $$
declare
  v_plan public.plans;
  v_allowed bigint;
begin
  -- The lock makes the count exact: the next one here waits for our commit and then counts what we made. No key update, so
  -- that nobody waits whose row only refers to the organization.
  perform from public.organizations o where o.id = p_organization_id for no key update;
  -- Statements of their own, so that they see what was committed while we waited: another plan, and what others made.
  select p.* into strict v_plan from public.organizations o join public.plans p on p.id = o.plan_id
  where o.id = p_organization_id;
  v_allowed := (to_jsonb(v_plan) ->> p_limit)::bigint;
  if private.used_of(p_organization_id, p_limit) + p_more > v_allowed then
    perform private.fail('plan_limit_reached', format('The plan %s allows %s %s', v_plan.id, v_allowed,
      case p_limit
        when 'max_members' then 'members and open invitations'
        else replace(replace(substr(p_limit, 5), 'api_', 'API '), '_', ' ')
      end), 402);
  end if;
  return v_plan;
end;
$$;

revoke all on function private.require_room(uuid, text, integer) from public, anon, authenticated, service_role;
comment on function private.require_room(uuid, text, integer) is
  'Locks the organization and raises 402 plan_limit_reached unless so many more fit under a limit of its plan, named as the column of public.plans (null = no limit). Call it directly before the insert, in the same transaction: parallel creations pass one by one. Answers the plan.';
