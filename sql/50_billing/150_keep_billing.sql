create function private.keep_billing() returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_organization_id uuid;
  v_key text;
  v_settled integer := 0;
  v_called integer := 0;
  v_forgotten integer;
begin
  -- What no event tells: that the days of grace are over, and that a trial soon is.
  for v_organization_id in
    select s.organization_id
    from public.subscriptions s
    join public.billing_customers c on c.organization_id = s.organization_id
    where s.is_current and (
      s.past_due_since + private.billing_grace() <= v_now and c.entitled_plan_id is not null
      or s.status = 'trialing' and s.trial_end > v_now and s.trial_end <= v_now + interval '3 days' and not s.cancel_at_period_end
        and not exists (
          select from private.billing_notices n where n.kind = 'trial_ending' and n.object_id = s.stripe_subscription_id
            and n.turn = date_part('epoch', s.trial_end)::bigint::text
        )
    )
    order by s.organization_id limit 1000
  loop
    perform private.settle_billing(v_organization_id, 'clock');
    v_settled := v_settled + 1;
  end loop;
  -- Events whose job was given up, or lost with a restored backup.
  for v_key in
    select distinct e.queue_key from private.stripe_events e
    where e.status = 'received' and e.received_at < v_now - interval '2 minutes'
      and not exists (
        select from public.job_queue j
        where j.organization_id = private.platform_id() and j.type = 'billing.sync' and j.unique_key = e.queue_key
      )
    limit 1000
  loop
    perform private.call_billing_sync(v_key);
    v_called := v_called + 1;
  end loop;
  with old as (
    select e.id from private.stripe_events e where e.received_at < v_now - interval '90 days' and e.status <> 'received'
    order by e.received_at limit 5000
  )
  delete from private.stripe_events e where e.id in (select o.id from old o);
  get diagnostics v_forgotten = row_count;
  return jsonb_build_object('settled', v_settled, 'called', v_called, 'forgotten', v_forgotten);
end;
$$;

revoke all on function private.keep_billing() from public, anon, authenticated, service_role;
comment on function private.keep_billing() is
  'The task billing: ends plans whose days of grace are over, mails about trials that end within three days, calls jobs for events that wait without one, forgets events after 90 days. Answers {settled, called, forgotten}.';

create function engine.billing_reconcile_state(p_ticket bigint default 9223372036854775807) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_progress private.settings;
begin
  select * into v_progress from private.settings s where s.name = 'billing_reconcile_progress';
  return jsonb_build_object(
    'events_since', private.setting('billing_reconciled_at'),
    'progress', v_progress.value::jsonb,
    'is_under_way', coalesce(v_progress.updated_at > private.now() - interval '2 minutes', false),
    'live', (
      select coalesce(jsonb_agg(s.stripe_subscription_id order by s.stripe_subscription_id), '[]')
      from public.subscriptions s where s.status not in ('canceled', 'incomplete_expired') and s.sync_ticket < p_ticket
    ),
    'open', (
      select coalesce(jsonb_agg(i.stripe_invoice_id order by i.stripe_invoice_id), '[]')
      from public.invoices i where i.status in ('draft', 'open') and i.sync_ticket < p_ticket
    ),
    'doubled', (
      select coalesce(jsonb_agg(d.organization_id), '[]')
      from (
        select s.organization_id from public.subscriptions s where s.status not in ('canceled', 'incomplete_expired')
        group by s.organization_id having count(*) > 1
        order by s.organization_id limit 50
      ) d
    ),
    'leaving', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'id', s.stripe_subscription_id, 'at_once', o.deletes_at <= private.now() + interval '1 day'
      ) order by s.stripe_subscription_id), '[]')
      from public.subscriptions s join public.organizations o on o.id = s.organization_id and o.deletes_at is not null
      where s.status not in ('canceled', 'incomplete_expired')
        and (s.cancel_at is null and not s.cancel_at_period_end or o.deletes_at <= private.now() + interval '1 day')
    )
  );
end;
$$;

revoke all on function engine.billing_reconcile_state(bigint) from public, anon, authenticated, service_role;
grant execute on function engine.billing_reconcile_state(bigint) to service_role;
comment on function engine.billing_reconcile_state(bigint) is
  'What the comparison with Stripe begins or goes on with: {events_since = when the one before began, null = never; progress = how far it has come, as engine.keep_billing_reconcile was told, null = it has not begun; is_under_way = somebody noted that within two minutes; live, open = ids of subscriptions that have not ended and of invoices that are not settled, as we have them, and that were last fetched with an older ticket than p_ticket; doubled = the first 50 organizations with two subscriptions that have not ended; leaving = [{id, at_once}], subscriptions of organizations that are to be deleted and that go on: at_once = within a day}.';

create function engine.keep_billing_reconcile(p_progress jsonb) returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.settings as s (name, value) values ('billing_reconcile_progress', p_progress::text)
  on conflict (name) do update set value = excluded.value, updated_at = private.now();
end;
$$;

revoke all on function engine.keep_billing_reconcile(jsonb) from public, anon, authenticated, service_role;
grant execute on function engine.keep_billing_reconcile(jsonb) to service_role;
comment on function engine.keep_billing_reconcile(jsonb) is 'Notes how far a comparison with Stripe has come, so that the next job can go on with it.';

create function engine.end_billing_reconcile(p_began_at timestamptz) returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.settings as s (name, value) values ('billing_reconciled_at', p_began_at::text)
  on conflict (name) do update set value = excluded.value, updated_at = private.now();
  delete from private.settings s where s.name = 'billing_reconcile_progress';
end;
$$;

revoke all on function engine.end_billing_reconcile(timestamptz) from public, anon, authenticated, service_role;
grant execute on function engine.end_billing_reconcile(timestamptz) to service_role;
comment on function engine.end_billing_reconcile(timestamptz) is 'Notes when a comparison with Stripe that came to its end had begun: the next one looks at the events since.';
