create function private.budget_reply(p_budget_id uuid) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select to_jsonb(b) || jsonb_build_object(
      'flow_name', (select f.name from public.flows f where f.id = b.flow_id),
      'currency', case b.meter when 'cost' then 'USD' end,
      'used', coalesce(p.used, private.usage_of_budget(b, s.starts_at)),
      'reserved', coalesce(p.reserved, 0),
      'starts_at', s.starts_at,
      'resets_at', private.budget_end(b.period, s.starts_at)
    )
    from public.budgets b
    cross join lateral (select private.budget_start(b.period, private.now()) as starts_at) s
    left join private.budget_periods p on p.budget_id = b.id and p.starts_at = s.starts_at
    where b.id = p_budget_id
  );
end;
$$;

revoke all on function private.budget_reply(uuid) from public, anon, authenticated, service_role;
comment on function private.budget_reply(uuid) is 'A budget as the API shows it, with what is used of it in the present period.';

create function private.lock_budget(p_budget_id uuid, p_if_version integer) returns public.budgets
language plpgsql
set search_path = ''
as $$
declare
  v_budget public.budgets;
begin
  select * into v_budget from public.budgets b where b.id = p_budget_id;
  -- Asked before any lock: a stranger makes nobody wait.
  perform private.require_permission(v_budget.organization_id, 'billing:write', 'budget');
  perform private.hold_budgets(v_budget.organization_id, true);
  select * into v_budget from public.budgets b where b.id = p_budget_id for no key update;
  perform private.require_permission(v_budget.organization_id, 'billing:write', 'budget');
  if p_if_version is not null and v_budget.version <> p_if_version then
    perform private.fail('version_mismatch', format('The budget has version %s, not %s', v_budget.version, p_if_version), 412);
  end if;
  return v_budget;
end;
$$;

revoke all on function private.lock_budget(uuid, integer) from public, anon, authenticated, service_role;
comment on function private.lock_budget(uuid, integer) is
  'Locks a budget of the caller for a change, and whatever calls are settled of its organization: 404 for strangers, 403 without billing:write, 412 for another version.';

create function public.create_budget(p_organization_id uuid, p_settings jsonb, p_idempotency_key text default null) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_budget public.budgets;
  v_reply jsonb;
  v_bad text;
begin
  perform private.require_permission(p_organization_id, 'billing:write', 'organization');
  v_reply := private.idempotent_reply(p_organization_id, 'create_budget', p_idempotency_key, p_settings);
  if v_reply is not null then
    return v_reply;
  end if;
  if jsonb_typeof(p_settings) is distinct from 'object' then
    perform private.fail('invalid_request', 'The settings of a budget must be an object', 400);
  end if;
  select min(k.name) into v_bad from jsonb_object_keys(p_settings) as k (name)
  where k.name <> all (array['name', 'flow_id', 'meter', 'period', 'amount', 'on_limit', 'is_enabled']);
  if v_bad is not null then
    perform private.fail('invalid_request', format('A budget has no setting %s', left(v_bad, 100)), 400);
  end if;
  perform private.hold_budgets(p_organization_id, true);
  if (select count(*) from public.budgets b where b.organization_id = p_organization_id) >= 100 then
    perform private.fail('conflict', 'An organization has at most 100 budgets', 409);
  end if;
  begin
    v_budget := jsonb_populate_record(null::public.budgets, p_settings);
    if v_budget.flow_id is not null and not exists (
      select from public.flows f
      where f.id = v_budget.flow_id and f.organization_id = p_organization_id and f.deleted_at is null
    ) then
      perform private.fail('not_found', 'No such flow', 404);
    end if;
    insert into public.budgets (organization_id, flow_id, name, meter, period, amount, on_limit, is_enabled, created_by)
    values (
      p_organization_id, v_budget.flow_id, private.check_name(v_budget.name), v_budget.meter, coalesce(v_budget.period, 'month'),
      v_budget.amount,
      coalesce(v_budget.on_limit, case when v_budget.meter in ('runs', 'steps') then 'warn' else 'stop' end),
      coalesce(v_budget.is_enabled, true), private.caller_user_id()
    )
    returning * into v_budget;
  exception
    when data_exception or check_violation or not_null_violation then
      perform private.fail('invalid_request',
        'A setting of the budget is missing or out of range; budgets of runs and steps can only warn', 400);
  end;
  return private.keep_reply(p_organization_id, 'create_budget', p_idempotency_key, private.budget_reply(v_budget.id));
