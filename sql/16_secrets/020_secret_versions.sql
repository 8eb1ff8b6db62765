create table private.secret_versions (
  secret_id uuid not null references public.secrets (id) on delete cascade,
  number integer not null check (number > 0),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  envelope bytea,
  key_id text not null,
  created_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default private.now(),
  destroyed_at timestamptz,
  primary key (secret_id, number),
  constraint destroyed_versions_hold_nothing check ((envelope is null) = (destroyed_at is not null)),
  constraint envelopes_are_whole check (
    envelope is null
    or (
      octet_length(envelope) >= 92 and octet_length(envelope) <= 70000
      and get_byte(envelope, 0) = 1
      and get_byte(envelope, 1) >= 1 and get_byte(envelope, 1) <= 32
      and octet_length(envelope) > 90 + get_byte(envelope, 1)
      and encode(substring(envelope from 3 for get_byte(envelope, 1)), 'escape') = key_id
    )
  )
);
create index secret_versions_key_id_idx on private.secret_versions (key_id, secret_id, number) where envelope is not null;
create index secret_versions_organization_id_idx on private.secret_versions (organization_id);
create index secret_versions_created_by_idx on private.secret_versions (created_by);
alter table private.secret_versions enable row level security;
revoke all on table private.secret_versions from public, anon, authenticated, service_role;

comment on table private.secret_versions is
  'Values of secrets, encrypted: docs/secrets.md has the format. Only engine.read_secrets, engine.redeem_secret_ticket and the rotation of master keys read them, for the functions.';
comment on column private.secret_versions.secret_id is 'The secret.';
comment on column private.secret_versions.number is '1, 2, 3 … within the secret.';
comment on column private.secret_versions.organization_id is 'The tenant, to which the ciphertext is bound.';
comment on column private.secret_versions.envelope is 'Version, id of the master key, wrapped data key, IV, ciphertext, tag. Null = destroyed.';
comment on column private.secret_versions.key_id is 'The master key that wraps the data key, as the envelope says.';
comment on column private.secret_versions.created_by is 'Who set it; null = the account is gone.';
comment on column private.secret_versions.created_at is 'Set.';
comment on column private.secret_versions.destroyed_at is 'When the value was thrown away for good; null = it can be restored.';
