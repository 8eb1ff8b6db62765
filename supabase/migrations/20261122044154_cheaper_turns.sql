-- Written by `deno task db:diff` and never edited; change sql/ instead.

set check_function_bodies = off;

alter table "private"."job_turns"
  drop constraint "job_turns_weight_check";

drop function "private"."advance_clock"(bigint);

drop function "private"."note_turns"(timestamp with time zone, boolean, uuid[], integer[], timestamp
  with time zone[], uuid[], boolean, boolean, bigint, boolean);

drop function "private"."pick_jobs"(integer, timestamp with time zone, boolean);

drop function "private"."pick_more_jobs"(integer, timestamp
  with time zone,
  boolean,
  uuid[], boolean, uuid[], uuid[], tid[], boolean, uuid[], integer[], timestamp with time zone[], uuid[], bigint);

create or replace function engine.claim_jobs (
  p_worker_id uuid,
  p_limit     integer default 10,
  p_kind      text    default 'worker'::text,
  p_run_id    uuid    default null::uuid,
  p_listens   boolean default null::boolean
)
  returns json
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_picked record;
  v_is_listening boolean;
  v_is_noted boolean;
  v_ids uuid[];
  v_job_ids uuid[];
  v_reply json := '[]';
begin
  -- Nobody is told of a claim but its worker. One that a crash of Postgres forgets was never made: the work is where it was,
  -- and what comes later of that worker is refused. So it does not wait for the disk.
  perform set_config('synchronous_commit', 'off', true);
  v_is_listening := private.keep_worker(p_worker_id, p_kind);

  if p_run_id is not null then
    select array_agg(c.id) into v_ids from (
      select j.id from public.job_queue j
      where j.run_id = p_run_id and j.status = 'available' and j.scheduled_for <= v_now
      order by j.id limit p_limit
      for update skip locked
    ) c;
  else
    if p_listens is null then
      -- A worker of the release before there were jobs: it would give all that it claimed back if one were among it.
      v_picked := private.pick_jobs(p_limit + 1000, v_now, true);
      v_ids := v_picked.p_token_ids[1:p_limit];
    else
      -- A worker that listens asks once a second, and has found nothing until now.
      v_picked := private.pick_jobs(p_limit, v_now, not v_is_listening);
      v_ids := v_picked.p_token_ids;
      v_job_ids := v_picked.p_job_ids;
    end if;
    -- Who finds nothing is told when there is something; from then on whoever enqueues need not say so.
    if v_is_listening <> (coalesce(p_listens, false) and v_ids is null and v_job_ids is null) then
      update private.workers w set is_listening = not v_is_listening where w.id = p_worker_id;
    end if;
  end if;
  if v_job_ids is not null then
    v_reply := private.lease_jobs(p_worker_id, v_job_ids, v_picked.p_job_places, v_picked.p_is_special, v_now);
  end if;
  if v_ids is not null then
    v_ids := private.begin_tokens(p_worker_id, v_ids, v_now);
  end if;
  -- Last, because claims wait for each other here: whoever does has all the locks it needs.
  if p_run_id is null then
    if v_picked.p_others_wait or v_picked.p_is_costly or v_picked.p_are_many then
      -- An expression: as a query it would cost as much again.
      v_is_noted := private.note_turns(
        v_now, v_picked.p_is_full, v_picked.p_others_wait, v_picked.p_organization_ids, v_picked.p_latest, v_picked.p_empty,
        v_picked.p_are_many, v_picked.p_is_costly, v_picked.p_virtual_time, v_picked.p_has_looked
      );
    end if;
  end if;
  if v_ids is null then
    return v_reply;
  end if;
  return case when v_job_ids is null then private.job_reply(v_ids) else private.job_reply(v_ids) || v_reply::jsonb end::json;
end;
$function$;

create or replace function engine.schema_version()
  returns jsonb
  language sql
  immutable
  set search_path to ''
  AS $function$
  select '{"version": "20261122044154", "serves_from": "20261121090449"}'::jsonb;
$function$;

