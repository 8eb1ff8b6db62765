create table public.webhook_endpoints (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  flow_id uuid not null references public.flows (id) on delete cascade,
  trigger_node text check (length(trigger_node) between 1 and 64),
  name text not null check (length(name) between 1 and 200),
  provider text not null check (provider in ('stripe', 'typeform', 'calendly', 'standard_webhooks', 'github', 'slack', 'shopify', 'custom')),
  config jsonb not null default '{}' check (jsonb_typeof(config) = 'object'),
  slug text not null unique check (slug ~ '^[A-Za-z0-9_-]{16,64}$'),
  signature_required boolean not null default true,
  is_active boolean not null default true,
  rejected_count bigint not null default 0,
  last_rejected_at timestamptz,
  last_rejection text,
  created_by uuid references public.profiles (id) on delete set null,
  version integer not null default 1,
  created_at timestamptz not null default private.now(),
  updated_at timestamptz not null default private.now(),
  mapping jsonb check (jsonb_typeof(mapping) = 'object' and octet_length(mapping::text) <= 8192),
  wait_seconds smallint not null default 0 check (wait_seconds between 0 and 60)
) with (fillfactor = 80);
create index webhook_endpoints_organization_id_idx on public.webhook_endpoints (organization_id, id);
create index webhook_endpoints_flow_id_idx on public.webhook_endpoints (flow_id);
create index webhook_endpoints_created_by_idx on public.webhook_endpoints (created_by);
create trigger touch before update of name, config, flow_id, trigger_node, signature_required, is_active, mapping, wait_seconds on public.webhook_endpoints
  for each row execute function private.touch();
create trigger audit after insert or delete or update of name, provider, config, slug, flow_id, trigger_node, signature_required,
  is_active, mapping, wait_seconds on public.webhook_endpoints
  for each row execute function private.audit_row('organization_id', 'id', 'slug');
alter table public.webhook_endpoints enable row level security;
revoke all on table public.webhook_endpoints from public, anon, authenticated, service_role;
grant select on table public.webhook_endpoints to authenticated, service_role;

create policy members_see_webhook_endpoints on public.webhook_endpoints for select to authenticated
  using (organization_id = any ((select private.organizations_with('webhooks:read'))::uuid[]));

comment on table public.webhook_endpoints is 'Addresses at which other services start flows.';
comment on column public.webhook_endpoints.id is 'UUIDv7.';
comment on column public.webhook_endpoints.organization_id is 'The tenant.';
comment on column public.webhook_endpoints.flow_id is 'The flow that an event starts.';
comment on column public.webhook_endpoints.trigger_node is 'Id of the trigger node to start at; null = the first trigger.webhook.';
comment on column public.webhook_endpoints.name is 'Name for people.';
comment on column public.webhook_endpoints.provider is 'Who sends, by which adapter of shared/webhooks: stripe, typeform, calendly, standard_webhooks, github, slack, shopify, or custom (an HMAC described in config).';
comment on column public.webhook_endpoints.config is 'Settings of the adapter, see shared/webhooks.';
comment on column public.webhook_endpoints.slug is 'Last part of the public address; random, so that it can not be guessed.';
comment on column public.webhook_endpoints.signature_required is 'False = anyone who knows the address can start the flow.';
comment on column public.webhook_endpoints.is_active is 'False = deliveries are answered with 404, but for those to the test address.';
comment on column public.webhook_endpoints.rejected_count is 'Deliveries refused for their signature.';
comment on column public.webhook_endpoints.last_rejected_at is 'When the last of them came; null = none.';
comment on column public.webhook_endpoints.last_rejection is 'Why it was refused.';
comment on column public.webhook_endpoints.created_by is 'Who made it; null = the account is gone.';
comment on column public.webhook_endpoints.version is 'Raised by every change of the settings; the ETag.';
comment on column public.webhook_endpoints.created_at is 'Made.';
comment on column public.webhook_endpoints.updated_at is 'Last change of the settings.';
comment on column public.webhook_endpoints.mapping is '{entity: {type, key, name, data}, input}: what to make of an event, with expressions over trigger; see docs/entities.md. Null = the run gets the event as it came, and no entity.';
comment on column public.webhook_endpoints.wait_seconds is 'How long a delivery waits for the end of its run, to be answered with what it gave; 0 = answered as soon as it is kept.';

create table private.webhook_secrets (
  id uuid primary key default private.uuid_v7(),
  endpoint_id uuid not null references public.webhook_endpoints (id) on delete cascade,
  secret text check (length(secret) between 8 and 512),
  expires_at timestamptz,
  created_at timestamptz not null default private.now(),
  envelope bytea,
  key_id text,
  last_four text check (length(last_four) <= 4),
  constraint sealed_or_waiting_for_it check (
    case when envelope is null then secret is not null and key_id is null
      else secret is null and key_id is not null and last_four is not null end
  ),
  constraint envelopes_are_whole check (
    envelope is null
    or (
      octet_length(envelope) >= 92 and octet_length(envelope) <= 4096
      and get_byte(envelope, 0) = 1
      and get_byte(envelope, 1) >= 1 and get_byte(envelope, 1) <= 32
      and octet_length(envelope) > 90 + get_byte(envelope, 1)
      and encode(substring(envelope from 3 for get_byte(envelope, 1)), 'escape') = key_id
    )
  )
);
create index webhook_secrets_endpoint_id_idx on private.webhook_secrets (endpoint_id);
create index webhook_secrets_key_id_idx on private.webhook_secrets (key_id, id) where envelope is not null;
create index webhook_secrets_plain_idx on private.webhook_secrets (id) where secret is not null;
alter table private.webhook_secrets enable row level security;
revoke all on table private.webhook_secrets from public, anon, authenticated, service_role;

comment on table private.webhook_secrets is 'Signing secrets of endpoints: the current one, and after a rotation the one before it for a while.';
comment on column private.webhook_secrets.id is 'UUIDv7.';
comment on column private.webhook_secrets.endpoint_id is 'The endpoint.';
comment on column private.webhook_secrets.secret is 'The secret as the provider shows it, until it is sealed (envelope); null = it is. It stays here where there are no master keys.';
comment on column private.webhook_secrets.expires_at is 'Null = the current one; set = good until then.';
comment on column private.webhook_secrets.created_at is 'Made.';
comment on column private.webhook_secrets.envelope is 'The secret, encrypted as docs/secrets.md says, bound to this row and its organization. Null = not sealed yet.';
comment on column private.webhook_secrets.key_id is 'The master key that wraps its data key, as the envelope says.';
comment on column private.webhook_secrets.last_four is 'The last four characters, by which people tell secrets apart; null = those of secret.';
