create function private.security_events_page(
  p_organization_id uuid,
  p_filter jsonb,
  p_limit integer,
  p_before uuid
) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_filter ? 'ip' and not pg_input_is_valid(p_filter ->> 'ip', 'inet') then
    perform private.fail('invalid_request', 'The filter ip must be an address or a network in CIDR form', 400);
  end if;
  return (
    select coalesce(jsonb_agg(to_jsonb(e) || jsonb_build_object('ip', host(e.ip)) order by e.id desc), '[]')
    from (
      select * from private.security_events o
      where (p_organization_id is null or o.organization_id = p_organization_id)
        and (p_before is null or o.id < p_before)
        and (not p_filter ? 'kind' or o.kind = p_filter ->> 'kind')
        and (not p_filter ? 'user_id' or o.user_id = (p_filter ->> 'user_id')::uuid)
        and (not p_filter ? 'key_id' or o.key_id = (p_filter ->> 'key_id')::uuid)
        and (not p_filter ? 'ip' or o.ip <<= (p_filter ->> 'ip')::inet)
        and (not p_filter ? 'after' or o.at >= (p_filter ->> 'after')::timestamptz)
        and (not p_filter ? 'before' or o.at < (p_filter ->> 'before')::timestamptz)
      order by o.id desc limit least(greatest(p_limit, 1), 101)
    ) e
  );
end;
$$;

revoke all on function private.security_events_page(uuid, jsonb, integer, uuid) from public, anon, authenticated, service_role;
comment on function private.security_events_page(uuid, jsonb, integer, uuid) is
  'A page of security events, newest first; p_filter: {kind, user_id, key_id, ip (address or network), after, before}.';

create function public.list_security_events(
  p_organization_id uuid,
  p_filter jsonb default '{}',
  p_limit integer default 51,
  p_before uuid default null
) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  perform private.require_permission(p_organization_id, 'audit:read', 'organization');
  return private.security_events_page(p_organization_id, p_filter, p_limit, p_before);
end;
$$;

revoke all on function public.list_security_events(uuid, jsonb, integer, uuid) from public, anon, authenticated, service_role;
grant execute on function public.list_security_events(uuid, jsonb, integer, uuid) to authenticated;
comment on function public.list_security_events(uuid, jsonb, integer, uuid) is
  'Security events of the organization, newest first; needs audit:read. p_filter: {kind, user_id, key_id, ip, after, before}; p_before = only events older than this one.';

create function engine.list_security_events(
  p_organization_id uuid default null,
  p_filter jsonb default '{}',
  p_limit integer default 51,
  p_before uuid default null
) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return private.security_events_page(p_organization_id, p_filter, p_limit, p_before);
end;
$$;

revoke all on function engine.list_security_events(uuid, jsonb, integer, uuid) from public, anon, authenticated, service_role;
grant execute on function engine.list_security_events(uuid, jsonb, integer, uuid) to service_role;
comment on function engine.list_security_events(uuid, jsonb, integer, uuid) is
  'Security events of all organizations and of nobody''s, or of one organization: see public.list_security_events.';
