create function engine.get_webhook_endpoint(
  p_slug text,
  p_test boolean default false,
  p_count integer default null,
  p_ips jsonb default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_endpoint record;
  v_ahead jsonb;
  v_count integer := coalesce(p_count, 1);
  v_blocked jsonb;
begin
  select
    e.id, e.organization_id, e.flow_id, e.provider, e.config, e.mapping, e.signature_required, e.wait_seconds, e.trigger_node,
    p.hook_requests_per_minute, p.max_concurrent_runs, v.id as version_id, v.timeout_seconds
  into v_endpoint
  from public.webhook_endpoints e
  join public.organizations o on o.id = e.organization_id
  join public.plans p on p.id = o.plan_id
  -- The version that may be run before the event is kept: no mapping and no limit of the flow has a say.
  left join public.flows f on f.id = e.flow_id and f.is_active and f.deleted_at is null and e.mapping is null and not p_test
  left join public.flow_versions v on v.id = f.current_version_id and v.run_limits is null
  where e.slug = p_slug and (e.is_active or (p_test and e.signature_required)) and o.suspended_at is null and o.deletes_at is null;
  if not found then
    return null;
  end if;
  -- From blocked addresses nothing is taken, no token of the endpoint's either. Mostly there is no block at all.
  if p_ips is not null and exists (select 1 from private.ip_blocks b) then
    select jsonb_agg(i.blocked order by i.n), v_count - count(*) filter (where i.blocked) into v_blocked, v_count
    from (
      select d.n, private.ip_block_until(case when private.input_is_valid(d.ip, 'inet') then d.ip::inet end) is not null as blocked
      from jsonb_array_elements_text(p_ips) with ordinality as d (ip, n)
    ) i;
    if v_count <= 0 then
      return jsonb_build_object('blocked', v_blocked);
    end if;
  end if;
  -- What a flow that only computes needs to be run before its event is kept. Such a run takes no place under the limit of
  -- the organization; where that has none left the event goes the usual way.
  if v_endpoint.version_id is not null and (
    v_endpoint.max_concurrent_runs is null or (
      select count(*) from (
        select 1 from private.run_slots s where s.limit_key = 'org:' || v_endpoint.organization_id
        limit v_endpoint.max_concurrent_runs
      ) taken
    ) < v_endpoint.max_concurrent_runs
  ) then
    v_ahead := jsonb_build_object(
      'version_id', v_endpoint.version_id, 'trigger_node', v_endpoint.trigger_node, 'received_at', private.now(),
      'timeout_seconds', v_endpoint.timeout_seconds
    );
    if p_count is null then
      v_ahead := v_ahead || jsonb_build_object('event_id', private.uuid_v7(), 'run_id', private.uuid_v7());
    end if;
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
      select coalesce(jsonb_agg(
        case when s.secret is null then jsonb_build_object('id', s.id, 'envelope', encode(s.envelope, 'hex')) else to_jsonb(s.secret) end
        order by s.created_at desc
      ), '[]')
      from private.webhook_secrets s
      where s.endpoint_id = v_endpoint.id and (s.expires_at is null or s.expires_at > private.now())
    )
  ) || private.take_many_tokens(
    'hook:' || v_endpoint.id, v_endpoint.hook_requests_per_minute, 60, v_endpoint.hook_requests_per_minute, v_count
  ) || case when v_blocked @> 'true' then jsonb_build_object('blocked', v_blocked) else '{}' end;
end;
$$;

revoke all on function engine.get_webhook_endpoint(text, boolean, integer, jsonb) from public, anon, authenticated, service_role;
grant execute on function engine.get_webhook_endpoint(text, boolean, integer, jsonb) to service_role;
comment on function engine.get_webhook_endpoint(text, boolean, integer, jsonb) is
  'What the receiver needs to judge p_count deliveries (null = one, of a receiver of the release before): adapter, settings, valid secrets (text, or sealed: {id, envelope in hex}), a token each of the endpoint''s rate limit as take_many_tokens answers, and in ahead what it takes to run a flow before its event is kept: the current version and the time; null where a limit is full, or a mapping or a limit of the flow has a say. Null = no active endpoint has this slug. p_test = for its test address, where one that is switched off answers too, unless it takes unsigned deliveries. p_ips = the address of each delivery, null = not known; where some are blocked, blocked says which, and where all are, nothing else is answered.';
