create function private.queue_statistics(p_organization_id uuid, p_minutes integer) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_since timestamptz := date_trunc('minute', v_now) - make_interval(mins => p_minutes - 1);
  v_numbers jsonb;
  v_counts jsonb;
  v_waits jsonb;
begin
  if p_minutes is null or p_minutes not between 1 and 1440 then
    perform private.fail('invalid_request', 'Statistics are of 1 to 1440 minutes', 400);
  end if;
  select coalesce(jsonb_agg(to_jsonb(n)), '[]') into v_numbers from private.queue_numbers(p_organization_id) n;
  select coalesce(jsonb_agg(to_jsonb(c)), '[]') into v_counts from (
    select k.minute, k.type, sum(k.completed)::bigint as completed, sum(k.retried)::bigint as retried, sum(k.dead)::bigint as dead,
      sum(k.busy_ms)::bigint as busy_ms, sum(k.wait_ms)::bigint as wait_ms
    from private.job_counts k
    where k.minute >= v_since and k.minute <= v_now and (p_organization_id is null or k.organization_id = p_organization_id)
    group by k.minute, k.type
  ) c;
  -- From the newest thousand that were kept: exact counts are above.
  select jsonb_build_object(
    'wait_p50_ms', round((percentile_cont(0.5) within group (order by w.ms))::numeric, 1),
    'wait_p95_ms', round((percentile_cont(0.95) within group (order by w.ms))::numeric, 1)
  ) into v_waits
  from (
    select greatest(0, extract(epoch from h.started_at - h.scheduled_for) * 1000)::double precision as ms
    from (
      select i.started_at, i.scheduled_for, i.completed_at from public.job_history i
      where (p_organization_id is null or i.organization_id = p_organization_id)
      order by i.id desc limit 1000
    ) h
    where h.started_at is not null and h.completed_at >= v_since
  ) w;
  return jsonb_build_object(
    'organization_id', p_organization_id,
    'at', v_now,
    'minutes', p_minutes,
    'jobs', private.depth_of((select jsonb_agg(n) from jsonb_array_elements(v_numbers) n where n ->> 'type' <> 'flow.step')) - '{waiting,paused}'::text[],
    'steps', private.depth_of((select jsonb_agg(n) from jsonb_array_elements(v_numbers) n where n ->> 'type' = 'flow.step'))
      - '{blocked,dead_letters}'::text[],
    'throughput', (
      select private.throughput_of(coalesce(sum(c.completed), 0)::bigint, coalesce(sum(c.retried), 0)::bigint,
        coalesce(sum(c.dead), 0)::bigint, sum(c.busy_ms), sum(c.wait_ms)) || v_waits
      from jsonb_to_recordset(v_counts) as c (completed bigint, retried bigint, dead bigint, busy_ms bigint, wait_ms bigint)
    ),
    'types', (
      select coalesce(jsonb_agg(jsonb_build_object('type', y.type) || (private.depth_of(y.numbers) - '{waiting,paused}'::text[]) || y.throughput order by y.type), '[]')
      from (
        select t.type,
          (select jsonb_agg(n) from jsonb_array_elements(v_numbers) n where n ->> 'type' = t.type) as numbers,
          (
            select private.throughput_of(coalesce(sum(c.completed), 0)::bigint, coalesce(sum(c.retried), 0)::bigint,
              coalesce(sum(c.dead), 0)::bigint, sum(c.busy_ms), sum(c.wait_ms))
            from jsonb_to_recordset(v_counts) as c (
              type text, completed bigint, retried bigint, dead bigint, busy_ms bigint, wait_ms bigint
            )
            where c.type = t.type
          ) as throughput
        from (
          select n ->> 'type' as type from jsonb_array_elements(v_numbers || v_counts) n
          where n ->> 'type' <> 'flow.step' group by 1
        ) t
      ) y
    ),
    'series', (
      select jsonb_agg(jsonb_build_object(
        'minute', m.minute, 'completed', coalesce(c.completed, 0), 'retried', coalesce(c.retried, 0), 'dead', coalesce(c.dead, 0)
      ) order by m.minute)
      from generate_series(v_since, date_trunc('minute', v_now), interval '1 minute') m (minute)
      left join (
        select k.minute, sum(k.completed) as completed, sum(k.retried) as retried, sum(k.dead) as dead
        from jsonb_to_recordset(v_counts) as k (minute timestamptz, completed bigint, retried bigint, dead bigint)
        group by k.minute
      ) c on c.minute = m.minute
    )
  );
end;
$$;

revoke all on function private.queue_statistics(uuid, integer) from public, anon, authenticated, service_role;
comment on function private.queue_statistics(uuid, integer) is
  'The numbers of the queue: see public.queue_statistics. p_organization_id null = of all.';

create function public.queue_statistics(p_organization_id uuid, p_minutes integer default 60) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  perform private.require_permission(p_organization_id, 'runs:read', 'organization');
  return private.queue_statistics(p_organization_id, p_minutes);
end;
$$;

revoke all on function public.queue_statistics(uuid, integer) from public, anon, authenticated, service_role;
grant execute on function public.queue_statistics(uuid, integer) to authenticated;
comment on function public.queue_statistics(uuid, integer) is
  'Numbers for a dashboard: jobs and steps = how many are in which state, and how old the oldest due one is; throughput, types and series = what ended in the last p_minutes (1 to 1440), in all, by type and by minute; waits from being due to being begun (p50 and p95 of the newest thousand kept). Needs runs:read.';

create function engine.queue_statistics(p_organization_id uuid default null, p_minutes integer default 60) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_reply jsonb := private.queue_statistics(p_organization_id, p_minutes);
begin
  if p_organization_id is not null then
    return v_reply;
  end if;
  return v_reply || jsonb_build_object(
    'workers', (
      select jsonb_build_object(
        'alive', count(*) filter (where w.is_alive), 'lost', count(*) filter (where not w.is_alive),
        'steps', coalesce(sum(w.steps), 0), 'jobs', coalesce(sum(w.jobs), 0)
      ) from engine.workers w
    ),
    'stuck', (select coalesce(jsonb_object_agg(s.problem, s.count), '{}') from (
      select k.problem, count(*) as count from engine.stuck k group by k.problem
    ) s),
    'organizations', (
      with all_of_them as materialized (select v.* from engine.queue_organizations v),
      ranked as (
        select a.*, row_number() over (order by a.queued desc, a.organization_id) as by_depth,
          row_number() over (order by a.oldest_due_at nulls last, a.organization_id) as by_age
        from all_of_them a
      )
      select jsonb_build_object(
        'deepest', coalesce((
          select jsonb_agg(to_jsonb(r) - '{by_depth,by_age}'::text[] order by r.by_depth) from ranked r
          where r.by_depth <= 20 and r.queued > 0
        ), '[]'),
        'oldest', coalesce((
          select jsonb_agg(to_jsonb(r) - '{by_depth,by_age}'::text[] order by r.by_age) from ranked r
          where r.by_age <= 20 and r.oldest_due_at is not null
        ), '[]')
      )
    )
  );
end;
$$;

revoke all on function engine.queue_statistics(uuid, integer) from public, anon, authenticated, service_role;
grant execute on function engine.queue_statistics(uuid, integer) to service_role;
comment on function engine.queue_statistics(uuid, integer) is
  'public.queue_statistics for operators: null = over all organizations, and besides workers, stuck (problem -> count, see engine.stuck), and the twenty organizations with most due and with the oldest.';
