create function public.get_webhook_stats(p_endpoint_id uuid, p_days integer default 7) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_organization_id uuid;
  v_today date := (private.now() at time zone 'UTC')::date;
  v_from date;
  v_reply jsonb;
begin
  select e.organization_id into v_organization_id from public.webhook_endpoints e where e.id = p_endpoint_id;
  perform private.require_permission(v_organization_id, 'webhooks:read', 'webhook endpoint');
  if p_days is null or p_days < 1 or p_days > 31 then
    perform private.fail('invalid_request', 'The days are 1 to 31', 400);
  end if;
  v_from := v_today - (p_days - 1);

  with events as materialized (
    select e.id, e.run_id, e.status, e.deliveries, e.unsigned, e.is_test, e.replay_of is not null as is_replay,
      e.mapping_error is not null as unmapped, (e.received_at at time zone 'UTC')::date as day
    from public.webhook_events e
    where e.endpoint_id = p_endpoint_id and e.id >= private.uuid_v7_floor(v_from::timestamp at time zone 'UTC')
  ), real as (
    select e.* from events e where not e.is_test and not e.is_replay
  ), days as (
    select d::date as day,
      (select count(*) from real e where e.day = d::date) as kept,
      coalesce((
        select r.refused from private.webhook_refusal_days r where r.endpoint_id = p_endpoint_id and r.day = d::date
      ), 0) as refused
    from generate_series(v_from::timestamp, v_today::timestamp, interval '1 day') d
  ), latest as (
    select e.run_id from real e where e.run_id is not null order by e.id desc limit 1000
  ), outcomes as (
    select count(*) as sampled,
      count(*) filter (where r.status = 'completed') as completed,
      count(*) filter (where r.finished_at is not null and r.status <> 'completed') as failed,
      count(*) filter (where r.finished_at is null) as unfinished
    from latest l
    join public.runs r on r.id = l.run_id
  ), sums as (
    select count(*) as events, count(*) filter (where e.status = 'held') as held,
      coalesce(sum(e.deliveries - 1), 0) as repeated, count(*) filter (where e.unsigned) as unsigned,
      count(*) filter (where e.unmapped) as mapping_errors
    from real e
  )
  select jsonb_build_object(
    'from', v_from, 'to', v_today,
    'events', s.events, 'held', s.held, 'repeated', s.repeated, 'unsigned', s.unsigned,
    'mapping_errors', s.mapping_errors,
    'tests', (select count(*) from events e where e.is_test and not e.is_replay),
    'replays', (select count(*) from events e where e.is_replay),
    'refused', f.refused,
    'acceptance_rate', round(s.events::numeric / nullif(s.events + f.refused, 0), 4),
    'runs', to_jsonb(o),
    'success_rate', round(o.completed::numeric / nullif(o.completed + o.failed, 0), 4),
    'days', f.days
  ) into v_reply
  from sums s
  cross join outcomes o
  cross join (select sum(d.refused) as refused, jsonb_agg(to_jsonb(d) order by d.day) as days from days d) f;
  return v_reply;
end;
$$;

revoke all on function public.get_webhook_stats(uuid, integer) from public, anon, authenticated, service_role;
grant execute on function public.get_webhook_stats(uuid, integer) to authenticated;
comment on function public.get_webhook_stats(uuid, integer) is
  'What came to an endpoint in the last p_days days (1 to 31, UTC, today is one of them) and what became of it: events, refusals, repetitions; how the runs of its latest thousand events ended; rates from 0 to 1, null = nothing to reckon with. Tests and replays are in no rate. Needs webhooks:read.';
