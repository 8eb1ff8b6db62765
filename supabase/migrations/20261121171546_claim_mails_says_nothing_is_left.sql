-- Written by `deno task db:diff` and never edited; change sql/ instead.

set check_function_bodies = off;

drop function "engine"."billing_reconcile_state"();

create or replace function engine.billing_reconcile_state (
  p_ticket bigint default '9223372036854775807'::bigint
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
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
$function$;

create or replace function engine.claim_mails (
  p_provider      text,
  p_limit         integer          default 100,
  p_per_second    double precision default 2,
  p_lease_seconds integer          default 60
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_pace private.mail_pace;
  v_batch_id uuid;
  v_ids uuid[];
  v_next timestamptz;
  v_is_repeated boolean := false;
begin
  -- Senders take turns here, for as long as this statement takes.
  select * into v_pace from private.mail_pace p where p.provider = p_provider for update;
  if v_pace.next_at > v_now then
    return jsonb_build_object('wait_ms', ceil(extract(epoch from v_pace.next_at - v_now) * 1000)::integer);
  end if;

  -- A batch whose sender is gone, or was not answered: the same provider is asked again, under the same key. SMTP knows no
  -- keys: private.keep_mails gives those up.
  select m.batch_id into v_batch_id from public.mails m
  where m.status = 'sending' and m.leased_until <= v_now and m.provider = p_provider and p_provider = 'resend'
  order by m.leased_until limit 1;
  if v_batch_id is null then
    v_ids := private.pick_mails(p_limit, v_pace.last_tenant_id);
    update public.mails m set status = case when m.expires_at <= v_now then 'expired' else 'suppressed' end, ended_at = v_now
    where m.id = any (v_ids) and (m.expires_at <= v_now or private.is_suppressed(m.tenant_id, m.to_address, m.category));
    if found then
      delete from private.mail_data d using public.mails m
      where d.mail_id = any (v_ids) and m.id = d.mail_id and m.status in ('expired', 'suppressed')
        and exists (select 1 from private.mail_templates t where t.name = m.template and t.is_sensitive);
    end if;
    v_batch_id := private.uuid_v7();
    update public.mails m set
      status = 'sending', batch_id = v_batch_id, provider = p_provider, is_unsure = true, attempts = m.attempts + 1,
      leased_until = v_now + make_interval(secs => p_lease_seconds)
    where m.id = any (v_ids) and m.status = 'queued';
    if not found then
      select least(
        (select min(m.scheduled_for) from public.mails m where m.status = 'queued' and m.scheduled_for <= v_now + interval '1 minute'),
        (select min(m.leased_until) from public.mails m where m.status = 'sending' and m.leased_until <= v_now + interval '1 minute')
      ) into v_next;
      return jsonb_build_object('next_ms', case
        when cardinality(v_ids) > 0 then 0
        when v_next is not null then greatest(1000, ceil(extract(epoch from v_next - v_now) * 1000))::integer
      end);
    end if;
  else
    v_is_repeated := true;
    update public.mails m set attempts = m.attempts + 1, leased_until = v_now + make_interval(secs => p_lease_seconds)
    where m.batch_id = v_batch_id and m.status = 'sending';
  end if;
  update private.mail_pace p set
    next_at = v_now + make_interval(secs => 1 / p_per_second),
    last_tenant_id = coalesce((select m.tenant_id from public.mails m where m.id = v_ids[cardinality(v_ids)]), p.last_tenant_id)
  where p.provider = p_provider;
  return private.mail_batch(v_batch_id) || jsonb_build_object('is_repeated', v_is_repeated);
end;
$function$;

create or replace function engine.end_billing_reconcile (
  p_began_at timestamp with time zone
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  insert into private.settings as s (name, value) values ('billing_reconciled_at', p_began_at::text)
  on conflict (name) do update set value = excluded.value, updated_at = private.now();
  delete from private.settings s where s.name = 'billing_reconcile_progress';
end;
$function$;

create or replace function engine.keep_billing_reconcile (
  p_progress jsonb
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
begin
  insert into private.settings as s (name, value) values ('billing_reconcile_progress', p_progress::text)
  on conflict (name) do update set value = excluded.value, updated_at = private.now();
end;
$function$;

create or replace function engine.put_billing (
  p_stripe_customer_id text,
  p_ticket             bigint,
  p_found              jsonb
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
-- p_found: {customer: {…} or absent, subscriptions: [], invoices: [], gone: [ids of invoices], grace_days, reason}, as
-- shared/billing/sync_rows.ts makes it of what Stripe answered.
declare
  v_customer public.billing_customers;
  v_was jsonb;
  v_results jsonb := '[]';
  v_result jsonb;
  v_each jsonb;
begin
  -- The lock of the customer: all that is written of one organization is written one after the other.
  select * into v_customer from public.billing_customers c where c.stripe_customer_id = p_stripe_customer_id for update;
  if not found and p_found #>> '{customer,organization_id}' is not null then
    -- Made at Stripe by us, and the answer lost before it was noted.
    perform engine.put_billing_customer(o.id, p_stripe_customer_id)
    from public.organizations o where o.id::text = p_found #>> '{customer,organization_id}';
    select * into v_customer from public.billing_customers c where c.stripe_customer_id = p_stripe_customer_id for update;
  end if;
  if v_customer.organization_id is null then
    return jsonb_build_object('organization_id', null);
  end if;
  perform private.keep_grace_days((p_found ->> 'grace_days')::integer);

  if p_found -> 'customer' is not null and v_customer.sync_ticket < p_ticket then
    v_was := to_jsonb(v_customer);
    update public.billing_customers c set
      email = case when n.deleted then c.email else left(n.email, 512) end,
      currency = coalesce(n.currency, c.currency), tax_exempt = coalesce(n.tax_exempt, 'none'), balance = coalesce(n.balance, 0),
      delinquent = coalesce(n.delinquent, false), deleted = coalesce(n.deleted, false),
      has_payment_method = coalesce(n.has_payment_method, false), synced_at = private.now(), sync_ticket = p_ticket
    from jsonb_to_record(p_found -> 'customer') as n (
      email text, currency text, tax_exempt text, balance bigint, delinquent boolean, deleted boolean, has_payment_method boolean
    )
    where c.organization_id = v_customer.organization_id
    returning c.* into v_customer;
    v_results := v_results || jsonb_strip_nulls(jsonb_build_object('kind', 'customer', 'id', p_stripe_customer_id,
      'is_new', v_was ->> 'synced_at' is null or null, 'changed', case when v_was ->> 'synced_at' is not null then
        private.changed_columns(v_was, to_jsonb(v_customer)) end));
  end if;
  for v_each in select e.value from jsonb_array_elements(p_found -> 'subscriptions') e loop
    v_result := private.put_subscription(v_customer.organization_id, p_ticket, v_each);
    v_results := v_results || v_result;
  end loop;
  for v_each in select e.value from jsonb_array_elements(p_found -> 'invoices') e loop
    v_result := private.put_invoice(v_customer.organization_id, p_ticket, v_each);
    v_results := v_results || v_result;
  end loop;
  -- Only drafts can be deleted at Stripe.
  delete from public.invoices i
  where i.organization_id = v_customer.organization_id and i.sync_ticket < p_ticket
    and i.stripe_invoice_id in (select g.value from jsonb_array_elements_text(p_found -> 'gone') g);

  perform private.settle_billing(v_customer.organization_id, coalesce(p_found ->> 'reason', 'stripe'));
  return jsonb_build_object(
    'organization_id', v_customer.organization_id,
    'stale', coalesce((select bool_or(r ? 'stale') from jsonb_array_elements(v_results) r), false),
    'results', v_results
  );
end;
$function$;

create or replace function engine.schema_version()
  returns jsonb
  language sql
  immutable
  set search_path to ''
  AS $function$
  select '{"version": "20261121171546", "serves_from": "20261121090449"}'::jsonb;
$function$;

create or replace function private.activity_kinds (
  p_organization_id uuid
)
  returns text[]
  language plpgsql
  stable
  set search_path to ''
  AS $function$
begin
  return array(
    select unnest(k.kinds)
    from (values
      ('org:read', array['organization']),
      ('members:read', array['member', 'invitation']),
      ('flows:read', array['flow', 'workspace', 'schedule']),
      ('runs:read', array['run', 'bulk_operation', 'dead_letter', 'entity']),
      ('webhooks:read', array['webhook_endpoint', 'webhook_subscription']),
      ('keys:read', array['key']),
      ('secrets:read', array['secret']),
      ('billing:read', array['budget'])
    ) as k (permission, kinds)
    where p_organization_id = any (private.organizations_with(k.permission))
  );
end;
$function$;

create or replace function private.activity_thing (
  p_organization_id uuid,
  p_kind            text,
  p_id              text
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_id uuid := case when private.input_is_valid(p_id, 'uuid') then p_id::uuid end;
  v_name text;
begin
  case p_kind
    when 'flow' then
      return (
        select jsonb_build_object('name', t.name, 'is_there', t.deleted_at is null) from public.flows t
        where t.id = v_id and t.organization_id = p_organization_id
      );
    when 'workspace' then
      select t.name into v_name from public.workspaces t where t.id = v_id and t.organization_id = p_organization_id;
    when 'organization' then
      select t.name into v_name from public.organizations t where t.id = v_id and t.id = p_organization_id;
    when 'schedule' then
      select t.name into v_name from public.schedules t where t.id = v_id and t.organization_id = p_organization_id;
    when 'webhook_endpoint' then
      select t.name into v_name from public.webhook_endpoints t where t.id = v_id and t.organization_id = p_organization_id;
    when 'webhook_subscription' then
      return jsonb_build_object('name', null, 'is_there', exists (
        select 1 from public.webhook_subscriptions t where t.id = v_id and t.organization_id = p_organization_id
      ));
    when 'entity' then
      select t.name into v_name from public.entities t where t.id = v_id and t.organization_id = p_organization_id and t.deleted_at is null;
    when 'key' then
      select t.name into v_name from public.api_keys t where t.id = v_id and t.organization_id = p_organization_id;
    when 'secret' then
      select t.name into v_name from public.secrets t where t.id = v_id and t.organization_id = p_organization_id;
    when 'budget' then
      select t.name into v_name from public.budgets t where t.id = v_id and t.organization_id = p_organization_id;
    when 'member' then
      -- Also who has left: the row of the log tells that they were here.
      select coalesce(t.display_name, t.email, '') into v_name from public.profiles t where t.id = v_id;
      return jsonb_build_object('name', nullif(v_name, ''), 'is_there', exists (
        select 1 from public.organization_members m where m.organization_id = p_organization_id and m.user_id = v_id
      ));
    when 'run' then
      return jsonb_build_object('name', null, 'is_there', exists (
        select 1 from public.runs t where t.id = v_id and t.organization_id = p_organization_id
      ));
    when 'bulk_operation' then
      return jsonb_build_object('name', null, 'is_there', exists (
        select 1 from public.bulk_operations t where t.id = v_id and t.organization_id = p_organization_id
      ));
    when 'invitation' then
      return jsonb_build_object('name', null, 'is_there', exists (
        select 1 from public.invitations t where t.id = v_id and t.organization_id = p_organization_id
      ));
    else null;
  end case;
  return jsonb_build_object('name', v_name, 'is_there', v_name is not null);
end;
$function$;

create or replace function private.activity_things_named (
  p_organization_id uuid,
  p_text            text
)
  returns text[]
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_text text := lower(p_text);
begin
  return array(
    select t.id::text
    from (
      select f.id, f.name from public.flows f where f.organization_id = p_organization_id and f.deleted_at is null
      union all select w.id, w.name from public.workspaces w where w.organization_id = p_organization_id
      union all select s.id, s.name from public.schedules s where s.organization_id = p_organization_id
      union all select e.id, e.name from public.webhook_endpoints e where e.organization_id = p_organization_id
      union all select k.id, k.name from public.api_keys k where k.organization_id = p_organization_id
      union all select s.id, s.name from public.secrets s where s.organization_id = p_organization_id
      union all select b.id, b.name from public.budgets b where b.organization_id = p_organization_id
    ) t
    where position(v_text in lower(t.name)) > 0
    limit 1000
  );
end;
$function$;

create or replace function private.call_billing_sync (
  p_key text
)
  returns void
  language plpgsql
  set search_path to ''
  AS $function$
begin
  -- A job that has not begun yet finds this event too, and has no longer to wait for Stripe, which is there: it told this. One
  -- that is at work may have looked already, so there is a next.
  perform private.enqueue_job(null, 'billing.sync', jsonb_build_object('key', p_key), jsonb_build_object(
    'priority', 10, 'max_attempts', 20, 'unique_key', p_key, 'on_conflict', 'replace',
    'concurrency_key', 'billing.sync:' || p_key, 'concurrency_limit', 1
  ));
end;
$function$;

create or replace function private.purge_webhook_events (
  p_limit bigint
)
  returns bigint
  language sql
  set search_path to ''
  AS $function$
  -- Few: an endpoint has a hundred of them at most.
  delete from public.webhook_refusals f
  using public.organizations o
  cross join lateral private.kept_days('webhook_events', o.id) as d (days)
  where f.organization_id = o.id and f.id < private.uuid_v7_floor(private.now() - make_interval(days => d.days));
  delete from private.webhook_refusal_days d where d.day < (private.now() at time zone 'UTC')::date - 40;

  -- Deleted and not dropped: an event is known by its key for as long as it is kept, and no key is unique over partitions.
  with expired as (
    select e.id
    from public.organizations o
    cross join lateral private.kept_days('webhook_events', o.id) as d (days)
    cross join lateral (
      select w.id
      from public.webhook_events w
      where w.organization_id = o.id
        and w.id < private.uuid_v7_floor(private.now() - make_interval(days => d.days))
        and not exists (select 1 from public.runs r where r.id = w.run_id and r.finished_at is null)
      order by w.id limit p_limit
    ) e
    limit p_limit
  ),
  locked as (
    select w.id from expired e join public.webhook_events w on w.id = e.id for update of w skip locked
  ),
  gone as (
    delete from public.webhook_events w using locked l where w.id = l.id returning 1
  )
  select count(*) from gone;
$function$;

comment on column "private"."settings"."name" is 'functions_url = where the edge functions answer; max_workers = how many worker isolates may be awake; schedule_clock_since = since when the clock of schedules ticks, written by each tick; operator_email = who is told when a system task fails; usage_counted_to = the hour up to which usage has been counted; audit_retained_at = when retention last looked at the audit log; request_proof_key = what functions prove by that they sent a request, see engine.set_request_proof_key; billing_grace_days = how many days an organization keeps its plan while it owes; billing_reconciled_at = when the last whole comparison with Stripe began; billing_reconcile_progress = how far the present one has come.';
comment on function "engine"."billing_reconcile_state"(bigint) is 'What the comparison with Stripe begins or goes on with: {events_since = when the one before began, null = never; progress = how far it has come, as engine.keep_billing_reconcile was told, null = it has not begun; is_under_way = somebody noted that within two minutes; live, open = ids of subscriptions that have not ended and of invoices that are not settled, as we have them, and that were last fetched with an older ticket than p_ticket; doubled = the first 50 organizations with two subscriptions that have not ended; leaving = [{id, at_once}], subscriptions of organizations that are to be deleted and that go on: at_once = within a day}.';
comment on function "engine"."end_billing_reconcile"(timestamp with time zone) is 'Notes when a comparison with Stripe that came to its end had begun: the next one looks at the events since.';
comment on function "engine"."keep_billing_reconcile"(jsonb) is 'Notes how far a comparison with Stripe has come, so that the next job can go on with it.';

revoke all on function "engine"."billing_reconcile_state"(bigint) from public;
grant execute on function "engine"."billing_reconcile_state"(bigint) to "service_role";
revoke all on function "engine"."keep_billing_reconcile"(jsonb) from public;
grant execute on function "engine"."keep_billing_reconcile"(jsonb) to "service_role";

reset check_function_bodies;
