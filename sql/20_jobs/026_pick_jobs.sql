create function private.pick_jobs(
  p_limit integer,
  p_now timestamptz,
  out p_token_ids uuid[],
  out p_job_ids uuid[],
  out p_is_special boolean,
  out p_is_full boolean,
  out p_organization_ids uuid[],
  out p_counts integer[],
  out p_latest timestamptz[],
  out p_empty uuid[],
  out p_is_costly boolean,
  out p_virtual_time bigint
) returns record
language plpgsql
set search_path = ''
-- A plan made while the queue was empty must not read all of it when it is long.
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
  v_queue constant oid := 'public.job_queue'::regclass;
  v_pages bigint := pg_stat_get_xact_blocks_fetched(v_queue);
  -- What is behind by more has been overlooked, and the tick sets it right: see engine.tick.
  v_floor bigint := (select c.last_value from private.job_clock c) - 64000;
  v_width integer := greatest(8, ceil(p_limit / 8.0)::integer);
  v_wanted integer := p_limit;
  v_seen uuid[] := '{}';
  v_done uuid[] := '{}';
  v_skipped uuid[] := '{}';
  v_has_looked boolean := false;
  v_round record;
begin
  p_organization_ids := '{}';
  p_counts := '{}';
  p_latest := '{}';
  p_empty := '{}';
  loop
    with turns as materialized (
      select c.organization_id, c.virtual_time, c.head, c.room,
        least(ceil(v_wanted::double precision * c.weight / sum(c.weight) over ())::integer, c.room) as quota
      from (
        select t.organization_id, t.virtual_time, t.weight,
          case when t.head_until > p_now and t.head <= p_now and not v_has_looked then t.head else '-infinity'::timestamptz end as head,
          case when t.max_running is not null then greatest(0, t.max_running - private.count_running(t.organization_id) - (
            select coalesce(sum(g.taken), 0) from unnest(p_organization_ids, p_counts) g (id, taken) where g.id = t.organization_id
          ))::integer end as room
        from private.job_turns t
        where t.is_active and t.virtual_time >= v_floor and t.organization_id <> all (v_skipped)
        order by t.virtual_time, t.organization_id
        limit v_width
      ) c
    ),
    picked as materialized (
      select c.id, c.is_job, c.is_special, c.priority, c.scheduled_for, t.organization_id
      from (select * from turns order by turns.virtual_time, turns.organization_id) t
      cross join lateral (
        -- Urgent work first; of the ordinary priority only from the head on.
        select * from (
          select j.id, j.run_id is null as is_job, num_nonnulls(j.concurrency_key, j.expires_at) > 0 as is_special,
            j.priority, j.scheduled_for
          from public.job_queue j
          where j.status = 'available' and j.organization_id = t.organization_id and j.priority < 100
            and j.scheduled_for <= p_now and j.id <> all (v_seen)
          order by j.priority, j.scheduled_for
          limit t.quota
          for update skip locked
        ) urgent
        union all
        select * from (
          select j.id, j.run_id is null, num_nonnulls(j.concurrency_key, j.expires_at) > 0, j.priority, j.scheduled_for
          from public.job_queue j
          where j.status = 'available' and j.organization_id = t.organization_id
            and (j.priority, j.scheduled_for) >= (100::smallint, t.head)
            and j.scheduled_for <= p_now and j.id <> all (v_seen)
          order by j.priority, j.scheduled_for
          limit t.quota
          for update skip locked
        ) ordinary
        limit t.quota
      ) c
      limit v_wanted
    ),
    counted as (
      select t.organization_id, t.virtual_time, t.quota, coalesce(p.taken, 0) as taken, p.latest
      from turns t
      left join (
        select k.organization_id, count(*)::integer as taken, max(k.scheduled_for) filter (where k.priority = 100) as latest
        from picked k group by k.organization_id
      ) p on p.organization_id = t.organization_id
    )
    select
      array_agg(n.organization_id) as organizations, array_agg(n.taken) as counts, array_agg(n.latest) as latest,
      array_agg(n.organization_id) filter (where n.taken < n.quota or n.quota = 0) as exhausted,
      array_agg(n.organization_id) filter (where n.taken = 0 and n.quota > 0) as empty,
      min(n.virtual_time) filter (where n.taken > 0) as virtual_time,
      coalesce(sum(n.taken), 0)::integer as taken,
      (select array_agg(k.id) from picked k where not k.is_job) as tokens,
      (select array_agg(k.id) from picked k where k.is_job) as jobs,
      (select bool_or(k.is_special) from picked k where k.is_job) as is_special
    into v_round from counted n;

    p_token_ids := p_token_ids || v_round.tokens;
    p_job_ids := p_job_ids || v_round.jobs;
    p_is_special := coalesce(p_is_special, false) or coalesce(v_round.is_special, false);
    v_wanted := v_wanted - v_round.taken;
    p_virtual_time := coalesce(p_virtual_time, v_round.virtual_time);
    p_organization_ids := p_organization_ids || v_round.organizations;
    p_counts := p_counts || v_round.counts;
    p_latest := p_latest || v_round.latest;
    exit when v_wanted <= 0;
    v_seen := coalesce(p_token_ids, '{}') || coalesce(p_job_ids, '{}');
    p_empty := p_empty || v_round.empty;
    v_done := v_done || v_round.exhausted;
    v_width := least(v_width * 2, 256);
    v_skipped := v_skipped || v_round.organizations;
    continue when v_round.organizations is not null;
    -- All had their share. What is left of the batch goes to those that have more.
    if cardinality(v_skipped) > cardinality(v_done) then
      v_skipped := v_done;
      continue;
    end if;
    -- All that is known of is taken. What is not known of is looked for once.
    exit when v_has_looked or private.find_turns(p_now) is null;
    v_has_looked := true;
    v_done := '{}';
    v_skipped := '{}';
    p_empty := '{}';
  end loop;
  v_pages := pg_stat_get_xact_blocks_fetched(v_queue) - v_pages;
  -- While every claim is full, five times a second.
  if v_wanted <= 0 then
    perform private.find_turns(p_now, 200000);
  end if;
  p_is_full := v_wanted <= 0;
  p_is_costly := v_pages > 100 + p_limit;
