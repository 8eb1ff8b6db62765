create function public.create_webhook_portal(
  p_organization_id uuid,
  p_settings jsonb,
  p_secret_hash text,
  p_idempotency_key text default null,
  p_seed text default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_asked record;
  v_portal private.webhook_portals;
  v_reply jsonb;
begin
  perform private.require_permission(p_organization_id, 'webhooks:write', 'organization');
  perform private.check_api_key_seed(p_seed);
  if jsonb_typeof(p_settings) is distinct from 'object' or coalesce(p_secret_hash, '') !~ '^[0-9a-f]{64}$' then
    perform private.fail('invalid_request', 'A portal token takes an object of settings and the SHA-256 of its text', 400);
  end if;
  -- As with keys: nobody repeats what another asked for, and is shown their token.
  v_reply := private.idempotent_reply(p_organization_id, 'create_webhook_portal', p_idempotency_key,
    jsonb_build_array(auth.uid(), p_settings));
  if v_reply is not null then
    return v_reply || '{"is_new": false}';
  end if;
  begin
    select * into v_asked from jsonb_to_record(p_settings) as a (
      application text, event_types text[], flow_ids uuid[], resource_ids text[], access text, max_subscriptions smallint,
      expires_in_seconds integer
    );
    if '*' = any (v_asked.event_types) or coalesce(v_asked.access, 'write') not in ('read', 'write')
      or coalesce(v_asked.expires_in_seconds, 900) < 60 or coalesce(v_asked.expires_in_seconds, 900) > 3600
      or array_position(v_asked.event_types, null) is not null
    then
      raise check_violation;
    end if;
    insert into private.webhook_portals (
      organization_id, secret_hash, application, event_types, flow_ids, resource_ids, can_write, max_subscriptions, expires_at,
      created_by, created_by_key
    )
    values (
      p_organization_id, decode(p_secret_hash, 'hex'), v_asked.application, v_asked.event_types, v_asked.flow_ids,
      v_asked.resource_ids, coalesce(v_asked.access, 'write') = 'write', coalesce(v_asked.max_subscriptions, 10),
      private.now() + make_interval(secs => coalesce(v_asked.expires_in_seconds, 900)), private.caller_user_id(),
      private.caller_key_id()
    )
    returning * into v_portal;
  exception
    when check_violation or not_null_violation or data_exception then
      perform private.fail('invalid_request', 'A setting of the portal token is missing or out of range', 400);
    when unique_violation then
      perform private.fail('conflict', 'The portal token could not be made: try again with another one', 409);
  end;
  perform private.audit(p_organization_id, 'webhook_portal.created', 'webhook_portal', v_portal.id::text, null, null,
    jsonb_build_object('application', v_portal.application, 'event_types', v_portal.event_types, 'can_write', v_portal.can_write));
  return private.keep_reply(p_organization_id, 'create_webhook_portal', p_idempotency_key,
    private.webhook_portal_reply(v_portal) || jsonb_build_object('seed', p_seed)) || '{"is_new": true}';
end;
$$;

revoke all on function public.create_webhook_portal(uuid, jsonb, text, text, text) from public, anon, authenticated, service_role;
grant execute on function public.create_webhook_portal(uuid, jsonb, text, text, text) to authenticated;
comment on function public.create_webhook_portal(uuid, jsonb, text, text, text) is
  'Makes a portal token, of which only the SHA-256 in hex comes here: {application, event_types (named, not *), flow_ids, resource_ids, access: read or write, max_subscriptions (10), expires_in_seconds (60 to 3,600; 900)}. It sees and, with write, makes and changes the webhook subscriptions of the application, within these types, flows and things. p_seed as in create_api_key. Needs webhooks:write.';

create function private.webhook_portal_reply(p_portal private.webhook_portals) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return to_jsonb(p_portal) - '{secret_hash,can_write,revoked_at,created_by_key}'::text[]
    || jsonb_build_object('access', case when p_portal.can_write then 'write' else 'read' end);
end;
$$;

revoke all on function private.webhook_portal_reply(private.webhook_portals) from public, anon, authenticated, service_role;
comment on function private.webhook_portal_reply(private.webhook_portals) is 'A portal token as the API shows it.';

create function public.revoke_webhook_portal(p_portal_id uuid) returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_portal private.webhook_portals;
begin
  select * into v_portal from private.webhook_portals w where w.id = p_portal_id for update;
  perform private.require_permission(v_portal.organization_id, 'webhooks:write', 'portal token');
  if v_portal.revoked_at is null then
    update private.webhook_portals w set revoked_at = private.now() where w.id = p_portal_id;
    perform private.audit(v_portal.organization_id, 'webhook_portal.revoked', 'webhook_portal', p_portal_id::text, null, null,
      jsonb_build_object('application', v_portal.application));
  end if;
end;
$$;

revoke all on function public.revoke_webhook_portal(uuid) from public, anon, authenticated, service_role;
grant execute on function public.revoke_webhook_portal(uuid) to authenticated;
comment on function public.revoke_webhook_portal(uuid) is
  'Ends a portal token at once and for good; again changes nothing. Needs webhooks:write.';
