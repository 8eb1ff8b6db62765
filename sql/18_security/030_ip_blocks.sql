create table private.ip_blocks (
  id uuid primary key default private.uuid_v7(),
  network cidr not null unique,
  reason text not null check (length(reason) between 1 and 500),
  blocked_until timestamptz,
  is_automatic boolean not null default false,
  created_by text not null check (length(created_by) between 1 and 200),
  created_at timestamptz not null default private.now()
);
create index ip_blocks_network_idx on private.ip_blocks using gist (network inet_ops);
create index ip_blocks_blocked_until_idx on private.ip_blocks (blocked_until);
alter table private.ip_blocks enable row level security;
revoke all on table private.ip_blocks from public, anon, authenticated, service_role;

comment on table private.ip_blocks is 'Networks from which no request is taken.';
comment on column private.ip_blocks.id is 'UUIDv7.';
comment on column private.ip_blocks.network is 'The network; a single address is a network too.';
comment on column private.ip_blocks.reason is 'Why, for people.';
comment on column private.ip_blocks.blocked_until is 'Until when; null = until it is lifted.';
comment on column private.ip_blocks.is_automatic is 'True = too many refused credentials came from there.';
comment on column private.ip_blocks.created_by is 'Which operator: the name of the secret key; system = automatic.';
comment on column private.ip_blocks.created_at is 'When it began, or was last set.';

create function private.ip_block_until(p_ip inet) returns timestamptz
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select max(coalesce(b.blocked_until, 'infinity')) from private.ip_blocks b
    where b.network >>= p_ip and (b.blocked_until is null or b.blocked_until > private.now())
  );
end;
$$;

revoke all on function private.ip_block_until(inet) from public, anon, authenticated, service_role;
comment on function private.ip_block_until(inet) is 'Until when no request is taken from the address; infinity = until it is lifted; null = it is not blocked.';

create function private.require_open_ip(p_ip inet) returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  if private.ip_block_until(p_ip) is not null then
    perform private.fail('ip_blocked', 'No requests are taken from this address', 403);
  end if;
end;
$$;

revoke all on function private.require_open_ip(inet) from public, anon, authenticated, service_role;
comment on function private.require_open_ip(inet) is 'Raises 403 ip_blocked for an address in a blocked network; null, an unknown address, passes.';

create function private.ip_network(p_ip inet) returns cidr
language plpgsql
immutable
set search_path = ''
as $$
begin
  -- Whoever has one address of IPv6 has a whole /64 of them.
  return network(set_masklen(p_ip, case when family(p_ip) = 6 then 64 else 32 end));
end;
$$;

revoke all on function private.ip_network(inet) from public, anon, authenticated, service_role;
comment on function private.ip_network(inet) is 'The network that counts as one client: an address of IPv4, a /64 of IPv6.';

create function private.ip_bucket(p_ip inet) returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  return replace(host(private.ip_network(p_ip)), ':', '_');
end;
$$;

revoke all on function private.ip_bucket(inet) from public, anon, authenticated, service_role;
comment on function private.ip_bucket(inet) is 'The client''s name in keys of private.rate_limits: its network, with _ for each colon.';

create function private.ip_is_ours(p_network inet) returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_ours inet[] := array[
    '127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', '100.64.0.0/10', '0.0.0.0/8',
    '::1/128', 'fc00::/7', 'fe80::/10', '::ffff:0:0/96'
  ]::inet[];
begin
  select v_ours || coalesce(array_agg(t.text::inet), '{}') into v_ours
  from regexp_split_to_table(coalesce(private.setting('ip_never_block'), ''), '[\s,]+') as t (text)
  where private.input_is_valid(t.text, 'inet');
  return exists (select 1 from unnest(v_ours) as o (network) where o.network && p_network);
end;
$$;

revoke all on function private.ip_is_ours(inet) from public, anon, authenticated, service_role;
comment on function private.ip_is_ours(inet) is
  'Whether a network meets addresses that are never blocked: private, loopback and link-local ones, where the platform''s own proxies are, and those of the setting ip_never_block.';
