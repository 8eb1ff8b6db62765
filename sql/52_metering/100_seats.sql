create function private.seats_of(p_organization_id uuid) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'subscription_id', s.stripe_subscription_id, 'item_id', s.stripe_seat_item_id, 'price_id', pp.stripe_price_id,
      'seats', case when s.stripe_seat_item_id is null then 0 else s.seats end,
      'wanted', greatest((
        select count(*) from public.organization_members m where m.organization_id = p_organization_id
      ) - p.included_seats, 0)
    )
    from public.subscriptions s
    join public.organizations o on o.id = s.organization_id and o.deletes_at is null
    join public.plans p on p.id = s.plan_id
    cross join lateral (
      -- The price that is sold now, unless the item has one already.
      select x.stripe_price_id from public.plan_prices x
      where x.kind = 'seat' and x.plan_id = s.plan_id and x.billing_interval = s.billing_interval and x.currency = s.currency
        and x.is_active
      order by x.lookup_key is null, x.stripe_price_id
      limit 1
    ) pp
    where s.organization_id = p_organization_id and s.is_current and s.status in ('trialing', 'active', 'past_due')
  );
end;
$$;

revoke all on function private.seats_of(uuid) from public, anon, authenticated, service_role;
comment on function private.seats_of(uuid) is
  'What the subscription of an organization pays for and should: {subscription_id, item_id, price_id, seats, wanted}; wanted = members beyond those that the plan includes. Null = it has no subscription under way, or its plan has no price of a seat.';

create function engine.get_seats(p_organization_id uuid) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return private.seats_of(p_organization_id);
end;
$$;

revoke all on function engine.get_seats(uuid) from public, anon, authenticated, service_role;
grant execute on function engine.get_seats(uuid) to service_role;
comment on function engine.get_seats(uuid) is 'See private.seats_of.';

create function private.call_seats(p_organization_id uuid) returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_seats jsonb;
begin
  -- One look for those without a subscription, who are most.
  if not exists (select from public.subscriptions s where s.organization_id = p_organization_id and s.is_current) then
    return false;
  end if;
  v_seats := private.seats_of(p_organization_id);
  if v_seats is null or v_seats -> 'seats' = v_seats -> 'wanted' then
    return false;
  end if;
  -- One at work at a time; one that waits sees what there is when it begins.
  perform private.enqueue_job(p_organization_id, 'metering.seats', '{}',
    '{"unique_key": "seats", "concurrency_key": "seats", "priority": 60}');
  return true;
end;
$$;

revoke all on function private.call_seats(uuid) from public, anon, authenticated, service_role;
comment on function private.call_seats(uuid) is
  'Sees to it that a job metering.seats brings the subscription of an organization to the number of its members, where it is not. Whatever happens at the same time calls again: a change of members here, a change of the subscription when it is written.';

create function private.seats_changed() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.call_seats(coalesce(new.organization_id, old.organization_id));
  return null;
end;
$$;

revoke all on function private.seats_changed() from public, anon, authenticated, service_role;
comment on function private.seats_changed() is 'Trigger of public.organization_members and public.subscriptions: private.call_seats.';

create trigger seats after insert or delete on public.organization_members
  for each row execute function private.seats_changed();
create trigger seats after insert or update of seats, status, plan_id, billing_interval, is_current, stripe_seat_item_id on public.subscriptions
  for each row when (new.is_current) execute function private.seats_changed();

create function engine.call_all_seats() returns integer
language plpgsql
security definer
set search_path = ''
as $$
begin
  return (
    select count(*) from public.subscriptions s
    where s.is_current and s.stripe_subscription_id is not null and private.call_seats(s.organization_id)
  );
end;
$$;

revoke all on function engine.call_all_seats() from public, anon, authenticated, service_role;
grant execute on function engine.call_all_seats() to service_role;
comment on function engine.call_all_seats() is
  'Calls private.call_seats for all who have a subscription: for those whose job was given up. Answers how many differ.';
