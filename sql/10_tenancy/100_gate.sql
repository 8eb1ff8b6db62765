create function public.gate(
  p_route text default 'default',
  p_organization_id uuid default null,
  p_operation text default null,
  p_cached text default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_person();
  v_organization_id uuid := p_organization_id;
  v_row record;
  v_mfa boolean;
begin
  perform private.require_open_ip(private.client_ip());
  if coalesce(p_route, '') not in ('default', 'read', 'write', 'run') then
    perform private.fail('invalid_request', 'Unknown route class', 400);
  end if;

  -- The default organization must exist before it can be found; a person who has one is told so by the index alone.
  if v_organization_id is null then
    v_organization_id := private.ensure_tenant(v_user_id);
  end if;

  select o.id, o.suspended_at, o.deletes_at, o.require_mfa, m.role, p as plan,
    (select coalesce(array_agg(rp.permission order by rp.permission), '{}')
     from private.role_permissions rp
     where rp.role = m.role
       -- One that is to be deleted can be read, and its deletion be cancelled.
       and (o.deletes_at is null or rp.permission like '%:read' or rp.permission = 'org:own')) as permissions
  into v_row
  from public.organization_members m
  join public.organizations o on o.id = m.organization_id
  join public.plans p on p.id = o.plan_id
  where m.organization_id = v_organization_id and m.user_id = v_user_id;
  if not found then
    perform private.fail('not_found', 'No such organization', 404);
  end if;
  v_mfa := private.must_show_factor(v_row.id);

  return jsonb_build_object(
    'user_id', v_user_id,
    'key', null,
    'organization_id', v_row.id,
    'role', v_row.role,
    'permissions', case when v_row.suspended_at is null and not (v_mfa and v_row.require_mfa = 'always')
      then to_jsonb(v_row.permissions) else '["org:read"]'::jsonb end,
    'suspended', v_row.suspended_at is not null,
    'mfa', v_mfa,
    'mfa_always', v_mfa and v_row.require_mfa = 'always',
    'plan', (v_row.plan).id,
    'limits', to_jsonb(v_row.plan) - '{id,name,retention_days,archives_runs}'::text[],
    'flags', private.flags_of(v_row.id),
    'api_version', private.api_version_of(v_row.id),
    'generation', case when p_cached is not null then private.generation_of(v_row.id, p_cached) end,
    'rate', private.take_request_tokens(
      private.request_buckets('user:' || v_user_id, v_row.id, v_row.plan, p_route, p_operation)
    )
  );
end;
$$;

revoke all on function public.gate(text, uuid, text, text) from public, anon, authenticated, service_role;
grant execute on function public.gate(text, uuid, text, text) to authenticated;
comment on function public.gate(text, uuid, text, text) is
  'The one call before the business call: who the caller is in which organization (null = the first), what the role may do, the plan''s limits, and one token of each rate limit that the request falls under: the person''s for the route class (default, read, write, run), the organization''s, and that of p_operation where it has one. p_cached = the kind of things that the route keeps replies of: then also their generation, see private.generations. A person''s first call makes profile, organization and workspace.';
