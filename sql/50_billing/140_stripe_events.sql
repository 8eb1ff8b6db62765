create function engine.receive_stripe_events(p_events jsonb) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
-- p_events: [{id, type, created_at, kind, object_id, customer_id, queue_key, payload (base64), recovered, ignored}]
declare
  v_new text[];
  v_key text;
begin
  with given as (
    select distinct on (n.id) n.* from jsonb_to_recordset(p_events) as n (
      id text, type text, created_at timestamptz, kind text, object_id text, customer_id text, queue_key text, payload text,
      recovered boolean, ignored text
    )
    order by n.id
  ), kept as (
    insert into private.stripe_events
      (id, type, created_at, received_at, kind, object_id, stripe_customer_id, queue_key, organization_id, payload, is_recovered,
        status, error, processed_at)
    select g.id, g.type, g.created_at, private.now(), g.kind, g.object_id, g.customer_id, g.queue_key,
      (select c.organization_id from public.billing_customers c where c.stripe_customer_id = g.customer_id),
      decode(g.payload, 'base64'), coalesce(g.recovered, false),
      case when g.ignored is null then 'received' else 'ignored' end, g.ignored,
      case when g.ignored is not null then private.now() end
    from given g
    on conflict (id) do nothing
    returning id, queue_key, status
  )
  select array_agg(k.id order by k.id) into v_new from kept k;
  for v_key in
    select distinct e.queue_key from private.stripe_events e where e.id = any (v_new) and e.status = 'received'
  loop
    perform private.call_billing_sync(v_key);
  end loop;
  return jsonb_build_object('new', coalesce(to_jsonb(v_new), '[]'));
end;
$$;

revoke all on function engine.receive_stripe_events(jsonb) from public, anon, authenticated, service_role;
grant execute on function engine.receive_stripe_events(jsonb) to service_role;
comment on function engine.receive_stripe_events(jsonb) is
  'Keeps events of Stripe, each once, and calls a job for each customer that there is something new of, in one transaction. Answers {new: [ids]}: those that were not there.';

create function private.call_billing_sync(p_key text) returns void
language plpgsql
set search_path = ''
as $$
begin
  -- A job that has not begun yet finds this event too, and has no longer to wait for Stripe, which is there: it told this. One
  -- that is at work may have looked already, so there is a next.
  perform private.enqueue_job(null, 'billing.sync', jsonb_build_object('key', p_key), jsonb_build_object(
    'priority', 10, 'max_attempts', 20, 'unique_key', p_key, 'on_conflict', 'replace',
    'concurrency_key', 'billing.sync:' || p_key, 'concurrency_limit', 1
  ));
end;
$$;

revoke all on function private.call_billing_sync(text) from public, anon, authenticated, service_role;
comment on function private.call_billing_sync(text) is 'Calls a job that works off the events with this key, one at a time.';

create function engine.take_stripe_events(p_key text, p_limit integer default 200) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
      'id', t.id, 'type', t.type, 'kind', t.kind, 'object_id', t.object_id, 'customer_id', t.stripe_customer_id
    ) order by t.received_at, t.id), '[]')
    from (
      select e.* from private.stripe_events e
      where e.queue_key = p_key and e.status = 'received' order by e.received_at, e.id limit p_limit
    ) t
  );
end;
$$;

revoke all on function engine.take_stripe_events(text, integer) from public, anon, authenticated, service_role;
grant execute on function engine.take_stripe_events(text, integer) to service_role;
comment on function engine.take_stripe_events(text, integer) is
  'The events with this key that wait, oldest first: [{id, type, kind, object_id, customer_id}]. Nothing is claimed: who works them off twice writes the same.';

create function engine.end_stripe_events(p_events jsonb) returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  update private.stripe_events e set
    status = n.status, error = left(n.error, 2000), organization_id = coalesce(o.id, e.organization_id),
    processed_at = case when n.status <> 'received' then private.now() end
  from jsonb_to_recordset(p_events) as n (id text, status text, error text, organization_id uuid)
  left join public.organizations o on o.id = n.organization_id
  where e.id = n.id and e.status = 'received';
end;
$$;

revoke all on function engine.end_stripe_events(jsonb) from public, anon, authenticated, service_role;
grant execute on function engine.end_stripe_events(jsonb) to service_role;
comment on function engine.end_stripe_events(jsonb) is
  'Notes what became of events: [{id, status: done, failed, ignored, or received = it waits on, error, organization_id}].';
