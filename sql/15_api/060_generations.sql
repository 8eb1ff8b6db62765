create table private.generations (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null,
  kind text not null check (kind in ('flows', 'organization')),
  generation bigint not null
) with (fillfactor = 70);
create index generations_organization_id_idx on private.generations (organization_id, kind);
alter table private.generations enable row level security;
revoke all on table private.generations from public, anon, authenticated, service_role;

comment on table private.generations is
  'What replies that are kept in memory are known by: another number with every change of an organization''s things of a kind, in the transaction of the change. Several rows a kind: a transaction takes one that nobody holds, so that writers never wait for each other here. No foreign key to organizations on purpose: what goes along with one changes generations.';
comment on column private.generations.id is 'Random.';
comment on column private.generations.organization_id is 'The tenant.';
comment on column private.generations.kind is
  'flows = flows and their versions; organization = the organization, its members, their profiles, its workspaces.';
comment on column private.generations.generation is
  'Random, and another one with every change. No count: a database that was restored would come to the same count by other changes.';

create function private.generation_of(p_organization_id uuid, p_kind text) returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select coalesce(to_hex(bit_xor(g.generation)), '0') from private.generations g
    where g.organization_id = p_organization_id and g.kind = p_kind
  );
end;
$$;

revoke all on function private.generation_of(uuid, text) from public, anon, authenticated, service_role;
comment on function private.generation_of(uuid, text) is
  'The generation of an organization''s things of a kind, as text that means nothing but by being equal: whoever sees the same one twice has seen no change between. 0 = never changed since there are generations. For the gate.';