end;
$$;

revoke all on function public.create_budget(uuid, jsonb, text) from public, anon, authenticated, service_role;
grant execute on function public.create_budget(uuid, jsonb, text) to authenticated;
comment on function public.create_budget(uuid, jsonb, text) is
  'Makes a budget: {name, meter, amount, flow_id, period, on_limit, is_enabled}. What was used before in the present period counts. Needs billing:write. Answers it.';

create function public.update_budget(p_budget_id uuid, p_changes jsonb, p_if_version integer default null) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_budget public.budgets := private.lock_budget(p_budget_id, p_if_version);
  v_bad text;
begin
  if jsonb_typeof(p_changes) is distinct from 'object' then
    perform private.fail('invalid_request', 'The settings of a budget must be an object', 400);
  end if;
  select min(k.name) into v_bad from jsonb_object_keys(p_changes) as k (name)
  where k.name <> all (array['name', 'amount', 'on_limit', 'is_enabled']);
  if v_bad is not null then
    perform private.fail('invalid_request', format('The setting %s of a budget cannot be changed', left(v_bad, 100)), 400);
  end if;
  begin
    v_budget := jsonb_populate_record(v_budget, p_changes);
    update public.budgets b set
      name = private.check_name(v_budget.name), amount = v_budget.amount, on_limit = v_budget.on_limit, is_enabled = v_budget.is_enabled
    where b.id = p_budget_id;
  exception
    when data_exception or check_violation or not_null_violation then
      perform private.fail('invalid_request',
        'A setting of the budget is missing or out of range; budgets of runs and steps can only warn', 400);
  end;
  -- Shares are of the new amount: people are told again of those that are passed anew.
  update private.budget_periods p set alerted = case
    when p.used >= v_budget.amount then least(p.alerted, 100)
    when p.used >= v_budget.amount * 0.8 then least(p.alerted, 80)
    when p.used >= v_budget.amount * 0.5 then least(p.alerted, 50)
    else 0
  end
  where p.budget_id = p_budget_id and p.starts_at = private.budget_start(v_budget.period, private.now());
  return private.budget_reply(p_budget_id);
end;
$$;

revoke all on function public.update_budget(uuid, jsonb, integer) from public, anon, authenticated, service_role;
grant execute on function public.update_budget(uuid, jsonb, integer) to authenticated;
comment on function public.update_budget(uuid, jsonb, integer) is
  'Changes name, amount, on_limit or is_enabled of a budget, from the next call on. Needs billing:write; 412 when p_if_version is not its version.';

create function public.delete_budget(p_budget_id uuid, p_if_version integer default null) returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.lock_budget(p_budget_id, p_if_version);
  delete from public.budgets b where b.id = p_budget_id;
end;
$$;

revoke all on function public.delete_budget(uuid, integer) from public, anon, authenticated, service_role;
grant execute on function public.delete_budget(uuid, integer) to authenticated;
comment on function public.delete_budget(uuid, integer) is 'Deletes a budget: it stops nothing more. What was used stays counted. Needs billing:write.';

create function public.get_budget(p_budget_id uuid) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  perform private.require_permission(
    (select b.organization_id from public.budgets b where b.id = p_budget_id), 'billing:read', 'budget');
  return private.budget_reply(p_budget_id);
end;
$$;

revoke all on function public.get_budget(uuid) from public, anon, authenticated, service_role;
grant execute on function public.get_budget(uuid) to authenticated;
comment on function public.get_budget(uuid) is 'A budget with what is used of it. Needs billing:read.';
