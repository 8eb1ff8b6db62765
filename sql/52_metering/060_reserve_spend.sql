create function engine.reserve_spend(p_call jsonb) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
-- p_call: {organization_id, flow_id, run_id, node_id, scope, number, job_id, model, units: {unit: quantity}}
declare
  v_call record;
  v_now timestamptz := private.now();
  v_cost record;
  v_tokens bigint;
  v_budget record;
  v_needed bigint;
  v_parts jsonb := '[]';
  v_id uuid;
begin
  select * into v_call from jsonb_to_record(p_call) as c (
    organization_id uuid, flow_id uuid, run_id uuid, node_id text, scope text, number smallint, job_id uuid, model text, units jsonb
  );
  perform private.hold_budgets(v_call.organization_id);
  -- The attempt before this one had a worker that is gone. Waited for here, before any period is locked.
  perform private.release_spend(array(
    select r.id from private.spend_reservations r
    where r.run_id = v_call.run_id and r.node_id = v_call.node_id and r.scope = coalesce(v_call.scope, '')
      and r.number = coalesce(v_call.number, 1) and r.status = 'open'
    for update
  ));
  v_cost := private.cost_of(v_call.model, v_call.units, v_now);
  v_tokens := private.spend_tokens(v_call.units);

  for v_budget in
    select * from private.open_budgets(v_call.organization_id, v_call.flow_id, '{cost,ai_tokens}', v_now)
  loop
    v_needed := case v_budget.meter when 'cost' then v_cost.micros else v_tokens end;
    if v_budget.on_limit = 'stop' then
      if v_budget.meter = 'cost' and not v_cost.is_priced then
        return jsonb_build_object('refused', jsonb_build_object('because', 'no_price', 'id', v_budget.id, 'name', v_budget.name));
      end if;
      if v_budget.used + v_budget.reserved + v_needed > v_budget.amount or v_budget.used >= v_budget.amount then
        -- Full for good only when nothing under way can give anything back.
        if v_budget.reserved = 0 then
          perform private.alert_budget(v_budget.id, v_budget.starts_at, 100::smallint);
        end if;
        return jsonb_build_object('refused', jsonb_build_object(
          'because', 'spent', 'id', v_budget.id, 'name', v_budget.name, 'meter', v_budget.meter, 'limit', v_budget.amount,
          'used', v_budget.used, 'reserved', v_budget.reserved, 'needed', v_needed,
          'resets_at', (select private.budget_end(b.period, v_budget.starts_at) from public.budgets b where b.id = v_budget.id)
        ));
      end if;
    end if;
    v_parts := v_parts || jsonb_build_object('id', v_budget.id, 'starts_at', v_budget.starts_at, 'amount', v_needed);
  end loop;

  -- Nothing is written before all have agreed.
  update private.budget_periods p set reserved = p.reserved + r.amount
  from jsonb_to_recordset(v_parts) as r (id uuid, starts_at timestamptz, amount bigint)
  where p.budget_id = r.id and p.starts_at = r.starts_at and r.amount > 0;
  insert into private.spend_reservations (
    organization_id, flow_id, run_id, node_id, scope, number, job_id, model, units, budgets, created_at
  )
  values (
    v_call.organization_id, v_call.flow_id, v_call.run_id, v_call.node_id, coalesce(v_call.scope, ''),
    coalesce(v_call.number, 1), v_call.job_id, v_call.model, coalesce(v_call.units, '{}'), v_parts, v_now
  )
  returning id into v_id;
  return jsonb_build_object('id', v_id, 'cost_micros', v_cost.micros, 'is_priced', v_cost.is_priced);
end;
$$;

revoke all on function engine.reserve_spend(jsonb) from public, anon, authenticated, service_role;
grant execute on function engine.reserve_spend(jsonb) to service_role;
comment on function engine.reserve_spend(jsonb) is
  'Before a call of a model: reserves what its node estimates, of every budget that concerns it. Answers {id, cost_micros, is_priced}, or {refused: {because: spent | no_price, id, name, …}} and reserves nothing. A reservation of an earlier attempt of the same call is released.';

create function private.spend_tokens(p_units jsonb) returns bigint
language plpgsql
immutable
set search_path = ''
as $$
begin
  return (
    select coalesce(sum(u.quantity), 0) from private.spend_units(p_units) u
    where u.unit in ('input_token', 'cached_token', 'output_token')
  );
end;
$$;

revoke all on function private.spend_tokens(jsonb) from public, anon, authenticated, service_role;
comment on function private.spend_tokens(jsonb) is 'The tokens among the units of a call.';
