create function engine.record_webhook_rejection(p_endpoint_id uuid, p_reason text, p_delivery jsonb default null) returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_organization_id uuid;
  v_last timestamptz;
begin
  select e.organization_id, e.last_rejected_at into v_organization_id, v_last
  from public.webhook_endpoints e where e.id = p_endpoint_id for no key update;
  if not found then
    return;
  end if;
  update public.webhook_endpoints e
  set rejected_count = e.rejected_count + 1, last_rejected_at = v_now, last_rejection = left(p_reason, 200)
  where e.id = p_endpoint_id;
  -- The first of a while is an event. Those that follow it within a minute are only counted.
  if p_reason not like 'invalid_body%' and coalesce(v_last < v_now - interval '1 minute', true) then
    perform private.security_event('signature.refused', v_organization_id,
      jsonb_build_object('endpoint_id', p_endpoint_id, 'reason', left(p_reason, 200)));
  end if;
  if coalesce((p_delivery ->> 'test')::boolean, false) is false then
    insert into private.webhook_refusal_days as d (endpoint_id, day, refused)
    values (p_endpoint_id, (v_now at time zone 'UTC')::date, 1)
    on conflict (endpoint_id, day) do update set refused = d.refused + 1;
  end if;
  -- Ten a minute and the newest hundred: the lock on the endpoint makes both exact. More say nothing new.
  if p_delivery is null or (
    select count(*) from public.webhook_refusals r
    where r.endpoint_id = p_endpoint_id and r.received_at > v_now - interval '1 minute'
  ) >= 10 then
    return;
  end if;
  insert into public.webhook_refusals (
    organization_id, endpoint_id, reason, detail, method, headers, query, body, body_bytes, is_test, received_at
  )
  values (
    v_organization_id, p_endpoint_id, left(split_part(p_reason, ':', 1), 64), left(p_delivery ->> 'detail', 500),
    left(p_delivery ->> 'method', 32), p_delivery -> 'headers', coalesce(p_delivery -> 'query', '{}'),
    substring(decode(p_delivery ->> 'body', 'base64') from 1 for 4096), (p_delivery ->> 'body_bytes')::integer,
    coalesce((p_delivery ->> 'test')::boolean, false), v_now
  );
  delete from public.webhook_refusals r
  where r.endpoint_id = p_endpoint_id and r.id <= (
    select o.id from public.webhook_refusals o where o.endpoint_id = p_endpoint_id order by o.id desc offset 100 limit 1
  );
end;
$$;

revoke all on function engine.record_webhook_rejection(uuid, text, jsonb) from public, anon, authenticated, service_role;
grant execute on function engine.record_webhook_rejection(uuid, text, jsonb) to service_role;
comment on function engine.record_webhook_rejection(uuid, text, jsonb) is
  'Counts a delivery that was refused, and why; a refused signature is a security event as well, once a minute. p_delivery = {detail, method, headers, query, body (base64, its first 4 KiB), body_bytes, test}, kept among the newest hundred refusals of the endpoint, ten a minute at most; null (a receiver of the release before) = nothing of it is kept.';