create or replace function private.note_turns (
  p_now              timestamp with time zone,
  p_is_full          boolean,
  p_others_wait      boolean,
  p_organization_ids uuid[],
  p_latest           timestamp with time zone[],
  p_empty            uuid[],
  p_are_many         boolean,
  p_is_costly        boolean,
  p_virtual_time     bigint,
  p_has_looked       boolean
)
  returns boolean
  language plpgsql
  set search_path to ''
  set plan_cache_mode to 'force_generic_plan'
  set enable_seqscan to 'off'
  set enable_bitmapscan to 'off'
  set enable_hashjoin to 'off'
  set enable_mergejoin to 'off'
  set jit to 'off'
  AS $function$
declare
  -- A claim that has looked for organizations may hold their turns, in no order with these: whoever waits for one of them may
  -- hold what this one would wait for. Some of what it took is counted for nobody then.
  v_waits constant boolean := p_others_wait and not p_has_looked;
  v_free uuid[];
begin
  if p_others_wait then
    -- Organizations that come back begin at this virtual time from now on. It never goes back.
    perform setval('private.job_clock', p_virtual_time) from private.job_clock c where c.last_value < p_virtual_time;
  end if;
  if v_waits and not p_is_costly and not p_are_many then
    -- In the order of the key, whichever way it is read, as all who wait here.
    update private.job_turns t set
      virtual_time = t.virtual_time + cardinality(array_positions(p_organization_ids, t.organization_id)) * 1000 / t.weight
    where t.organization_id = any (p_organization_ids);
    return found;
  end if;
  if not v_waits then
    -- Where nothing counts it only makes the next look cheaper: no reason to wait either.
    select array_agg(l.organization_id) into v_free from (
      select t.organization_id from private.job_turns t
      where t.organization_id = any (p_organization_ids || p_empty) and t.is_active
      for update skip locked
    ) l;
  end if;
  with locked as materialized (
    -- In one order, and counted afterwards: what another claim has added meanwhile is seen.
    select t.organization_id from private.job_turns t
    where v_waits and t.organization_id = any (p_organization_ids || p_empty) and t.is_active
    order by t.organization_id
    for update
  )
  update private.job_turns t set
    virtual_time = t.virtual_time + case when p_others_wait then n.taken * 1000 / t.weight else 0 end,
    is_active = not (n.is_empty and p_are_many),
    -- Whoever enqueued at this moment may not have committed yet: a tenth of a second back.
    head = case when p_is_costly then greatest(
      least(n.latest, p_now - interval '100 milliseconds'), case when t.head_until > p_now then t.head else '-infinity' end
    ) else t.head end,
    head_until = case when p_is_costly then p_now + interval '1 second' else t.head_until end
  from (
    select g.id, count(*) filter (where not g.is_empty)::integer as taken, bool_and(g.is_empty) as is_empty,
      -- One that gave less than it was asked for has nothing before this moment.
      case when not p_is_full then p_now else coalesce(max(g.latest), '-infinity') end as latest
    from (
      select u.id, u.latest, false as is_empty from unnest(p_organization_ids, p_latest) u (id, latest)
      union all
      select e.id, null, true from unnest(p_empty) e (id)
    ) g
    where v_waits or g.id = any (v_free)
    group by g.id
  ) n
  where (select count(*) from locked) >= 0 -- they are locked first
    and t.organization_id = n.id and t.is_active and (n.taken > 0 or p_is_costly or (n.is_empty and p_are_many));
  return found;
end;
$function$;

create or replace function private.pick_jobs (
  p_limit integer,
  p_now   timestamp with time zone,
  p_looks boolean,
  OUT     p_token_ids uuid[],
  OUT     p_job_ids uuid[],
  OUT     p_job_places tid[],
  OUT     p_is_special boolean,
  OUT     p_is_full boolean,
  OUT     p_others_wait boolean,
  OUT     p_organization_ids uuid[],
  OUT     p_latest timestamp with time zone[],
  OUT     p_empty uuid[],
  OUT     p_are_many boolean,
  OUT     p_is_costly boolean,
  OUT     p_virtual_time bigint,
  OUT     p_has_looked boolean
)
  returns record
  language plpgsql
  set search_path to ''
  set plan_cache_mode to 'force_generic_plan'
  set enable_seqscan to 'off'
  set enable_bitmapscan to 'off'
  set jit to 'off'
  AS $function$
