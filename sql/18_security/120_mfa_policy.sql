create function public.set_mfa_policy(p_organization_id uuid, p_policy text, p_if_version integer default null) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_row public.organizations;
begin
  perform private.require_person();
  perform private.lock_organization(p_organization_id, 'org:own', p_if_version);
  if coalesce(p_policy, '') not in ('off', 'sensitive', 'always') then
    perform private.fail('invalid_request', 'The policy is off, sensitive or always', 400);
  end if;
  -- Whoever demands it of others shows it first: nobody locks themselves out.
  if p_policy <> 'off' and coalesce(auth.jwt() ->> 'aal', 'aal1') <> 'aal2' then
    perform private.fail('mfa_required', 'Show your own second factor in this session before you demand one of everybody', 403,
      jsonb_build_array(jsonb_build_object('path', 'headers.authorization',
        'code', case when private.has_second_factor(auth.uid()) then 'aal2' else 'enroll' end,
        'message', 'The session must be aal2')));
  end if;
  update public.organizations o set require_mfa = p_policy
  where o.id = p_organization_id and o.require_mfa <> p_policy;
  select * into v_row from public.organizations o where o.id = p_organization_id;
  return jsonb_build_object('organization_id', v_row.id, 'require_mfa', v_row.require_mfa, 'version', v_row.version);
end;
$$;

revoke all on function public.set_mfa_policy(uuid, text, integer) from public, anon, authenticated, service_role;
grant execute on function public.set_mfa_policy(uuid, text, integer) to authenticated;
comment on function public.set_mfa_policy(uuid, text, integer) is
  'Says when members need a second factor (organizations.require_mfa). Needs org:own, and for more than off a session with aal2. Answers {organization_id, require_mfa, version}.';

create function public.get_second_factor(p_organization_id uuid default null) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_person();
begin
  if p_organization_id is not null and not exists (
    select 1 from public.organization_members m where m.organization_id = p_organization_id and m.user_id = v_user_id
  ) then
    perform private.fail('not_found', 'No such organization', 404);
  end if;
  return jsonb_build_object(
    'aal', coalesce(auth.jwt() ->> 'aal', 'aal1'),
    'factors', (
      select coalesce(jsonb_agg(jsonb_build_object('id', f.id, 'type', f.factor_type, 'name', f.friendly_name) order by f.created_at), '[]')
      from auth.mfa_factors f where f.user_id = v_user_id and f.status = 'verified'
    ),
    'policy', coalesce((
      select o.require_mfa from public.organizations o where o.id = p_organization_id
    ), 'off'),
    'required', private.must_show_factor(p_organization_id)
  );
end;
$$;

revoke all on function public.get_second_factor(uuid) from public, anon, authenticated, service_role;
grant execute on function public.get_second_factor(uuid) to authenticated;
comment on function public.get_second_factor(uuid) is
  'What the caller''s second factor is at: {aal of this session, factors [{id, type, name}] that are verified, policy of the organization, required = sensitive operations are refused until it is shown}.';
