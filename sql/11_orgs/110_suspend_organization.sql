create function engine.suspend_organization(
  p_organization_id uuid,
  p_reason text default null,
  p_if_version integer default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_organization public.organizations;
begin
  if length(p_reason) not between 1 and 500 then
    perform private.fail('invalid_request', 'A reason has 1 to 500 characters', 400);
  end if;
  select * into v_organization from public.organizations o where o.id = p_organization_id for no key update;
  if not found then
    perform private.fail('not_found', 'No such organization', 404);
  end if;
  if p_if_version is not null and v_organization.version <> p_if_version then
    perform private.fail('version_mismatch',
      format('The organization has version %s, not %s', v_organization.version, p_if_version), 412);
  end if;
  update public.organizations o set suspended_at = coalesce(o.suspended_at, private.now()), suspended_reason = p_reason
  where o.id = p_organization_id and (o.suspended_at is null or o.suspended_reason is distinct from p_reason);
  return private.organization_reply(p_organization_id) - 'role';
end;
$$;

revoke all on function engine.suspend_organization(uuid, text, integer) from public, anon, authenticated, service_role;
grant execute on function engine.suspend_organization(uuid, text, integer) to service_role;
comment on function engine.suspend_organization(uuid, text, integer) is
  'Suspends an organization: its members see that it exists and why, nothing else; no run starts; those under way go on to their end. Again = another reason. Answers the organization.';

create function engine.resume_organization(p_organization_id uuid, p_if_version integer default null) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_organization public.organizations;
begin
  select * into v_organization from public.organizations o where o.id = p_organization_id for no key update;
  if not found then
    perform private.fail('not_found', 'No such organization', 404);
  end if;
  if p_if_version is not null and v_organization.version <> p_if_version then
    perform private.fail('version_mismatch',
      format('The organization has version %s, not %s', v_organization.version, p_if_version), 412);
  end if;
  update public.organizations o set suspended_at = null, suspended_reason = null
  where o.id = p_organization_id and o.suspended_at is not null;
  return private.organization_reply(p_organization_id) - 'role';
end;
$$;

revoke all on function engine.resume_organization(uuid, integer) from public, anon, authenticated, service_role;
grant execute on function engine.resume_organization(uuid, integer) to service_role;
comment on function engine.resume_organization(uuid, integer) is
  'Ends a suspension; nothing to do = nothing done. A deletion that was asked for stays. Answers the organization.';
