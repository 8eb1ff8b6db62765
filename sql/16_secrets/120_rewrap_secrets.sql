create function engine.secrets_to_rewrap(p_key_id text, p_limit integer default 200, p_skip jsonb default '[]') returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
      'kind', v.kind, 'secret_id', v.secret_id, 'number', v.number, 'organization_id', v.organization_id, 'key_id', v.key_id,
      -- The data key is in the first 62 bytes and the id of its master key; the ciphertext stays where it is.
      'header', replace(encode(substring(v.envelope from 1 for 62 + get_byte(v.envelope, 1)), 'base64'), E'\n', '')
    )), '[]')
    from (
      select a.* from (
        select 'secret' as kind, v.secret_id, v.number, v.organization_id, v.key_id, v.envelope
        from private.secret_versions v
        where v.envelope is not null and v.key_id <> p_key_id
        union all
        select 'endpoint', s.id, 1, e.organization_id, s.key_id, s.envelope
        from private.webhook_secrets s join public.webhook_endpoints e on e.id = s.endpoint_id
        where s.envelope is not null and s.key_id <> p_key_id
        union all
        select k.kind, k.subscription_id, k.number, k.organization_id, k.key_id, k.envelope
        from private.webhook_subscription_secrets k
        where k.key_id <> p_key_id
      ) a
      where not exists (
        select 1 from jsonb_array_elements(p_skip) s
        where s.value ->> 'secret_id' = a.secret_id::text and (s.value ->> 'number')::integer = a.number
      )
      order by a.secret_id, a.number
      limit least(greatest(p_limit, 1), 1000)
    ) v
  );
end;
$$;

revoke all on function engine.secrets_to_rewrap(text, integer, jsonb) from public, anon, authenticated, service_role;
grant execute on function engine.secrets_to_rewrap(text, integer, jsonb) to service_role;
comment on function engine.secrets_to_rewrap(text, integer, jsonb) is
  'The next values whose data key is wrapped by another master key than p_key_id, those of p_skip left out: [{kind, secret_id, number, organization_id, key_id, header}]. kind: secret, or endpoint for the secret of a webhook endpoint, where secret_id is the row in private.webhook_secrets, or signing and headers of a webhook subscription, where it is that.';

create function engine.rewrap_secrets(p_rows jsonb) returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_secrets integer;
  v_endpoints integer;
  v_subscriptions integer;
begin
  with given as (
    select (r.value ->> 'secret_id')::uuid as secret_id, (r.value ->> 'number')::integer as number,
      decode(r.value ->> 'old_header', 'base64') as old_header, decode(r.value ->> 'header', 'base64') as header,
      r.value ->> 'key_id' as key_id
    from jsonb_array_elements(p_rows) r
    where coalesce(r.value ->> 'kind', 'secret') = 'secret'
  ),
  locked as (
    select g.*, v.envelope
    from given g
    join private.secret_versions v on v.secret_id = g.secret_id and v.number = g.number
    -- Whoever was here before has done it.
    where v.envelope is not null and substring(v.envelope from 1 for octet_length(g.old_header)) = g.old_header
      and get_byte(g.header, 0) = get_byte(v.envelope, 0)
      and octet_length(g.header) = 62 + get_byte(g.header, 1)
      and octet_length(g.old_header) = 62 + get_byte(v.envelope, 1)
    order by g.secret_id, g.number
    for update of v
  )
  update private.secret_versions v
  set key_id = l.key_id, envelope = l.header || substring(l.envelope from octet_length(l.old_header) + 1)
  from locked l
  where v.secret_id = l.secret_id and v.number = l.number;
  get diagnostics v_secrets = row_count;
  with given as (
    select (r.value ->> 'secret_id')::uuid as id,
      decode(r.value ->> 'old_header', 'base64') as old_header, decode(r.value ->> 'header', 'base64') as header,
      r.value ->> 'key_id' as key_id
    from jsonb_array_elements(p_rows) r
    where r.value ->> 'kind' = 'endpoint'
  ),
  locked as (
    select g.*, s.envelope
    from given g
    join private.webhook_secrets s on s.id = g.id
    where s.envelope is not null and substring(s.envelope from 1 for octet_length(g.old_header)) = g.old_header
      and get_byte(g.header, 0) = get_byte(s.envelope, 0)
      and octet_length(g.header) = 62 + get_byte(g.header, 1)
      and octet_length(g.old_header) = 62 + get_byte(s.envelope, 1)
    order by g.id
    for update of s
  )
  update private.webhook_secrets s
  set key_id = l.key_id, envelope = l.header || substring(l.envelope from octet_length(l.old_header) + 1)
  from locked l
  where s.id = l.id;
  get diagnostics v_endpoints = row_count;
  with given as (
    select (r.value ->> 'secret_id')::uuid as id, r.value ->> 'kind' as kind, (r.value ->> 'number')::integer as number,
      decode(r.value ->> 'old_header', 'base64') as old_header, decode(r.value ->> 'header', 'base64') as header,
      r.value ->> 'key_id' as key_id
    from jsonb_array_elements(p_rows) r
    where r.value ->> 'kind' in ('signing', 'headers')
  ),
  locked as (
    select g.*, k.envelope
    from given g
    join private.webhook_subscription_secrets k on k.subscription_id = g.id and k.kind = g.kind and k.number = g.number
    where substring(k.envelope from 1 for octet_length(g.old_header)) = g.old_header
      and get_byte(g.header, 0) = get_byte(k.envelope, 0)
      and octet_length(g.header) = 62 + get_byte(g.header, 1)
      and octet_length(g.old_header) = 62 + get_byte(k.envelope, 1)
    order by g.id, g.kind, g.number
    for update of k
  )
  update private.webhook_subscription_secrets k
  set key_id = l.key_id, envelope = l.header || substring(l.envelope from octet_length(l.old_header) + 1)
  from locked l
  where k.subscription_id = l.id and k.kind = l.kind and k.number = l.number;
  get diagnostics v_subscriptions = row_count;
  return v_secrets + v_endpoints + v_subscriptions;
end;
$$;

revoke all on function engine.rewrap_secrets(jsonb) from public, anon, authenticated, service_role;
grant execute on function engine.rewrap_secrets(jsonb) to service_role;
comment on function engine.rewrap_secrets(jsonb) is
  'Puts newly wrapped data keys into values that still have the old ones: [{kind, secret_id, number, old_header, header, key_id}]. The ciphertext stays. Answers how many.';

create function engine.count_secrets_by_key() returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_object_agg(k.key_id, k.values), '{}')
    from (
      select v.key_id, count(*) as values
      from (
        select v.key_id from private.secret_versions v where v.envelope is not null
        union all
        select s.key_id from private.webhook_secrets s where s.envelope is not null
        union all
        select k.key_id from private.webhook_subscription_secrets k
      ) v
      group by v.key_id
    ) k
  );
end;
$$;

revoke all on function engine.count_secrets_by_key() from public, anon, authenticated, service_role;
grant execute on function engine.count_secrets_by_key() to service_role;
comment on function engine.count_secrets_by_key() is
  'How many values each master key protects, those of webhook endpoints and subscriptions among them: {key id: number}. A key that is not among them protects nothing and may go.';