end;
$$;

revoke all on function private.pick_jobs(integer, timestamptz) from public, anon, authenticated, service_role;
comment on function private.pick_jobs(integer, timestamptz) is
  'Locks up to p_limit pieces of work that are due, fairly among organizations: those with the least virtual time first, each a share by its weight. Tokens and jobs apart; null = none; p_is_special = a job has a concurrency key or expires; the rest is for private.note_turns. What it costs grows neither with the number of organizations nor with what they have waiting.';

create function private.count_running(p_organization_id uuid) returns integer
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select count(*) from public.job_queue j where j.worker_id is not null and j.organization_id = p_organization_id
  ) + (
    select count(*) from private.job_leases l cross join lateral unnest(l.organization_ids) u (id) where u.id = p_organization_id
  );
end;
$$;

revoke all on function private.count_running(uuid) from public, anon, authenticated, service_role;
comment on function private.count_running(uuid) is
  'How many tokens and jobs of an organization workers hold at this moment, by their leases.';

create function private.note_turns(
  p_now timestamptz,
  p_is_full boolean,
  p_organization_ids uuid[],
  p_counts integer[],
  p_latest timestamptz[],
  p_empty uuid[],
  p_is_costly boolean,
  p_virtual_time bigint
) returns void
language plpgsql
set search_path = ''
-- Left to itself Postgres plans the update anew in every call, which takes as long as the update.
set plan_cache_mode = force_generic_plan
as $$
begin
  -- Nobody was kept waiting, and looking cost little: nothing to write.
  if not p_is_full and not p_is_costly and cardinality(p_empty) <= 64 then
    return;
  end if;
  -- Nobody else has work: what the only one is given keeps nobody waiting.
  if not p_is_costly and cardinality(p_empty) <= 64 and not exists (
    select 1 from private.job_turns t where t.is_active and t.organization_id <> p_organization_ids[1]
  ) then
    return;
  end if;
  -- Locked in one order, and counted afterwards: what another claim has added meanwhile is seen.
  update private.job_turns t set
    virtual_time = t.virtual_time + case when p_is_full then n.taken * 1000 / t.weight else 0 end,
    is_active = t.is_active and not (n.is_empty and cardinality(p_empty) > 64),
    -- Whoever enqueued at this moment may not have committed yet: a tenth of a second back.
    head = case when p_is_costly then greatest(
      least(n.latest, p_now - interval '100 milliseconds'), case when t.head_until > p_now then t.head else '-infinity' end
    ) else t.head end,
    head_until = case when p_is_costly then p_now + interval '1 second' else t.head_until end
  from (
    select l.organization_id, u.taken, u.latest, u.is_empty
    from (
      select g.id, sum(g.taken)::integer as taken, g.id = any (p_empty) as is_empty,
        -- One that gave less than it was asked for has nothing before this moment.
        case when p_is_full and sum(g.taken) > 0 then coalesce(max(g.latest), '-infinity')
          when p_is_full then '-infinity' else p_now end as latest
      from unnest(p_organization_ids, p_counts, p_latest) as g (id, taken, latest)
      group by g.id
    ) u
    join private.job_turns l on l.organization_id = u.id and l.is_active
    where (p_is_full and u.taken > 0) or p_is_costly or (u.is_empty and cardinality(p_empty) > 64)
    order by l.organization_id
    for update of l
  ) n
  where t.organization_id = n.organization_id;
  if p_is_full and p_virtual_time > (select c.last_value from private.job_clock c) then
    perform setval('private.job_clock', p_virtual_time);
  end if;
end;
$$;

revoke all on function private.note_turns(timestamptz, boolean, uuid[], integer[], timestamptz[], uuid[], boolean, bigint) from public, anon, authenticated, service_role;
comment on function private.note_turns(timestamptz, boolean, uuid[], integer[], timestamptz[], uuid[], boolean, bigint) is
  'Part of engine.claim_jobs, and the last: whoever waits here holds all other locks it needs. What each organization was given by private.pick_jobs counts, if others had to wait (p_is_full). Those that had nothing lose their turn when they are many. When the look led over many dead rows (p_is_costly), the next one begins behind them.';
