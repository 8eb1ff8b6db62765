create table private.idempotency_keys (
  organization_id uuid not null,
  operation text not null,
  key text not null,
  request_hash bytea not null,
  reply jsonb,
  created_at timestamptz not null default private.now(),
  primary key (organization_id, operation, key)
);
create index idempotency_keys_created_at_idx on private.idempotency_keys (created_at);
alter table private.idempotency_keys enable row level security;
revoke all on table private.idempotency_keys from public, anon, authenticated, service_role;

comment on table private.idempotency_keys is
  'Idempotency-Key of creating requests. The row is written in the transaction of the effect, so both exist or neither.';
comment on column private.idempotency_keys.organization_id is 'The tenant in which the key is unique.';
comment on column private.idempotency_keys.operation is 'The SQL function that was called.';
comment on column private.idempotency_keys.key is 'The caller''s key, 1 to 255 characters.';
comment on column private.idempotency_keys.request_hash is 'SHA-256 of the arguments: the same key with other arguments is refused.';
comment on column private.idempotency_keys.reply is 'The answer that is given again. Never null once committed.';
comment on column private.idempotency_keys.created_at is 'Kept for 24 hours.';

create function private.idempotent_reply(
  p_organization_id uuid,
  p_operation text,
  p_key text,
  p_request jsonb
) returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_hash bytea := sha256(convert_to(p_request::text, 'UTF8'));
  v_row private.idempotency_keys;
begin
  if p_key is null then
    return null;
  end if;
  if length(p_key) not between 1 and 255 then
    perform private.fail('invalid_request', 'The Idempotency-Key must have 1 to 255 characters', 400);
  end if;

  -- Waits here while another transaction holds the same key, and sees its reply afterwards.
  insert into private.idempotency_keys as k (organization_id, operation, key, request_hash)
  values (p_organization_id, p_operation, p_key, v_hash)
  on conflict (organization_id, operation, key) do update
    set request_hash = excluded.request_hash, reply = null, created_at = excluded.created_at
    where k.created_at < private.now() - interval '24 hours';
  if found then
    return null;
  end if;

  select * into v_row from private.idempotency_keys k
  where k.organization_id = p_organization_id and k.operation = p_operation and k.key = p_key;
  if v_row.request_hash <> v_hash then
    perform private.fail('idempotency_mismatch', 'This Idempotency-Key was used with another request', 422);
  end if;
  return v_row.reply;
end;
$$;

revoke all on function private.idempotent_reply(uuid, text, text, jsonb) from public, anon, authenticated, service_role;
comment on function private.idempotent_reply(uuid, text, text, jsonb) is
  'Reserves an idempotency key. Null = go on (the key is ours, or none was given); otherwise the reply of the earlier request. Another request under the same key: 422 idempotency_mismatch.';

create function private.keep_reply(
  p_organization_id uuid,
  p_operation text,
  p_key text,
  p_reply jsonb
) returns jsonb
language plpgsql
set search_path = ''
as $$
begin
  if p_key is not null then
    update private.idempotency_keys k set reply = p_reply
    where k.organization_id = p_organization_id and k.operation = p_operation and k.key = p_key;
  end if;
  return p_reply;
end;
$$;

revoke all on function private.keep_reply(uuid, text, text, jsonb) from public, anon, authenticated, service_role;
comment on function private.keep_reply(uuid, text, text, jsonb) is
  'Stores the reply under the key that idempotent_reply reserved, and gives it back.';
