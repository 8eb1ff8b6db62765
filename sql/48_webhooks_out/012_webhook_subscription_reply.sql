create function private.webhook_subscription_reply(p_subscription_id uuid) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select to_jsonb(s) || jsonb_build_object('secrets', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'last_four', k.last_four, 'created_at', k.created_at, 'expires_at', k.expires_at
      ) order by k.created_at desc, k.number), '[]')
      from private.webhook_subscription_secrets k
      where k.subscription_id = s.id and k.kind = 'signing' and (k.expires_at is null or k.expires_at > private.now())
    ))
    from public.webhook_subscriptions s where s.id = p_subscription_id
  );
end;
$$;

revoke all on function private.webhook_subscription_reply(uuid) from public, anon, authenticated, service_role;
comment on function private.webhook_subscription_reply(uuid) is 'A subscription as the API shows it: of its secrets only the last four characters.';

create function private.lock_webhook_subscription(p_subscription_id uuid, p_if_version integer default null) returns public.webhook_subscriptions
language plpgsql
set search_path = ''
as $$
declare
  v_subscription public.webhook_subscriptions;
begin
  select * into v_subscription from public.webhook_subscriptions s where s.id = p_subscription_id for no key update;
  perform private.require_webhooks(v_subscription.organization_id, v_subscription.application, 'webhooks:write', 'webhook subscription');
  if p_if_version is not null and p_if_version <> v_subscription.version then
    perform private.fail('version_mismatch', 'The webhook subscription has changed since you read it', 412);
  end if;
  return v_subscription;
end;
$$;

revoke all on function private.lock_webhook_subscription(uuid, integer) from public, anon, authenticated, service_role;
comment on function private.lock_webhook_subscription(uuid, integer) is
  'Locks a subscription for a change by the caller: 404 for strangers, 403 without webhooks:write, 412 when it is another version than p_if_version.';

create function private.keep_subscription_secret(
  p_subscription public.webhook_subscriptions,
  p_kind text,
  p_secret jsonb
) returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into private.webhook_subscription_secrets (subscription_id, kind, number, organization_id, envelope, key_id, last_four)
  values (
    p_subscription.id, p_kind, (p_secret ->> 'number')::integer, p_subscription.organization_id,
    private.read_envelope(p_secret ->> 'envelope', p_secret ->> 'key_id'), p_secret ->> 'key_id',
    case p_kind when 'signing' then p_secret ->> 'last_four' end
  );
exception
  when check_violation or not_null_violation or data_exception then
    perform private.fail('invalid_request', 'The secret is not encrypted as it must be', 400);
  when unique_violation then
    perform private.fail('conflict', 'There is a secret of this number already', 409);
end;
$$;

revoke all on function private.keep_subscription_secret(public.webhook_subscriptions, text, jsonb) from public, anon, authenticated, service_role;
comment on function private.keep_subscription_secret(public.webhook_subscriptions, text, jsonb) is
  'Keeps what the function webhooks has encrypted for this subscription, kind and number: {number, envelope, key_id, last_four}.';

create function private.change_webhook_subscription(p_subscription public.webhook_subscriptions, p_changes jsonb)
returns public.webhook_subscriptions
language plpgsql
set search_path = ''
as $$
declare
  v_bad text;
begin
  if jsonb_typeof(p_changes) is distinct from 'object' then
    perform private.fail('invalid_request', 'The settings of a webhook subscription must be an object', 400);
  end if;
  select min(k.name) into v_bad from jsonb_object_keys(p_changes) as k (name)
  where k.name <> all (array[
    'url', 'description', 'application', 'event_types', 'flow_ids', 'resource_ids', 'status', 'transformation',
    'header_names', 'ordered', 'rate_per_minute', 'timeout_seconds', 'priority'
  ]);
  if v_bad is not null then
    perform private.fail('invalid_request', format('A webhook subscription has no setting %s', left(v_bad, 100)), 400);
  end if;
  if p_changes ? 'status' and coalesce(p_changes ->> 'status', '') not in ('active', 'paused') then
    perform private.fail('invalid_request', 'A person makes a webhook subscription active or paused', 400);
  end if;
  begin
    p_subscription := jsonb_populate_record(p_subscription, p_changes);
  exception when data_exception then
    perform private.fail('invalid_request', 'A setting of the webhook subscription has the wrong type', 400);
  end;
  if coalesce(p_subscription.url, '') !~ '^https?://[^[:space:][:cntrl:]]+$' then
    perform private.fail('invalid_request', 'The address of a webhook subscription begins with http:// or https://', 400);
  end if;
  if p_subscription.status <> 'disabled' then
    p_subscription.disabled_reason := null;
    p_subscription.disabled_at := null;
  end if;
  p_subscription.transformation := nullif(p_subscription.transformation, 'null');
  p_subscription.event_types := array(select distinct t.type from unnest(p_subscription.event_types) as t (type) order by 1);
  return private.fit_portal(p_subscription);
end;
$$;

revoke all on function private.change_webhook_subscription(public.webhook_subscriptions, jsonb) from public, anon, authenticated, service_role;
comment on function private.change_webhook_subscription(public.webhook_subscriptions, jsonb) is
  'A subscription with some settings changed; null clears what may be cleared. What is out of range the table''s own checks refuse.';

create function private.fit_portal(p_subscription public.webhook_subscriptions) returns public.webhook_subscriptions
language plpgsql
set search_path = ''
as $$
declare
  v_portal private.webhook_portals := private.caller_portal();
begin
  if v_portal.id is null then
    return p_subscription;
  end if;
  -- A new one is within the bounds where it says nothing of them. One that a member made wider stays theirs to change.
  if p_subscription.created_at is null then
    p_subscription.application := coalesce(p_subscription.application, v_portal.application);
    p_subscription.flow_ids := coalesce(p_subscription.flow_ids, v_portal.flow_ids);
    p_subscription.resource_ids := coalesce(p_subscription.resource_ids, v_portal.resource_ids);
  end if;
  if p_subscription.application is distinct from v_portal.application then
    perform private.fail('forbidden', format('The portal token is for the application %s', v_portal.application), 403);
  elsif not p_subscription.event_types <@ v_portal.event_types then
    perform private.fail('forbidden', format('The portal token is for the events %s', array_to_string(v_portal.event_types, ', ')), 403);
  elsif v_portal.flow_ids is not null and not coalesce(p_subscription.flow_ids <@ v_portal.flow_ids, false)
    or v_portal.resource_ids is not null and not coalesce(p_subscription.resource_ids <@ v_portal.resource_ids, false)
  then
    perform private.fail('forbidden', 'The portal token is for other flow_ids or resource_ids', 403);
  end if;
  return p_subscription;
end;
$$;

revoke all on function private.fit_portal(public.webhook_subscriptions) from public, anon, authenticated, service_role;
comment on function private.fit_portal(public.webhook_subscriptions) is
  'A subscription as a portal token may leave it: of its application, and told of no more than the token was made for; 403 otherwise. For members and API keys it is as it was.';
