create function private.open_budgets(p_organization_id uuid, p_flow_id uuid, p_meters text[], p_at timestamptz)
returns table (id uuid, meter text, on_limit text, amount bigint, name text, starts_at timestamptz, used bigint, reserved bigint)
language plpgsql
set search_path = ''
as $$
begin
  -- Who begins a period counts what was used in it before, which must not change meanwhile: see private.hold_budgets.
  insert into private.budget_periods (budget_id, starts_at, used)
  select b.id, s.starts_at, private.usage_of_budget(b, s.starts_at)
  from public.budgets b
  cross join lateral (select private.budget_start(b.period, p_at) as starts_at) s
  where b.organization_id = p_organization_id and b.is_enabled and b.meter = any (p_meters)
    and (b.flow_id is null or b.flow_id = p_flow_id)
    and not exists (select from private.budget_periods p where p.budget_id = b.id and p.starts_at = s.starts_at)
  order by b.id
  on conflict do nothing;

  -- In one order, so that nobody waits for who waits for them.
  return query
    select b.id, b.meter, b.on_limit, b.amount, b.name, p.starts_at, p.used, p.reserved
    from public.budgets b
    join private.budget_periods p on p.budget_id = b.id and p.starts_at = private.budget_start(b.period, p_at)
    where b.organization_id = p_organization_id and b.is_enabled and b.meter = any (p_meters)
      and (b.flow_id is null or b.flow_id = p_flow_id)
    order by b.id
    for update of p;
end;
$$;

revoke all on function private.open_budgets(uuid, uuid, text[], timestamptz) from public, anon, authenticated, service_role;
comment on function private.open_budgets(uuid, uuid, text[], timestamptz) is
  'The budgets in force that concern a flow and these meters, with their periods of that time, locked in the order of their ids.';

create function private.usage_of_budget(p_budget public.budgets, p_starts_at timestamptz) returns bigint
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select coalesce(sum(case p_budget.meter
      when 'cost' then d.cost_micros
      when 'ai_tokens' then d.input_tokens + d.output_tokens
      when 'runs' then d.runs
      else d.steps
    end), 0)
    from public.usage_details d
    where d.organization_id = p_budget.organization_id and d.hour >= p_starts_at
      and d.hour < private.budget_end(p_budget.period, p_starts_at)
      and (p_budget.flow_id is null or d.flow_id = p_budget.flow_id)
  );
end;
$$;

revoke all on function private.usage_of_budget(public.budgets, timestamptz) from public, anon, authenticated, service_role;
comment on function private.usage_of_budget(public.budgets, timestamptz) is 'What was used in a period of what a budget counts, as usage_details has it.';

create function private.hold_budgets(p_organization_id uuid, p_alone boolean default false) returns void
language plpgsql
set search_path = ''
as $$
begin
  if p_alone then
    perform pg_advisory_xact_lock(hashtext('millrace.budgets'), hashtext(p_organization_id::text));
  else
    perform pg_advisory_xact_lock_shared(hashtext('millrace.budgets'), hashtext(p_organization_id::text));
  end if;
end;
$$;

revoke all on function private.hold_budgets(uuid, boolean) from public, anon, authenticated, service_role;
comment on function private.hold_budgets(uuid, boolean) is
  'Calls of an organization are settled side by side; who makes or changes a budget (p_alone) has none of them in between, so that its period begins with exactly what was used.';
