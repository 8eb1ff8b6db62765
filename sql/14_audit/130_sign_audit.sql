create table private.audit_keys (
  id text primary key check (id ~ '^[A-Za-z0-9_-]{43}$'),
  public_key jsonb not null check (public_key ->> 'kty' = 'OKP' and public_key ->> 'crv' = 'Ed25519' and not public_key ? 'd'),
  endorsed_by text references private.audit_keys (id),
  endorsement bytea,
  created_at timestamptz not null default private.now(),
  constraint endorsed_means_signed check ((endorsed_by is null) = (endorsement is null))
);
create index audit_keys_endorsed_by_idx on private.audit_keys (endorsed_by);
create trigger append_only before update or delete on private.audit_keys
  for each row execute function private.refuse_change();
alter table private.audit_keys enable always trigger append_only;
alter table private.audit_keys enable row level security;
revoke all on table private.audit_keys from public, anon, authenticated, service_role;

comment on table private.audit_keys is 'Public keys by which seals of the audit log are verified. None ever goes: old seals need it.';
comment on column private.audit_keys.id is 'Thumbprint of the key (RFC 7638), base64url.';
comment on column private.audit_keys.public_key is 'The public key as JWK: kty, crv, x.';
comment on column private.audit_keys.endorsed_by is 'The key before it, which signed it; null = the first, or one that the key before it knew nothing of.';
comment on column private.audit_keys.endorsement is 'Ed25519 by the key before it over the netstrings millrace-audit-key-1 and the id. Null = see endorsed_by.';
comment on column private.audit_keys.created_at is 'First used.';

create function engine.list_unsigned_audit(p_limit integer default 1000) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'keys', (
      select coalesce(jsonb_agg(jsonb_build_object('id', k.id, 'public_key', k.public_key) order by k.created_at), '[]')
      from private.audit_keys k
    ),
    'batches', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'number', b.number, 'statement', private.audit_statement(b), 'link', encode(b.link, 'hex')
      ) order by b.number), '[]')
      from (select * from private.audit_batches b where b.signature is null order by b.number limit p_limit) b
    ),
    -- What the first of them continues: who signs checks that it was signed.
    'before', (
      select jsonb_build_object(
        'number', p.number, 'link', encode(p.link, 'hex'), 'key_id', p.key_id,
        'signed_at', (extract(epoch from p.signed_at) * 1000000)::bigint::text, 'signature', encode(p.signature, 'base64')
      )
      from private.audit_batches p
      where p.number = (select min(b.number) from private.audit_batches b where b.signature is null) - 1
    )
  );
end;
$$;

revoke all on function engine.list_unsigned_audit(integer) from public, anon, authenticated, service_role;
grant execute on function engine.list_unsigned_audit(integer) to service_role;
comment on function engine.list_unsigned_audit(integer) is
  'The oldest seals without a signature: {keys: [{id, public_key}], batches: [{number, statement, link}], before: the seal that they continue, null = none}.';

create function engine.sign_audit(p_key jsonb, p_signatures jsonb) returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_signed integer;
begin
  insert into private.audit_keys (id, public_key, endorsed_by, endorsement)
  values (p_key ->> 'id', p_key -> 'public_key', p_key ->> 'endorsed_by', decode(p_key ->> 'endorsement', 'base64'))
  on conflict do nothing;
  -- Whoever was first has signed; of the same key it is the same.
  update private.audit_batches b set
    key_id = p_key ->> 'id', signed_at = to_timestamp(0) + s.signed_at * interval '1 microsecond', signature = decode(s.signature, 'base64')
  from jsonb_to_recordset(p_signatures) as s (number bigint, link text, signed_at bigint, signature text)
  where b.number = s.number and b.signature is null and encode(b.link, 'hex') = s.link;
  get diagnostics v_signed = row_count;
  return v_signed;
end;
$$;

revoke all on function engine.sign_audit(jsonb, jsonb) from public, anon, authenticated, service_role;
grant execute on function engine.sign_audit(jsonb, jsonb) to service_role;
comment on function engine.sign_audit(jsonb, jsonb) is
  'Stores signatures [{number, link, signed_at in microseconds since 1970, signature in base64}] of seals by the key {id, public_key, endorsed_by, endorsement}, which is published when it is new. Answers how many were wanting.';