-- Every claim pays for what stands here, and Postgres prepares each expression and each aggregate anew in every transaction:
-- few are best.
declare
  v_queue constant oid := 'public.job_queue'::regclass;
  -- Organizations that the first look knows of.
  v_width constant integer := 8;
  v_known_ids uuid[];
  v_times bigint[];
  v_weights smallint[];
  v_weight double precision;
  v_known integer;
  v_plain integer;
  v_pages bigint;
  v_rest_us double precision;
  v_part record;
  v_quota integer;
  v_taken integer := 0;
  v_done uuid[];
begin
  select array_agg(t.organization_id), array_agg(t.virtual_time), array_agg(t.weight), sum(t.weight), count(*),
    -- Those that have neither a head nor a limit, which are nearly all, before the first that has.
    coalesce(array_position(
      array_agg(t.max_running is null and (t.head_until > p_now and t.head <= p_now) is not true), false
    ) - 1, count(*)),
    pg_stat_get_xact_blocks_fetched(v_queue),
    date_part('epoch', clock_timestamp()) * 1000000 - (select n.last_value from private.next_discovery n),
    false, false
  into v_known_ids, v_times, v_weights, v_weight, v_known, v_plain, v_pages, v_rest_us, p_are_many, p_has_looked from (
    select o.organization_id, o.virtual_time, o.weight, o.head, o.head_until, o.max_running from private.job_turns o
    -- What is behind by more has been overlooked, and the sweep sets it right: private.sweep_jobs.
    where o.is_active and o.virtual_time >= (select c.last_value - 64000 from private.job_clock c)
    order by o.virtual_time, o.organization_id
    limit v_width
  ) t;
  -- A small query costs half of the general one.
  if v_plain > 0 and v_known = v_width and p_limit > v_width then
    -- Where many wait, each has a whole batch in turn, which touches the fewest pages.
    select array_agg(c.id) filter (where not c.is_job), array_agg(c.id) filter (where c.is_job),
      array_agg(c.place) filter (where c.is_job), bool_or(c.is_special) filter (where c.is_job), array_agg(c.organization_id)
    into p_token_ids, p_job_ids, p_job_places, p_is_special, p_organization_ids
    from (
      select c.id, c.place, c.is_job, c.is_special, o.id as organization_id
      from unnest(v_known_ids[1:v_plain]) o (id)
      cross join lateral (
        select j.id, j.ctid as place, j.run_id is null as is_job, num_nonnulls(j.concurrency_key, j.expires_at) > 0 as is_special
        from public.job_queue j
        where j.status = 'available' and j.organization_id = o.id and j.scheduled_for <= p_now
        order by j.priority, j.scheduled_for
        limit p_limit
        for update skip locked
      ) c
      limit p_limit
    ) c;
    v_taken := coalesce(cardinality(p_organization_ids), 0);
    if v_taken < p_limit then
      v_done := v_known_ids[1:v_plain];
      p_empty := array(select u.id from unnest(v_done) u (id) where (u.id = any (p_organization_ids)) is not true);
    end if;
  else
    -- Few share it. And a small batch is for a worker with little room, whose work takes long.
    for v_place in 1 .. v_plain loop
      v_quota := ceil((p_limit - v_taken) * v_weights[v_place] / v_weight);
      exit when v_quota = 0;
      v_weight := v_weight - v_weights[v_place];
      select array_agg(c.id) filter (where not c.is_job) as tokens, array_agg(c.id) filter (where c.is_job) as jobs,
        array_agg(c.place) filter (where c.is_job) as places, bool_or(c.is_special) filter (where c.is_job) as is_special,
        count(*)::integer as taken
      into v_part from (
        select j.id, j.ctid as place, j.run_id is null as is_job, num_nonnulls(j.concurrency_key, j.expires_at) > 0 as is_special
        from public.job_queue j
        where j.status = 'available' and j.organization_id = v_known_ids[v_place] and j.scheduled_for <= p_now
        order by j.priority, j.scheduled_for
        limit v_quota
        for update skip locked
      ) c;
      if v_part.taken > 0 then
        p_token_ids := p_token_ids || v_part.tokens;
        p_job_ids := p_job_ids || v_part.jobs;
        p_job_places := p_job_places || v_part.places;
        p_is_special := p_is_special or v_part.is_special;
        p_organization_ids := p_organization_ids || array_fill(v_known_ids[v_place], array[v_part.taken]);
        v_taken := v_taken + v_part.taken;
      else
        p_empty := p_empty || v_known_ids[v_place];
      end if;
      if v_part.taken < v_quota then
        v_done := v_done || v_known_ids[v_place];
      end if;
    end loop;
  end if;
  p_virtual_time := v_times[array_position(v_known_ids, p_organization_ids[1])];
  if v_taken < p_limit then
    -- What a batch that is not full costs more is worth it, unless it brings all there is and somebody waits for that.
    if v_taken = 0 or v_known = v_width or coalesce(cardinality(v_done), 0) < v_known or (p_looks and v_rest_us >= 1000000) then
      select m.* into p_token_ids, p_job_ids, p_job_places, p_is_special, p_organization_ids, p_empty, p_virtual_time, p_has_looked
      from private.pick_more_jobs(
        p_limit, p_now, p_looks, v_known_ids[1:v_plain], v_done,
        v_known = v_width or coalesce(cardinality(v_done), 0) < v_known,
        p_token_ids, p_job_ids, p_job_places, p_is_special, p_organization_ids, p_empty, p_virtual_time
      ) m;
      v_taken := coalesce(cardinality(p_organization_ids), 0);
    end if;
    -- Looking at those that have nothing has become dear, sooner while others wait.
    p_are_many := coalesce(cardinality(p_empty), 0) > case when v_taken < p_limit then 64 else 8 end;
  end if;
  p_is_full := v_taken >= p_limit;
  -- While nobody else has work, what the only one is given keeps nobody waiting.
  p_others_wait := p_is_full and (v_known > 1 or p_organization_ids[p_limit] <> p_organization_ids[1]);
  p_is_costly := pg_stat_get_xact_blocks_fetched(v_queue) - v_pages > 100 + 3 * p_limit;
  if p_is_costly and v_taken > 0 then
    select array_agg(j.organization_id), array_agg(case when j.priority = 100 then j.scheduled_for end)
    into p_organization_ids, p_latest from public.job_queue j where j.id = any (p_token_ids || p_job_ids);
  end if;
  -- While every claim is full, five times a second.
  if p_is_full and v_rest_us >= 200000 then
    p_has_looked := private.find_turns(p_now, 200000) is not null or p_has_looked;
  end if;
