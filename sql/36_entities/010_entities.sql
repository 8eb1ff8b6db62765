create table public.entities (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  flow_id uuid not null references public.flows (id) on delete cascade,
  type text not null check (length(type) between 1 and 64),
  name text not null check (length(name) between 1 and 200),
  external_key text check (length(external_key) between 1 and 255),
  data jsonb not null default '{}' check (jsonb_typeof(data) = 'object' and octet_length(data::text) <= 65536),
  node_id text check (length(node_id) between 1 and 64),
  entered_at timestamptz,
  run_id uuid,
  move_count integer not null default 0 check (move_count >= 0),
  created_by uuid references public.profiles (id) on delete set null,
  deleted_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null default private.now(),
  updated_at timestamptz not null default private.now(),
  constraint stands_since_then check ((node_id is null) = (entered_at is null))
) with (fillfactor = 80);
create unique index entities_external_key_idx on public.entities (flow_id, type, external_key)
  where external_key is not null and deleted_at is null;
create index entities_organization_id_idx on public.entities (organization_id, id);
create index entities_flow_id_idx on public.entities (flow_id, node_id);
create index entities_created_by_idx on public.entities (created_by);
-- What a step of a run looks for.
create index entities_run_id_idx on public.entities (run_id) where run_id is not null;
create trigger touch before update on public.entities for each row execute function private.touch();
-- Where it stands changes with every step of a run: that is entity_moves' to tell. What it holds may be about a person, and
-- goes when the entity is deleted: a log that never forgets must not know it.
create trigger audit after insert or delete or update of type, name, external_key, data, deleted_at on public.entities
  for each row execute function private.audit_row('organization_id', 'id', 'name,external_key,data,node_id,entered_at,run_id,move_count');
alter table public.entities enable row level security;
revoke all on table public.entities from public, anon, authenticated, service_role;
grant select on table public.entities to authenticated, service_role;

create policy members_see_entities on public.entities for select to authenticated
  using (
    deleted_at is null
    and organization_id = any ((select private.organizations_with('runs:read'))::uuid[])
    and exists (select 1 from public.flows f where f.id = entities.flow_id)
  );

comment on table public.entities is
  'Things that live on the canvas of a flow, such as a customer or a lead, and move over it with runs or by hand.';
comment on column public.entities.id is 'UUIDv7.';
comment on column public.entities.organization_id is 'The tenant.';
comment on column public.entities.flow_id is 'The flow on whose canvas it lives.';
comment on column public.entities.type is 'What it is, in the words of the tenant: customer, lead, order.';
comment on column public.entities.name is 'Name for people.';
comment on column public.entities.external_key is 'What it is called elsewhere; unique in its flow and type. Null = nothing.';
comment on column public.entities.data is 'What is known of it, at most 64 KiB.';
comment on column public.entities.node_id is 'The node at which it stands; null = nowhere yet. A node of the graph as it was when the entity came there.';
comment on column public.entities.entered_at is 'Since when it stands there; null = it stands nowhere.';
comment on column public.entities.run_id is 'The run that moves it, or moved it last; null = none has. A newer run takes it over.';
comment on column public.entities.move_count is 'Moves so far: the number of the last line of its journey.';
comment on column public.entities.created_by is 'Who made it; null = a webhook did, or the account is gone.';
comment on column public.entities.deleted_at is 'Null = in use; set = deleted: name, key and data are gone, and nobody sees it.';
comment on column public.entities.version is 'Raised by every change of the row, moves included; the ETag.';
comment on column public.entities.created_at is 'Made.';
comment on column public.entities.updated_at is 'Last change.';
