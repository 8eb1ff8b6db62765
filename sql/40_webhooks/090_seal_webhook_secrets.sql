create function engine.plain_webhook_secrets(p_limit integer default 200) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'left', (select count(*) from private.webhook_secrets s where s.secret is not null),
    'rows', (
      select coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'organization_id', p.organization_id, 'secret', p.secret)), '[]')
      from (
        select s.id, e.organization_id, s.secret
        from private.webhook_secrets s join public.webhook_endpoints e on e.id = s.endpoint_id
        where s.secret is not null order by s.id limit least(greatest(p_limit, 0), 1000)
      ) p
    )
  );
end;
$$;

revoke all on function engine.plain_webhook_secrets(integer) from public, anon, authenticated, service_role;
grant execute on function engine.plain_webhook_secrets(integer) to service_role;
comment on function engine.plain_webhook_secrets(integer) is
  'Secrets of webhook endpoints that are not sealed yet: how many are left, and the next p_limit of them (0 = none): [{id, organization_id, secret}].';

create function engine.seal_webhook_secrets(p_rows jsonb) returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_sealed integer;
begin
  with given as (
    select (r.value ->> 'id')::uuid as id, r.value ->> 'key_id' as key_id,
      private.read_envelope(r.value ->> 'envelope', r.value ->> 'key_id') as envelope
    from jsonb_array_elements(p_rows) r
  ),
  locked as (
    -- Whoever was here before has done it. A secret never changes: a new one is a new row.
    select g.* from given g join private.webhook_secrets s on s.id = g.id
    where s.secret is not null order by g.id for update of s
  )
  update private.webhook_secrets s
  set envelope = l.envelope, key_id = l.key_id, last_four = right(s.secret, 4), secret = null
  from locked l
  where s.id = l.id;
  get diagnostics v_sealed = row_count;
  return v_sealed;
end;
$$;

revoke all on function engine.seal_webhook_secrets(jsonb) from public, anon, authenticated, service_role;
grant execute on function engine.seal_webhook_secrets(jsonb) to service_role;
comment on function engine.seal_webhook_secrets(jsonb) is
  'Puts envelopes in the place of secrets that are not sealed yet: [{id, envelope (Base64), key_id}]. Answers how many.';