end;
$function$;

create or replace function private.pick_more_jobs (
  p_limit    integer,
  p_now      timestamp with time zone,
  p_looks    boolean,
  p_looked   uuid[],
  p_done     uuid[],
  p_are_more boolean,
  INOUT      p_token_ids uuid[],
  INOUT      p_job_ids uuid[],
  INOUT      p_job_places tid[],
  INOUT      p_is_special boolean,
  INOUT      p_organization_ids uuid[],
  INOUT      p_empty uuid[],
  INOUT      p_virtual_time bigint,
  OUT        p_has_looked boolean
)
  returns record
  language plpgsql
  set search_path to ''
  set plan_cache_mode to 'force_generic_plan'
  set enable_seqscan to 'off'
  set enable_bitmapscan to 'off'
  set jit to 'off'
  AS $function$
declare
  v_wanted integer := p_limit - coalesce(cardinality(p_organization_ids), 0);
  -- Organizations a look.
  v_width integer := case when p_looked <> '{}' then 16 when p_limit <= 8 then 8
    else least(8, greatest(3, ceil(p_limit / 8.0)::integer)) end;
  v_are_more boolean := p_are_more;
  v_seen uuid[] := coalesce(p_token_ids, '{}') || coalesce(p_job_ids, '{}');
  v_looked uuid[] := coalesce(p_looked, '{}');
  v_done uuid[] := coalesce(p_done, '{}');
  v_has_looked boolean := false;
  v_has_heads boolean := false;
  v_found integer;
  v_round record;
