create function private.publish_event(p_organization_id uuid, p_type text, p_data jsonb, p_key text default null) returns void
language plpgsql
set search_path = ''
as $$
begin
  if p_type <> all (array[
    'run.completed', 'run.failed', 'run.cancelled', 'flow.created', 'flow.updated', 'flow.deleted', 'entity.created',
    'entity.moved', 'entity.deleted', 'approval.requested', 'webhook.endpoint_disabled', 'subscription.updated',
    'invoice.paid', 'invoice.payment_failed', 'budget.reached', 'usage.limit_reached', 'secret.expiring', 'member.joined',
    'member.removed', 'api_key.created', 'api_key.revoked', 'email.bounced', 'email.complained'
  ]) then
    raise 'There is no event type %', p_type;
  end if;
  -- The one cheap look: most organizations have no subscription at all.
  if not exists (
    select from public.webhook_subscriptions s
    where s.organization_id = p_organization_id and s.status <> 'disabled' and s.event_types && array[p_type, '*']
  ) then
    return;
  end if;
  perform private.add_message(p_organization_id, p_type, p_data, p_key);
end;
$$;

revoke all on function private.publish_event(uuid, text, jsonb, text) from public, anon, authenticated, service_role;
comment on function private.publish_event(uuid, text, jsonb, text) is
  'Says in the transaction of the caller that something happened, for the webhooks of the organization. One look at an index when nobody has subscribed to the type. p_data as the catalogue in shared/webhooks_out has it; events with the same p_key reach ordered subscriptions in their order. Takes no lock that others wait for.';

create function private.add_message(p_organization_id uuid, p_type text, p_data jsonb, p_key text) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_called text;
begin
  -- An organization that is being removed takes its rows with it, one after the other: nobody is told of that.
  if not exists (select from public.organizations o where o.id = p_organization_id) then
    return;
  end if;
  insert into public.webhook_messages (organization_id, type, data, order_key)
  values (p_organization_id, p_type, p_data, left(p_key, 255));
  -- One job a transaction and organization, however much happens in it. The setting goes with the transaction, and with a
  -- savepoint that is rolled back.
  v_called := coalesce(current_setting('millrace.sends_on', true), '');
  if position(p_organization_id::text in v_called) = 0 then
    perform set_config('millrace.sends_on', right(v_called || ' ' || p_organization_id, 4000), true);
    perform private.enqueue_job(p_organization_id, 'webhook.send_on', '{}', '{"priority": 90}');
  end if;
end;
$$;

revoke all on function private.add_message(uuid, text, jsonb, text) from public, anon, authenticated, service_role;
comment on function private.add_message(uuid, text, jsonb, text) is
  'Part of private.publish_event: keeps the event, and sees to it that a job makes deliveries of it.';
