create function public.get_webhook_subscription_stats(p_subscription_id uuid, p_hours integer default 24) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_since timestamptz := date_trunc('hour', private.now()) - make_interval(hours => least(greatest(p_hours, 1), 2160) - 1);
  v_sum record;
  v_durations integer[];
  v_state private.webhook_endpoint_states;
  v_subscription public.webhook_subscriptions;
begin
  select * into v_subscription from public.webhook_subscriptions s where s.id = p_subscription_id;
  perform private.require_webhooks(v_subscription.organization_id, v_subscription.application, 'webhooks:read', 'webhook subscription');
  select coalesce(sum(h.answered_2xx), 0) as s2, coalesce(sum(h.answered_3xx), 0) as s3, coalesce(sum(h.answered_4xx), 0) as s4,
    coalesce(sum(h.answered_5xx), 0) as s5, coalesce(sum(h.timed_out), 0) as late, coalesce(sum(h.not_reached), 0) as gone
  into v_sum
  from private.webhook_endpoint_stats h where h.subscription_id = p_subscription_id and h.hour >= v_since;
  select array_agg(b.count order by b.place) into v_durations
  from (
    select u.place, sum(u.count)::integer as count
    from private.webhook_endpoint_stats h cross join lateral unnest(h.durations) with ordinality u (count, place)
    where h.subscription_id = p_subscription_id and h.hour >= v_since
    group by u.place
  ) b;
  select * into v_state from private.webhook_endpoint_states e where e.subscription_id = p_subscription_id;
  return jsonb_build_object(
    'since', v_since,
    'attempts', v_sum.s2 + v_sum.s3 + v_sum.s4 + v_sum.s5 + v_sum.late + v_sum.gone,
    'succeeded', v_sum.s2,
    'success_rate', case when v_sum.s2 + v_sum.s3 + v_sum.s4 + v_sum.s5 + v_sum.late + v_sum.gone > 0
      then round(v_sum.s2::numeric / (v_sum.s2 + v_sum.s3 + v_sum.s4 + v_sum.s5 + v_sum.late + v_sum.gone), 4) end,
    'by_outcome', jsonb_build_object('2xx', v_sum.s2, '3xx', v_sum.s3, '4xx', v_sum.s4, '5xx', v_sum.s5, 'timeout', v_sum.late, 'not_reached', v_sum.gone),
    'p50_ms', round(private.percentile(v_durations, 0.5)::numeric),
    'p95_ms', round(private.percentile(v_durations, 0.95)::numeric),
    'pending', (
      select count(*) from (
        select 1 from public.webhook_deliveries d
        where d.subscription_id = p_subscription_id and d.status = 'pending' limit 10000
      ) l
    ),
    'breaker', case when v_state.hold_until is null then 'closed' when v_state.hold_until > private.now() then 'open' else 'half_open' end,
    'hold_until', case when v_state.hold_until > private.now() then v_state.hold_until end,
    'failures', v_state.failures, 'failing_since', v_state.failing_since, 'last_success_at', v_state.last_success_at,
    'last_failure_at', v_state.last_failure_at, 'last_error', v_state.last_error
  );
end;
$$;

revoke all on function public.get_webhook_subscription_stats(uuid, integer) from public, anon, authenticated, service_role;
grant execute on function public.get_webhook_subscription_stats(uuid, integer) to authenticated;
comment on function public.get_webhook_subscription_stats(uuid, integer) is
  'How an endpoint does, over the last hours, this one included (2,160 at most): attempts by what came of them, success rate, p50 and p95 of the answers in milliseconds, what waits (counted up to 10,000), its breaker. Needs webhooks:read.';
