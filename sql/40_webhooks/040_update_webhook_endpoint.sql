create function private.lock_webhook_endpoint(p_endpoint_id uuid, p_if_version integer default null) returns public.webhook_endpoints
language plpgsql
set search_path = ''
as $$
declare
  v_endpoint public.webhook_endpoints;
begin
  -- Asked before the lock: a stranger neither waits for who works on the endpoint nor makes them wait.
  select e.organization_id into v_endpoint.organization_id from public.webhook_endpoints e where e.id = p_endpoint_id;
  perform private.require_permission(v_endpoint.organization_id, 'webhooks:write', 'webhook endpoint');
  select * into v_endpoint from public.webhook_endpoints e where e.id = p_endpoint_id for no key update;
  if not found then
    perform private.fail('not_found', 'No such webhook endpoint', 404);
  end if;
  if p_if_version is not null and v_endpoint.version <> p_if_version then
    perform private.fail('version_mismatch',
      format('The endpoint has version %s, not %s', v_endpoint.version, p_if_version), 412);
  end if;
  return v_endpoint;
end;
$$;

revoke all on function private.lock_webhook_endpoint(uuid, integer) from public, anon, authenticated, service_role;
comment on function private.lock_webhook_endpoint(uuid, integer) is
  'Locks an endpoint of the caller for a change: 404 when it is not theirs, 403 without the permission, 412 when p_if_version is not its version.';

create function public.update_webhook_endpoint(
  p_endpoint_id uuid,
  p_name text default null,
  p_config jsonb default null,
  p_flow_id uuid default null,
  p_signature_required boolean default null,
  p_is_active boolean default null,
  p_if_version integer default null,
  p_trigger_node text default null,
  p_mapping jsonb default null,
  p_wait_seconds integer default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_endpoint public.webhook_endpoints := private.lock_webhook_endpoint(p_endpoint_id, p_if_version);
begin
  if length(p_name) not between 1 and 200 or jsonb_typeof(p_config) <> 'object' or octet_length(p_config::text) > 8192
    or length(p_trigger_node) not between 1 and 64 or jsonb_typeof(p_mapping) <> 'object' or octet_length(p_mapping::text) > 8192
    or p_wait_seconds not between 0 and 60
  then
    perform private.fail('invalid_request', 'The name, config, trigger node, mapping or waiting time is out of range', 400);
  end if;
  if p_flow_id is not null and not exists (
    select 1 from public.flows f
    where f.id = p_flow_id and f.organization_id = v_endpoint.organization_id and f.deleted_at is null
  ) then
    perform private.fail('not_found', 'No such flow', 404);
  end if;
  perform private.check_trigger_node(coalesce(p_flow_id, v_endpoint.flow_id), p_trigger_node);
  update public.webhook_endpoints e set
    name = coalesce(p_name, e.name),
    config = coalesce(p_config, e.config),
    flow_id = coalesce(p_flow_id, e.flow_id),
    -- A node of one flow means nothing in another.
    trigger_node = case when p_flow_id <> e.flow_id then p_trigger_node else coalesce(p_trigger_node, e.trigger_node) end,
    signature_required = coalesce(p_signature_required, e.signature_required),
    is_active = coalesce(p_is_active, e.is_active),
    mapping = nullif(coalesce(p_mapping, e.mapping), '{}'),
    wait_seconds = coalesce(p_wait_seconds, e.wait_seconds)
  where e.id = p_endpoint_id;
  return private.webhook_endpoint_reply(p_endpoint_id);
end;
$$;

revoke all on function public.update_webhook_endpoint(uuid, text, jsonb, uuid, boolean, boolean, integer, text, jsonb, integer) from public, anon, authenticated, service_role;
grant execute on function public.update_webhook_endpoint(uuid, text, jsonb, uuid, boolean, boolean, integer, text, jsonb, integer) to authenticated;
comment on function public.update_webhook_endpoint(uuid, text, jsonb, uuid, boolean, boolean, integer, text, jsonb, integer) is
  'Changes an endpoint; null = leave as it is, but with another flow the trigger node is p_trigger_node or the first that fits; an empty p_mapping takes the mapping away. Needs webhooks:write.';

create function public.rotate_webhook_secret(
  p_endpoint_id uuid,
  p_secret text default null,
  p_overlap_seconds integer default 86400,
  p_sealed jsonb default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_endpoint public.webhook_endpoints := private.lock_webhook_endpoint(p_endpoint_id);
  v_secret text := case when p_sealed is null then coalesce(p_secret, private.new_webhook_secret(v_endpoint.config)) end;
  v_secret_id uuid;
begin
  perform private.require_aal2(v_endpoint.organization_id);
  if length(v_secret) not between 8 and 512 or coalesce(p_overlap_seconds, -1) not between 0 and 604800 then
    perform private.fail('invalid_request', 'A secret has 8 to 512 characters, the overlap is at most a week', 400);
  end if;
  -- Two at once at the most: the one before the current one ends now.
  delete from private.webhook_secrets s where s.endpoint_id = p_endpoint_id and s.expires_at is not null;
  update private.webhook_secrets s set expires_at = private.now() + make_interval(secs => p_overlap_seconds)
  where s.endpoint_id = p_endpoint_id;
  v_secret_id := private.put_webhook_secret(p_endpoint_id, v_secret, p_sealed);
  perform private.audit(
    v_endpoint.organization_id, 'webhook_endpoint.secret_rotated', 'webhook_endpoint', p_endpoint_id::text,
    p_details => jsonb_build_object('overlap_seconds', p_overlap_seconds)
  );
  return private.webhook_endpoint_reply(p_endpoint_id) || private.told_webhook_secret(v_secret_id);
end;
$$;

revoke all on function public.rotate_webhook_secret(uuid, text, integer, jsonb) from public, anon, authenticated, service_role;
grant execute on function public.rotate_webhook_secret(uuid, text, integer, jsonb) to authenticated;
comment on function public.rotate_webhook_secret(uuid, text, integer, jsonb) is
  'Gives an endpoint a new secret; the old one stays valid for p_overlap_seconds. p_sealed: as create_webhook_endpoint has it. The answer holds the new secret, this once, or sealed_secret. Needs webhooks:write, and the second factor of who has one.';

create function public.delete_webhook_endpoint(p_endpoint_id uuid, p_if_version integer default null) returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.lock_webhook_endpoint(p_endpoint_id, p_if_version);
  delete from public.webhook_endpoints e where e.id = p_endpoint_id;
end;
$$;

revoke all on function public.delete_webhook_endpoint(uuid, integer) from public, anon, authenticated, service_role;
grant execute on function public.delete_webhook_endpoint(uuid, integer) to authenticated;
comment on function public.delete_webhook_endpoint(uuid, integer) is
  'Deletes an endpoint with its event log; runs it started stay. Needs webhooks:write.';