begin
  p_has_looked := false;
  loop
    if v_are_more then
      -- What is left of the batch goes to those that have more, the least virtual time first.
      with turns as materialized (
        select c.organization_id, c.virtual_time, c.head, c.room,
          least(ceil(v_wanted::double precision * c.weight / sum(c.weight) over ())::integer, c.room) as quota
        from (
          select n.organization_id, n.virtual_time, n.weight,
            case when n.head_until > p_now and n.head <= p_now and not v_has_looked then n.head else '-infinity'::timestamptz end as head,
            case when n.max_running is not null then
              greatest(0, n.max_running - private.count_running(n.organization_id) - n.taken)::integer
            end as room
          from (
            (
              select t.organization_id, t.virtual_time, t.weight, t.head, t.head_until, t.max_running, 0 as taken
              from private.job_turns t
              where t.is_active and t.virtual_time >= (select c.last_value - 64000 from private.job_clock c) and t.organization_id <> all (v_looked)
              order by t.virtual_time, t.organization_id
              limit v_width
            )
            union all
            -- Those that had something in this claim and have more, at what that made of their time.
            select t.organization_id, t.virtual_time + g.taken * 1000 / t.weight, t.weight, t.head, t.head_until, t.max_running, g.taken
            from (
              select u.id, count(*)::integer as taken from unnest(p_organization_ids) u (id)
              where u.id <> all (v_done) group by u.id
            ) g
            join private.job_turns t on t.organization_id = g.id
          ) n
          order by n.virtual_time, n.organization_id
          limit v_width
        ) c
      ),
      picked as materialized (
        select c.id, c.place, c.is_job, c.is_special, t.organization_id
        from (select * from turns order by turns.virtual_time, turns.organization_id) t
        cross join lateral (
          -- Urgent work first; of the ordinary priority only from the head on.
          select * from (
            select j.id, j.ctid as place, j.run_id is null as is_job, num_nonnulls(j.concurrency_key, j.expires_at) > 0 as is_special
            from public.job_queue j
            where t.head > '-infinity' and j.status = 'available' and j.organization_id = t.organization_id and j.priority < 100
              and j.scheduled_for <= p_now and j.id <> all (v_seen)
            order by j.priority, j.scheduled_for
            limit t.quota
            for update skip locked
          ) urgent
          union all
          select * from (
            select j.id, j.ctid, j.run_id is null, num_nonnulls(j.concurrency_key, j.expires_at) > 0
            from public.job_queue j
            where j.status = 'available' and j.organization_id = t.organization_id
              and (j.priority, j.scheduled_for) >= (case when t.head > '-infinity' then 100 else -32768 end::smallint, t.head)
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
        select t.organization_id, t.virtual_time, t.quota, t.head > '-infinity' as has_head, coalesce(p.taken, 0) as taken
        from turns t
        left join (
          select k.organization_id, count(*)::integer as taken from picked k group by k.organization_id
        ) p on p.organization_id = t.organization_id
      )
      select * into v_round from (
        select
          array_agg(n.organization_id) as organizations,
          array_agg(n.organization_id) filter (where n.taken < n.quota or n.quota = 0) as exhausted,
          array_agg(n.organization_id) filter (where n.taken = 0 and n.quota > 0) as empty,
          bool_or(n.has_head) as has_heads,
          min(n.virtual_time) filter (where n.taken > 0) as virtual_time, coalesce(sum(n.taken), 0)::integer as taken
        from counted n
      ) o, (
        select
          array_agg(k.organization_id) as takers, array_agg(k.id) filter (where not k.is_job) as tokens, array_agg(k.id) filter (where k.is_job) as jobs,
          array_agg(k.place) filter (where k.is_job) as places, bool_or(k.is_special) filter (where k.is_job) as is_special
        from picked k
      ) w;
      p_token_ids := p_token_ids || v_round.tokens;
      p_job_ids := p_job_ids || v_round.jobs;
      p_job_places := p_job_places || v_round.places;
      p_is_special := p_is_special or coalesce(v_round.is_special, false);
      v_wanted := v_wanted - v_round.taken;
      p_virtual_time := coalesce(p_virtual_time, v_round.virtual_time);
      p_organization_ids := p_organization_ids || v_round.takers;
      v_looked := v_looked || v_round.organizations;
      exit when v_wanted <= 0;
      v_seen := coalesce(p_token_ids, '{}') || coalesce(p_job_ids, '{}');
      p_empty := p_empty || v_round.empty;
      v_done := v_done || v_round.exhausted;
      v_has_heads := v_has_heads or coalesce(v_round.has_heads, false);
      -- Unless that was everybody, and none has more.
      v_are_more := cardinality(v_round.organizations) = v_width
        or cardinality(v_round.organizations) > coalesce(cardinality(v_round.exhausted), 0);
    else
      -- All that is known of is taken. What is not known of, or was passed over, is looked for once; by a claim that brings
      -- something, for which somebody waits, only when nobody has looked for a second.
      exit when v_has_looked or (v_wanted < p_limit and not p_looks);
      v_found := private.find_turns(p_now, case when v_wanted < p_limit then 1000000 else 0 end);
      -- Also one that gave no turn may hold some: it may have been too late.
      p_has_looked := v_found is not null;
      exit when v_found is null or (v_found = 0 and not v_has_heads);
      v_has_looked := true;
      v_are_more := true;
      v_done := '{}';
      p_empty := '{}';
    end if;
    v_width := least(v_width * 2, 256);
  end loop;
end;
$function$;

comment on column "private"."job_turns"."weight" is 'queue_weight of its plan, as of the last look; above 0, which public.plans checks: a check here would be read and compiled anew in every claim.';

comment on function "private"."note_turns"(timestamp with time zone, boolean, boolean, uuid[], timestamp
  with time zone[], uuid[], boolean, boolean, bigint, boolean) is 'Part of engine.claim_jobs, and the last: whoever waits here holds all other locks it needs. What each organization was given by private.pick_jobs counts, if others have to wait (p_others_wait). Those that had nothing (p_empty) lose their turn when they are many (p_are_many). When the look led over many dead rows (p_is_costly), the next one begins behind them. p_has_looked = the claim has looked for organizations itself (private.find_turns) and may hold their turns, so it waits for nobody here.';

comment on function "private"."pick_jobs"(integer, timestamp with time zone, boolean) is 'Locks up to p_limit pieces of work that are due, fairly among organizations: those with the least virtual time first. Tokens and jobs apart, null = none; p_job_places = where the jobs lie; p_is_special = a job has a concurrency key or expires; p_organization_ids = whose they are, an entry for each piece; the rest is for private.note_turns. p_looks = should it bring something, it may still look for what nobody has announced; a worker that has found nothing within a second has looked. What it costs grows neither with the number of organizations nor with what they have waiting.';

comment on function "private"."pick_more_jobs"(integer, timestamp
  with time zone,
  boolean,
  uuid[], uuid[], boolean, uuid[], uuid[], tid[], boolean, uuid[], uuid[], bigint) is 'Part of private.pick_jobs, whose first look did not fill the batch: goes on with what that has picked, to organizations with heads and limits, to ever more of them, and to what nobody has announced (p_looks as in private.pick_jobs). p_looked = those it has been to; p_done = those that have no more; p_are_more = there are others.';

revoke all
  on function "private"."note_turns"(timestamp with time zone, boolean, boolean, uuid[], timestamp
    with time zone[], uuid[], boolean, boolean, bigint, boolean)
  from public;

revoke all on function "private"."pick_jobs"(integer, timestamp with time zone, boolean) from public;

revoke all
  on function "private"."pick_more_jobs"(integer, timestamp
    with time zone, boolean, uuid[], uuid[], boolean, uuid[], uuid[], tid[], boolean, uuid[], uuid[], bigint)
  from public;

reset check_function_bodies;
