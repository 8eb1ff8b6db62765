create function private.alert_budget(p_budget_id uuid, p_starts_at timestamptz, p_at_least smallint default 0) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_budget public.budgets;
  v_period private.budget_periods;
  v_share smallint;
begin
  select * into v_budget from public.budgets b where b.id = p_budget_id;
  select * into v_period from private.budget_periods p where p.budget_id = p_budget_id and p.starts_at = p_starts_at for update;
  if v_period.budget_id is null or not v_budget.is_enabled then
    return;
  end if;
  v_share := greatest(p_at_least, case
    when v_period.used >= v_budget.amount then 100
    when v_period.used >= v_budget.amount * 0.8 then 80
    when v_period.used >= v_budget.amount * 0.5 then 50
    else 0
  end);
  if v_share <= v_period.alerted then
    return;
  end if;
  -- Of several shares that are passed at once only the highest is told.
  update private.budget_periods p set alerted = v_share where p.budget_id = p_budget_id and p.starts_at = p_starts_at;
  perform private.publish_event(v_budget.organization_id, 'budget.reached', jsonb_build_object(
    'id', v_budget.id, 'name', v_budget.name, 'flow_id', v_budget.flow_id, 'meter', v_budget.meter, 'period', v_budget.period,
    'spent', v_period.used, 'limit', v_budget.amount, 'currency', case v_budget.meter when 'cost' then 'usd' end,
    'percent', v_share, 'resets_at', private.budget_end(v_budget.period, p_starts_at)
  ), v_budget.id::text);
  perform private.mail_usage_alert(
    v_budget.organization_id,
    format('the budget %s', v_budget.name),
    -- Money in cents, as the template has it; a mail has no use for less.
    case v_budget.meter when 'cost' then v_period.used / 10000 else v_period.used end,
    case v_budget.meter when 'cost' then greatest(v_budget.amount / 10000, 1) else v_budget.amount end,
    case v_budget.meter when 'cost' then 'USD' end,
    private.budget_end(v_budget.period, p_starts_at),
    case v_budget.on_limit when 'stop' then 'Calls of models that do not fit any more fail.' else 'Nothing is stopped.' end,
    format('%s:%s:%s', v_budget.id, to_char(p_starts_at at time zone 'UTC', 'YYYYMMDD'), v_share)
  );
end;
$$;

revoke all on function private.alert_budget(uuid, timestamptz, smallint) from public, anon, authenticated, service_role;
comment on function private.alert_budget(uuid, timestamptz, smallint) is
  'Tells by event and mail that 50, 80 or 100 percent of a budget are used, each share once a period. p_at_least = a call was stopped, so the share is 100 whatever is settled yet.';

create function private.mail_usage_alert(
  p_organization_id uuid,
  p_metric text,
  p_used bigint,
  p_limit bigint,
  p_currency text,
  p_resets_at timestamptz,
  p_effect text,
  p_key text
) returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.send_mail(p_organization_id, 'usage_alert', p.email, jsonb_build_object(
    'organization', o.name, 'metric', p_metric, 'used', p_used, 'limit', p_limit, 'currency', p_currency,
    'resets_at', p_resets_at, 'effect', p_effect, 'link', '/billing/usage'
  ), p_key || ':' || p.id)
  from public.organizations o
  join public.organization_members m on m.organization_id = o.id and m.role in ('owner', 'admin')
  join public.profiles p on p.id = m.user_id and p.email is not null
  where o.id = p_organization_id and o.suspended_at is null and o.deletes_at is null
  order by p.id;
end;
$$;

revoke all on function private.mail_usage_alert(uuid, text, bigint, bigint, text, timestamptz, text, text) from public, anon, authenticated, service_role;
comment on function private.mail_usage_alert(uuid, text, bigint, bigint, text, timestamptz, text, text) is
  'Mails owners and admins how much of a limit is used, once for each of them and key.';
