create table private.webhook_subscription_secrets (
  subscription_id uuid not null references public.webhook_subscriptions (id) on delete cascade,
  kind text not null check (kind in ('signing', 'headers')),
  number integer not null check (number > 0),
  organization_id uuid not null,
  envelope bytea not null check (octet_length(envelope) >= 92 and octet_length(envelope) <= 70000),
  key_id text not null,
  last_four text check (length(last_four) = 4),
  expires_at timestamptz,
  created_at timestamptz not null default private.now(),
  primary key (subscription_id, kind, number),
  constraint signing_secrets_show_their_end check ((kind = 'signing') = (last_four is not null))
);
create index webhook_subscription_secrets_key_id_idx on private.webhook_subscription_secrets (key_id, subscription_id, kind, number);
alter table private.webhook_subscription_secrets enable row level security;
revoke all on table private.webhook_subscription_secrets from public, anon, authenticated, service_role;

comment on table private.webhook_subscription_secrets is
  'What deliveries are signed with, and the values of headers of the tenant''s own, encrypted as docs/secrets.md has it.';
comment on column private.webhook_subscription_secrets.subscription_id is 'The subscription.';
comment on column private.webhook_subscription_secrets.kind is 'signing = a secret of Standard Webhooks; headers = a JSON object, name to value.';
comment on column private.webhook_subscription_secrets.number is '1, 2, 3 … within the subscription and kind; part of what the ciphertext is bound to.';
comment on column private.webhook_subscription_secrets.organization_id is 'The tenant, to which the ciphertext is bound.';
comment on column private.webhook_subscription_secrets.envelope is 'Version, id of the master key, wrapped data key, IV, ciphertext, tag.';
comment on column private.webhook_subscription_secrets.key_id is 'The master key that wraps the data key, as the envelope says.';
comment on column private.webhook_subscription_secrets.last_four is 'How a signing secret ends; null = headers.';
comment on column private.webhook_subscription_secrets.expires_at is 'Null = the current one; set = deliveries are signed with it too until then.';
comment on column private.webhook_subscription_secrets.created_at is 'Made.';
