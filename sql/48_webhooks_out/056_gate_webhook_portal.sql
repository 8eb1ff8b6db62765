create function engine.gate_webhook_portal(
  p_secret_hash text,
  p_route text default 'default',
  p_organization_id uuid default null,
  p_ip text default null,
  p_operation text default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_row record;
begin
  perform private.require_open_ip(case when private.input_is_valid(p_ip, 'inet') then p_ip::inet end);
  if coalesce(p_route, '') not in ('default', 'read', 'write', 'run') then
    perform private.fail('invalid_request', 'Unknown route class', 400);
  end if;
  -- What is unknown, revoked or over is answered alike; a portal ends with the key that made it.
  select w.id, w.organization_id, w.can_write, w.created_by, o.suspended_at, o.deletes_at, p as plan
  into v_row
  from private.webhook_portals w
  join public.organizations o on o.id = w.organization_id
  join public.plans p on p.id = o.plan_id
  left join public.api_keys k on k.id = w.created_by_key
  where w.secret_hash = decode(case when p_secret_hash ~ '^[0-9a-f]{64}$' then p_secret_hash else '' end, 'hex')
    and w.revoked_at is null and w.expires_at > private.now()
    and k.revoked_at is null and (k.expires_at is null or k.expires_at > private.now());
  if not found then
    perform private.fail('unauthorized', 'The portal token is not valid', 401);
  end if;
  if p_organization_id <> v_row.organization_id then
    perform private.fail('not_found', 'No such organization', 404);
  end if;
  return jsonb_build_object(
    'user_id', null,
    'key', jsonb_build_object('id', v_row.id, 'mode', 'portal'),
    'organization_id', v_row.organization_id,
    'role', null,
    'permissions', case
      when v_row.suspended_at is not null then '[]'::jsonb
      when v_row.can_write and v_row.deletes_at is null then '["webhooks:read", "webhooks:write"]'::jsonb
      else '["webhooks:read"]'::jsonb
    end,
    'suspended', v_row.suspended_at is not null,
    'plan', (v_row.plan).id,
    'limits', to_jsonb(v_row.plan) - '{id,name,retention_days,archives_runs}'::text[],
    'flags', private.flags_of(v_row.organization_id),
    'api_version', private.api_version_of(v_row.organization_id),
    'generation', null,
    -- Of what an organization may ask in a minute, one customer of its gets no more than this.
    'rate', private.take_request_tokens(private.request_buckets(
      'portal:' || v_row.id, v_row.organization_id, v_row.plan, p_route, p_operation, 120, 30
    ))
  );
end;
$$;

revoke all on function engine.gate_webhook_portal(text, text, uuid, text, text) from public, anon, authenticated, service_role;
grant execute on function engine.gate_webhook_portal(text, text, uuid, text, text) to service_role;
comment on function engine.gate_webhook_portal(text, text, uuid, text, text) is
  'The one call before the business call for a portal token, given as the SHA-256 of its text in hex: what engine.gate_key answers for an API key, with the mode portal and webhooks:read, or that and webhooks:write. 120 requests a minute and route class, 30 at once. 401, always the same, for a token that is unknown, revoked or over.';
