create table private.api_key_hashes (
  secret_hash bytea primary key check (octet_length(secret_hash) = 32),
  key_id uuid not null unique references public.api_keys (id) on delete cascade
);
alter table private.api_key_hashes enable row level security;
revoke all on table private.api_key_hashes from public, anon, authenticated, service_role;

comment on table private.api_key_hashes is 'What API keys are known by. The keys themselves are kept nowhere.';
comment on column private.api_key_hashes.secret_hash is 'SHA-256 of the whole key. Its text holds more than 128 random bits, so nothing slower is needed.';
comment on column private.api_key_hashes.key_id is 'The key.';
