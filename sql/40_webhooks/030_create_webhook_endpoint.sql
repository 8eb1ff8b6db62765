create function private.webhook_endpoint_reply(p_endpoint_id uuid) returns jsonb
language sql
stable
set search_path = ''
as $$
  select to_jsonb(e) || jsonb_build_object(
    'secrets', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'last_four', coalesce(s.last_four, right(s.secret, 4)), 'created_at', s.created_at, 'expires_at', s.expires_at
      ) order by s.created_at desc), '[]')
      from private.webhook_secrets s
      where s.endpoint_id = e.id and (s.expires_at is null or s.expires_at > private.now())
    )
  )
  from public.webhook_endpoints e where e.id = p_endpoint_id;
$$;

revoke all on function private.webhook_endpoint_reply(uuid) from public, anon, authenticated, service_role;
comment on function private.webhook_endpoint_reply(uuid) is 'An endpoint as the API shows it: of its secrets only the last four characters.';

create function private.new_webhook_secret(p_config jsonb) returns text
language sql
volatile
set search_path = ''
as $$
  select case when p_config ->> 'secret_encoding' = 'hex' then encode(b.bytes, 'hex') else 'whsec_' || encode(b.bytes, 'base64') end
  from (select sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) as bytes) b;
$$;

revoke all on function private.new_webhook_secret(jsonb) from public, anon, authenticated, service_role;
comment on function private.new_webhook_secret(jsonb) is
  'A random signing secret of 32 bytes in the form of Standard Webhooks, or in hex where the endpoint''s settings want that.';

create function public.create_webhook_endpoint(
  p_flow_id uuid,
  p_name text,
  p_provider text,
  p_config jsonb default '{}',
  p_secret text default null,
  p_trigger_node text default null,
  p_signature_required boolean default true,
  p_idempotency_key text default null,
  p_mapping jsonb default null,
  p_wait_seconds integer default 0,
  p_sealed jsonb default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_flow public.flows;
  v_reply jsonb;
  v_id uuid;
  v_secret text := case when p_sealed is null then coalesce(p_secret, private.new_webhook_secret(p_config)) end;
  v_secret_id uuid;
begin
  select * into v_flow from public.flows f where f.id = p_flow_id and f.deleted_at is null;
  perform private.require_permission(v_flow.organization_id, 'webhooks:write', 'flow');
  v_reply := private.idempotent_reply(v_flow.organization_id, 'create_webhook_endpoint', p_idempotency_key,
    -- Of what is sealed only the fingerprint: the envelope is new in every request.
    jsonb_build_array(p_flow_id, p_name, p_provider, p_config, coalesce(p_secret, p_sealed ->> 'fingerprint'), p_trigger_node,
      p_signature_required, p_mapping, p_wait_seconds));
  if v_reply is not null then
    return (v_reply - 'secret_id') || private.told_webhook_secret((v_reply ->> 'secret_id')::uuid);
  end if;
  if length(coalesce(p_name, '')) not between 1 and 200 or coalesce(p_provider, '') not in ('stripe', 'typeform', 'calendly', 'standard_webhooks', 'github', 'slack', 'shopify', 'custom')
    or jsonb_typeof(p_config) <> 'object' or octet_length(p_config::text) > 8192
    or length(v_secret) not between 8 and 512 or length(p_trigger_node) not between 1 and 64
    or jsonb_typeof(p_mapping) <> 'object' or octet_length(p_mapping::text) > 8192 or p_wait_seconds not between 0 and 60
  then
    perform private.fail('invalid_request', 'The name, provider, config, secret, trigger node, mapping or waiting time is out of range', 400);
  end if;
  perform private.check_trigger_node(p_flow_id, p_trigger_node);

  perform private.require_room(v_flow.organization_id, 'max_webhook_endpoints');

  insert into public.webhook_endpoints (
    organization_id, flow_id, trigger_node, name, provider, config, slug, signature_required, created_by, mapping,
    wait_seconds
  )
  values (
    v_flow.organization_id, p_flow_id, p_trigger_node, p_name, p_provider, coalesce(p_config, '{}'),
    replace(gen_random_uuid()::text, '-', ''), coalesce(p_signature_required, true), private.caller_user_id(), nullif(p_mapping, '{}'),
    coalesce(p_wait_seconds, 0)
  )
  returning id into v_id;
  v_secret_id := private.put_webhook_secret(v_id, v_secret, p_sealed);
  -- The reply is kept without the secret, which is shown this once and to who repeats the request.
  v_reply := private.keep_reply(v_flow.organization_id, 'create_webhook_endpoint', p_idempotency_key,
    private.webhook_endpoint_reply(v_id) || jsonb_build_object('secret_id', v_secret_id));
  return (v_reply - 'secret_id') || private.told_webhook_secret(v_secret_id);
end;
$$;

revoke all on function public.create_webhook_endpoint(uuid, text, text, jsonb, text, text, boolean, text, jsonb, integer, jsonb) from public, anon, authenticated, service_role;
grant execute on function public.create_webhook_endpoint(uuid, text, text, jsonb, text, text, boolean, text, jsonb, integer, jsonb) to authenticated;
comment on function public.create_webhook_endpoint(uuid, text, text, jsonb, text, text, boolean, text, jsonb, integer, jsonb) is
  'Makes a webhook endpoint for a flow. p_sealed: {id, envelope, key_id, last_four, fingerprint} of a secret that the function webhooks has encrypted for the row of this id, as private.put_webhook_secret takes it. Else p_secret: the one the provider shows (Stripe), null = made here; it is sealed within the hour. The answer holds the secret, this once, or sealed_secret, as it was given. Needs webhooks:write.';
