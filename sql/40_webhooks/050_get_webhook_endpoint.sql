create function engine.get_webhook_endpoint(p_slug text, p_test boolean default false) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_endpoint public.webhook_endpoints;
  v_plan public.plans;
  v_ahead jsonb;
begin
  select e.* into v_endpoint
  from public.webhook_endpoints e
  join public.organizations o on o.id = e.organization_id
  where e.slug = p_slug and (e.is_active or (p_test and e.signature_required)) and o.suspended_at is null;
  if not found then
    return null;
  end if;
  select p.* into v_plan from public.organizations o join public.plans p on p.id = o.plan_id
  where o.id = v_endpoint.organization_id;
  -- What a flow that only computes needs to be run before its event is kept. Such a run takes no place under the limit of
  -- the organization; where that has none left, or a mapping or a limit of the flow has a say, the event goes the usual way.
  if v_endpoint.mapping is null and not p_test and (
    v_plan.max_concurrent_runs is null or (
      select count(*) from (
        select 1 from private.run_slots s where s.limit_key = 'org:' || v_endpoint.organization_id limit v_plan.max_concurrent_runs
      ) taken
    ) < v_plan.max_concurrent_runs
  ) then
    select jsonb_build_object(
      'version_id', v.id, 'trigger_node', v_endpoint.trigger_node, 'event_id', private.uuid_v7(), 'run_id', private.uuid_v7(),
      'received_at', private.now(), 'timeout_seconds', v.timeout_seconds
    ) into v_ahead
    from public.flows f
    join public.flow_versions v on v.id = f.current_version_id
    where f.id = v_endpoint.flow_id and f.is_active and f.deleted_at is null and v.run_limits is null;
  end if;
  return jsonb_build_object(
    'id', v_endpoint.id,
    'organization_id', v_endpoint.organization_id,
    'flow_id', v_endpoint.flow_id,
    'provider', v_endpoint.provider,
    'config', v_endpoint.config,
    'mapping', v_endpoint.mapping,
    'signature_required', v_endpoint.signature_required,
    'wait_seconds', v_endpoint.wait_seconds,
    'ahead', v_ahead,
    'secrets', (
      select coalesce(jsonb_agg(s.secret order by s.created_at desc), '[]') from private.webhook_secrets s
      where s.endpoint_id = v_endpoint.id and (s.expires_at is null or s.expires_at > private.now())
    ),
    'rate', private.take_tokens(
      'hook:' || v_endpoint.id, v_plan.hook_requests_per_minute, 60, v_plan.hook_requests_per_minute
    )
  );
end;
$$;

revoke all on function engine.get_webhook_endpoint(text, boolean) from public, anon, authenticated, service_role;
grant execute on function engine.get_webhook_endpoint(text, boolean) to service_role;
comment on function engine.get_webhook_endpoint(text, boolean) is
  'What the receiver needs to judge a delivery: adapter, settings, valid secrets, one token of the endpoint''s rate limit, and in ahead what it takes to run a flow before its event is kept: the current version, ids and time; null where a limit is full, or a mapping or a limit of the flow has a say. Null = no active endpoint has this slug. p_test = for its test address, where one that is switched off answers too, unless it takes unsigned deliveries.';

create function engine.record_webhook_rejection(p_endpoint_id uuid, p_reason text) returns void
language sql
security definer
set search_path = ''
as $$
  update public.webhook_endpoints e
  set rejected_count = e.rejected_count + 1, last_rejected_at = private.now(), last_rejection = left(p_reason, 200)
  where e.id = p_endpoint_id;
$$;

revoke all on function engine.record_webhook_rejection(uuid, text) from public, anon, authenticated, service_role;
grant execute on function engine.record_webhook_rejection(uuid, text) to service_role;
comment on function engine.record_webhook_rejection(uuid, text) is 'Counts a delivery that was refused, and why. Nothing of the delivery is kept.';
