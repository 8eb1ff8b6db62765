create function private.read_lookup_key(p_lookup_key text, out plan_id text, out kind text, out billing_interval text)
language plpgsql
stable
set search_path = ''
as $$
declare
  v_parts text[] := regexp_match(p_lookup_key, '^millrace_([a-z]+)(_seat)?_(month|year)$');
begin
  if v_parts is not null and exists (select from public.plans p where p.id = v_parts[1]) then
    plan_id := v_parts[1];
    kind := case when v_parts[2] is null then 'base' else 'seat' end;
    billing_interval := v_parts[3];
  elsif p_lookup_key ~ '^millrace_[a-z][a-z0-9_]*$' then
    kind := 'meter';
  end if;
end;
$$;

revoke all on function private.read_lookup_key(text) from public, anon, authenticated, service_role;
comment on function private.read_lookup_key(text) is
  'What a price is for by its lookup key: millrace_<plan>_<month|year> = base, millrace_<plan>_seat_<month|year> = seat, another millrace_<name> = meter. All null = it is none of ours.';

create function engine.put_plan_prices(p_prices jsonb, p_ticket bigint default null) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_ticket bigint := coalesce(p_ticket, nextval('private.billing_tickets'));
  v_rows integer;
begin
  -- One at a time: a lookup key may go from one price to another.
  perform pg_advisory_xact_lock(hashtextextended('millrace.plan_prices', 0));
  -- A key is one price's. Who had it is not sold any more and keeps what it was for: there are subscriptions to it.
  update public.plan_prices p set lookup_key = null, is_active = false
  from jsonb_to_recordset(p_prices) as n (id text, lookup_key text)
  where p.lookup_key = n.lookup_key and p.stripe_price_id <> n.id and p.sync_ticket < v_ticket;
  with named as (
    select n.id, n.lookup_key, n.active, lower(n.currency) as currency, n.unit_amount, r.plan_id, r.kind, r.billing_interval
    from jsonb_to_recordset(p_prices) as n (id text, lookup_key text, active boolean, currency text, unit_amount bigint)
    cross join lateral private.read_lookup_key(n.lookup_key) r
    where r.kind is not null
  )
  insert into public.plan_prices as p
    (stripe_price_id, lookup_key, plan_id, kind, billing_interval, currency, unit_amount, is_active, synced_at, sync_ticket)
  select n.id, n.lookup_key, n.plan_id, n.kind, n.billing_interval, n.currency, n.unit_amount, n.active, private.now(), v_ticket
  from named n
  where not exists (select from public.plan_prices o where o.lookup_key = n.lookup_key and o.stripe_price_id <> n.id)
  on conflict (stripe_price_id) do update set
    lookup_key = excluded.lookup_key, plan_id = excluded.plan_id, kind = excluded.kind,
    billing_interval = excluded.billing_interval, currency = excluded.currency, unit_amount = excluded.unit_amount,
    is_active = excluded.is_active, synced_at = excluded.synced_at, sync_ticket = excluded.sync_ticket
    where p.sync_ticket < excluded.sync_ticket;
  get diagnostics v_rows = row_count;
  return jsonb_build_object('written', v_rows);
end;
$$;

revoke all on function engine.put_plan_prices(jsonb, bigint) from public, anon, authenticated, service_role;
grant execute on function engine.put_plan_prices(jsonb, bigint) to service_role;
comment on function engine.put_plan_prices(jsonb, bigint) is
  'Writes prices as Stripe has them, [{id, lookup_key, active, currency, unit_amount}]; those whose lookup key is none of ours are left out. p_ticket from engine.billing_ticket, taken before they were fetched. Answers {written}.';
