create table private.api_pins (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  key_id uuid references public.api_keys (id) on delete cascade,
  version date not null,
  pinned_at timestamptz not null default private.now(),
  unique nulls not distinct (organization_id, key_id)
);
create index api_pins_key_id_idx on private.api_pins (key_id);
alter table private.api_pins enable row level security;
revoke all on table private.api_pins from public, anon, authenticated, service_role;

comment on table private.api_pins is
  'The version of the API that requests mean when they name none: of a key, else of its organization. No row = the latest.';
comment on column private.api_pins.organization_id is 'The organization.';
comment on column private.api_pins.key_id is 'The key; null = every caller of the organization whose key has no row of its own.';
comment on column private.api_pins.version is 'The version, a date of the change log.';
comment on column private.api_pins.pinned_at is 'When it was said.';

create function private.api_version_of(p_organization_id uuid, p_key_id uuid default null) returns date
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select p.version from private.api_pins p
    where p.organization_id = p_organization_id and (p.key_id is null or p.key_id = p_key_id)
    order by p.key_id nulls last limit 1
  );
end;
$$;

revoke all on function private.api_version_of(uuid, uuid) from public, anon, authenticated, service_role;
comment on function private.api_version_of(uuid, uuid) is
  'The version of the API that a key, or else its organization, is pinned to; null = none. For the gate.';

create function public.pin_api_version(p_organization_id uuid, p_version date default null, p_key_id uuid default null) returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.require_permission(p_organization_id, 'org:write', 'organization');
  if p_key_id is not null and not exists (
    select 1 from public.api_keys k where k.id = p_key_id and k.organization_id = p_organization_id
  ) then
    perform private.fail('not_found', 'No such key', 404);
  end if;
  delete from private.api_pins p
  where p.organization_id = p_organization_id and p.key_id is not distinct from p_key_id;
  if p_version is not null then
    insert into private.api_pins (organization_id, key_id, version) values (p_organization_id, p_key_id, p_version);
  end if;
  perform private.audit(
    p_organization_id, 'api_version.pinned', case when p_key_id is null then 'organization' else 'key' end,
    coalesce(p_key_id, p_organization_id)::text, null, jsonb_build_object('version', p_version)
  );
end;
$$;

revoke all on function public.pin_api_version(uuid, date, uuid) from public, anon, authenticated, service_role;
grant execute on function public.pin_api_version(uuid, date, uuid) to authenticated;
comment on function public.pin_api_version(uuid, date, uuid) is
  'Pins an organization, or one of its keys, to a version of the API; null takes the pin away. Which versions there are is known to the functions. Needs org:write.';
