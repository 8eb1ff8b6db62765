create function private.security_events_page(
  p_organization_id uuid,
  p_filter jsonb,
  p_limit integer,
  p_before uuid,
  p_after uuid,
  p_ascending boolean
) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_where text;
  v_page jsonb;
begin
  if p_filter ? 'ip' and not private.input_is_valid(p_filter ->> 'ip', 'inet') then
    perform private.fail('invalid_request', 'The filter ip must be an address or a network in CIDR form', 400);
  end if;
  -- The statement says only what is asked for: the plan goes along the ids and stops at the end of the page.
  select coalesce(string_agg(' and ' || c.condition, ''), '') into v_where
  from (values
    (p_organization_id is not null, 'o.organization_id = $1'),
    (p_before is not null, 'o.id < $4'),
    (p_after is not null, 'o.id > $5'),
    (p_filter ? 'kind', 'o.kind = $2 ->> ''kind'''),
    (p_filter ? 'user_id', 'o.user_id = ($2 ->> ''user_id'')::uuid'),
    (p_filter ? 'key_id', 'o.key_id = ($2 ->> ''key_id'')::uuid'),
    (p_filter ? 'ip', 'o.ip <<= ($2 ->> ''ip'')::inet'),
    (p_filter ? 'after', 'o.at >= ($2 ->> ''after'')::timestamptz'),
    (p_filter ? 'before', 'o.at < ($2 ->> ''before'')::timestamptz')
  ) as c (is_asked, condition)
  where c.is_asked;
  execute format(
    'select coalesce(jsonb_agg(to_jsonb(e) || jsonb_build_object(''ip'', host(e.ip)) order by e.id %1$s), ''[]'')
     from (select * from private.security_events o where true %2$s order by o.id %1$s limit $3) e',
    case when p_ascending then 'asc' else 'desc' end, v_where
  ) into v_page using p_organization_id, p_filter, least(greatest(p_limit, 1), 101), p_before, p_after;
  return v_page;
end;
$$;

revoke all on function private.security_events_page(uuid, jsonb, integer, uuid, uuid, boolean) from public, anon, authenticated, service_role;
comment on function private.security_events_page(uuid, jsonb, integer, uuid, uuid, boolean) is
  'A page of security events, by id; p_filter: {kind, user_id, key_id, ip (address or network), after, before}.';

create function public.list_security_events(
  p_organization_id uuid,
  p_filter jsonb default '{}',
  p_limit integer default 51,
  p_before uuid default null,
  p_after uuid default null,
  p_ascending boolean default false
) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  perform private.require_permission(p_organization_id, 'audit:read', 'organization');
  return private.security_events_page(p_organization_id, p_filter, p_limit, p_before, p_after, p_ascending);
end;
$$;

revoke all on function public.list_security_events(uuid, jsonb, integer, uuid, uuid, boolean) from public, anon, authenticated, service_role;
grant execute on function public.list_security_events(uuid, jsonb, integer, uuid, uuid, boolean) to authenticated;
comment on function public.list_security_events(uuid, jsonb, integer, uuid, uuid, boolean) is
  'Security events of the organization, newest first or, p_ascending, oldest first; needs audit:read. p_filter: {kind, user_id, key_id, ip, after, before}; p_before = only events older than this one, p_after = only newer ones.';

create function engine.list_security_events(
  p_organization_id uuid default null,
  p_filter jsonb default '{}',
  p_limit integer default 51,
  p_before uuid default null,
  p_after uuid default null,
  p_ascending boolean default false
) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return private.security_events_page(p_organization_id, p_filter, p_limit, p_before, p_after, p_ascending);
end;
$$;

revoke all on function engine.list_security_events(uuid, jsonb, integer, uuid, uuid, boolean) from public, anon, authenticated, service_role;
grant execute on function engine.list_security_events(uuid, jsonb, integer, uuid, uuid, boolean) to service_role;
comment on function engine.list_security_events(uuid, jsonb, integer, uuid, uuid, boolean) is
  'Security events of all organizations and of nobody''s, or of one organization: see public.list_security_events.';
