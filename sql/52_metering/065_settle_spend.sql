create function engine.settle_spend(p_reservation_id uuid, p_units jsonb) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_call private.spend_reservations;
  v_cost record;
  v_tokens bigint := private.spend_tokens(p_units);
  v_budget record;
  v_used bigint;
begin
  perform private.hold_budgets(r.organization_id) from private.spend_reservations r where r.id = p_reservation_id;
  select * into v_call from private.spend_reservations r where r.id = p_reservation_id for update;
  if not found or v_call.status = 'settled' then
    return '{"settled": false}';
  end if;
  v_cost := private.cost_of(v_call.model, p_units, v_call.created_at);

  -- Also those that were made since; and of those that were reserved from, whatever their flow or state is now.
  perform private.open_budgets(v_call.organization_id, v_call.flow_id, '{cost,ai_tokens}', v_call.created_at);
  update private.budget_periods p set reserved = greatest(p.reserved - r.amount, 0)
  from jsonb_to_recordset(case v_call.status when 'open' then v_call.budgets else '[]' end)
    as r (id uuid, starts_at timestamptz, amount bigint)
  where p.budget_id = r.id and p.starts_at = r.starts_at;
  for v_budget in
    select b.id, b.meter, p.starts_at from public.budgets b
    join private.budget_periods p on p.budget_id = b.id and p.starts_at = private.budget_start(b.period, v_call.created_at)
    where b.organization_id = v_call.organization_id and b.meter in ('cost', 'ai_tokens')
      and (b.flow_id is null or b.flow_id = v_call.flow_id)
    order by b.id
  loop
    v_used := case v_budget.meter when 'cost' then v_cost.micros else v_tokens end;
    if v_used > 0 then
      update private.budget_periods p set used = p.used + v_used
      where p.budget_id = v_budget.id and p.starts_at = v_budget.starts_at;
      perform private.alert_budget(v_budget.id, v_budget.starts_at);
    end if;
  end loop;

  insert into public.usage_details as d (
    organization_id, hour, flow_id, node_id, model, calls, input_tokens, output_tokens, other_units, cost_micros, unpriced_calls
  )
  select v_call.organization_id, date_trunc('hour', v_call.created_at, 'UTC'), v_call.flow_id, v_call.node_id, v_call.model, 1,
    coalesce(sum(u.quantity) filter (where u.unit in ('input_token', 'cached_token')), 0),
    coalesce(sum(u.quantity) filter (where u.unit = 'output_token'), 0),
    coalesce(sum(u.quantity) filter (where u.unit in ('image', 'second', 'character')), 0),
    v_cost.micros, case when v_cost.is_priced then 0 else 1 end
  from private.spend_units(p_units) u
  on conflict (organization_id, hour, flow_id, node_id, model) do update set
    calls = d.calls + 1,
    input_tokens = d.input_tokens + excluded.input_tokens,
    output_tokens = d.output_tokens + excluded.output_tokens,
    other_units = d.other_units + excluded.other_units,
    cost_micros = d.cost_micros + excluded.cost_micros,
    unpriced_calls = d.unpriced_calls + excluded.unpriced_calls;
  update private.spend_reservations r set status = 'settled', ended_at = v_now where r.id = p_reservation_id;
  return jsonb_build_object('settled', true, 'cost_micros', v_cost.micros, 'is_priced', v_cost.is_priced);
end;
$$;

revoke all on function engine.settle_spend(uuid, jsonb) from public, anon, authenticated, service_role;
grant execute on function engine.settle_spend(uuid, jsonb) to service_role;
comment on function engine.settle_spend(uuid, jsonb) is
  'After a call of a model: counts what it used ({unit: quantity}) once, gives back what was reserved, tells people when a share of a budget is reached. Answers {settled, cost_micros, is_priced}; settled false = it was before, and nothing changed.';
