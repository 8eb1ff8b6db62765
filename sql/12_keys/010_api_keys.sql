create table public.api_keys (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  name text not null check (length(name) between 1 and 200),
  mode text not null check (mode in ('live', 'test')),
  prefix text not null,
  last_four text not null check (last_four ~ '^[0-9A-Za-z]{4}$'),
  scopes text[] not null,
  ip_allow text[] not null default '{}',
  requests_per_minute integer check (requests_per_minute between 1 and 1000000),
  request_burst integer check (request_burst between 1 and 1000000),
  expires_at timestamptz,
  revoked_at timestamptz,
  rotated_from uuid references public.api_keys (id) on delete set null,
  rotated_at timestamptz,
  last_used_at timestamptz,
  created_by uuid references public.profiles (id) on delete set null,
  version integer not null default 1,
  created_at timestamptz not null default private.now(),
  updated_at timestamptz not null default private.now(),
  constraint prefix_names_the_mode check (prefix ~ ('^mr_' || mode || '_[0-9A-Za-z]{4}$')),
  constraint networks_are_networks check (cardinality(ip_allow) <= 100 and array_position(ip_allow::cidr[], null) is null),
  constraint scopes_are_not_for_people_only check (
    cardinality(scopes) >= 1 and cardinality(scopes) <= 100 and array_position(scopes, null) is null
    and not scopes && array['org:own', 'members:write', 'keys:write', 'billing:write']
  )
) with (fillfactor = 90);
create index api_keys_organization_id_idx on public.api_keys (organization_id, id);
create index api_keys_created_by_idx on public.api_keys (created_by);
create unique index api_keys_rotated_from_idx on public.api_keys (rotated_from);
-- Not for last_used_at: that a key was used is no change of the key.
create trigger touch before update of
  name, scopes, ip_allow, requests_per_minute, request_burst, expires_at, revoked_at, rotated_at on public.api_keys
  for each row execute function private.touch();
alter table public.api_keys enable row level security;
revoke all on table public.api_keys from public, anon, authenticated, service_role;
grant select on table public.api_keys to authenticated, service_role;

create policy members_see_api_keys on public.api_keys for select to authenticated
  using (organization_id = any ((select private.organizations_with('keys:read'))::uuid[]));

comment on table public.api_keys is 'API keys of organizations, without what they are made of. A key that was rotated stays, and the new one names it.';
comment on column public.api_keys.id is 'UUIDv7. The subject of the tokens that requests with the key act by.';
comment on column public.api_keys.organization_id is 'The tenant, the only one that the key reaches.';
comment on column public.api_keys.name is 'Name for people.';
comment on column public.api_keys.mode is 'live or test: which of its own systems the holder uses it in. Both reach the same data.';
comment on column public.api_keys.prefix is 'How the key begins: mr_<mode>_ and four characters.';
comment on column public.api_keys.last_four is 'How it ends: the last four characters of its checksum.';
comment on column public.api_keys.scopes is 'The permissions that it holds, of those in private.role_permissions.';
comment on column public.api_keys.ip_allow is 'Addresses and networks that it may be used from, as in 203.0.113.7/32. Empty = any.';
comment on column public.api_keys.requests_per_minute is 'Requests a minute and route class. Null = what the plan allows, which is never exceeded.';
comment on column public.api_keys.request_burst is 'How many of those may come at once. Null = what the plan allows.';
comment on column public.api_keys.expires_at is 'From when it opens nothing. Null = never; after a rotation the end of the overlap.';
comment on column public.api_keys.revoked_at is 'Null = in force; set = revoked, for good.';
comment on column public.api_keys.rotated_from is 'The key that this one takes the place of. Null = none.';
comment on column public.api_keys.rotated_at is 'When another key took its place. Null = none has.';
comment on column public.api_keys.last_used_at is 'The last request, to within a minute. Null = never used.';
comment on column public.api_keys.created_by is 'Who made it; what the key makes counts as made by them. Null = the account is gone.';
comment on column public.api_keys.version is 'Raised by every change; the ETag.';
comment on column public.api_keys.created_at is 'Made.';
comment on column public.api_keys.updated_at is 'Last change; use is none.';
