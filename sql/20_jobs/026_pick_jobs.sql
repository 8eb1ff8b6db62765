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
  out p_virtual_time bigint,
  out p_has_found boolean
) returns record
language plpgsql
set search_path = ''
-- A plan made while the queue was empty must not read all of it when it is long.
set enable_seqscan = off
set enable_bitmapscan = off
-- What is switched off looks infinitely dear, which is when Postgres compiles a query.
set jit = off
as $$
declare
  v_queue constant oid := 'public.job_queue'::regclass;
  v_pages bigint := pg_stat_get_xact_blocks_fetched(v_queue);
  -- What is behind by more has been overlooked, and the sweep sets it right: private.sweep_jobs.
  v_floor bigint := (select c.last_value from private.job_clock c) - 64000;
  -- Organizations a look. Of a small batch each gets one; of a large one a few get several each, which touches fewer pages
  -- and evens out.
  v_width integer := case when p_limit <= 8 then 8 else least(8, greatest(3, ceil(p_limit / 8.0)::integer)) end;
  v_wanted integer := p_limit;
  v_seen uuid[] := '{}';
  v_done uuid[] := '{}';
  v_has_looked boolean := false;
  v_has_heads boolean := false;
  v_found integer;
  v_round record;
  v_first record;
  v_part record;
  v_tokens uuid[];
  v_jobs uuid[];
  v_is_special boolean := false;
  v_counts integer[] := '{}';
  v_latest timestamptz[] := '{}';
  v_exhausted uuid[] := '{}';
  v_empty uuid[] := '{}';
  v_virtual_time bigint;
  v_taken integer := 0;
  v_quota integer;
begin
  p_organization_ids := '{}';
  p_counts := '{}';
  p_latest := '{}';
  p_empty := '{}';
  p_has_found := false;
  select array_agg(t.organization_id) as organizations, array_agg(t.virtual_time) as times, array_agg(t.weight) as weights,
    sum(t.weight)::double precision as weight,
    bool_and(t.max_running is null and (t.head_until > p_now and t.head <= p_now) is not true) as is_plain
  into v_first from (
    select o.organization_id, o.virtual_time, o.weight, o.head, o.head_until, o.max_running from private.job_turns o
    where o.is_active and o.virtual_time >= v_floor
    order by o.virtual_time, o.organization_id
    limit v_width
  ) t;
  loop
    if v_first.is_plain then
      -- As the first round nearly always is: nobody has a head or a limit. A small query for each organization costs half of
      -- the general one, of which Postgres prepares every part anew each time.
      for v_place in 1 .. cardinality(v_first.organizations) loop
        v_quota := ceil(p_limit * v_first.weights[v_place] / v_first.weight);
        select array_agg(c.id) filter (where not c.is_job) as tokens, array_agg(c.id) filter (where c.is_job) as jobs,
          bool_or(c.is_special) filter (where c.is_job) as is_special, count(*)::integer as taken,
          max(c.scheduled_for) filter (where c.priority = 100) as latest
        into v_part from (
          select j.id, j.run_id is null as is_job, num_nonnulls(j.concurrency_key, j.expires_at) > 0 as is_special,
            j.priority, j.scheduled_for
          from public.job_queue j
          where j.status = 'available' and j.organization_id = v_first.organizations[v_place] and j.scheduled_for <= p_now
          order by j.priority, j.scheduled_for
          limit least(v_quota, p_limit - v_taken)
          for update skip locked
        ) c;
        v_tokens := v_tokens || v_part.tokens;
        v_jobs := v_jobs || v_part.jobs;
        v_is_special := v_is_special or coalesce(v_part.is_special, false);
        v_counts := v_counts || v_part.taken;
        v_latest := v_latest || v_part.latest;
        v_taken := v_taken + v_part.taken;
        if v_part.taken > 0 then
          v_virtual_time := coalesce(v_virtual_time, v_first.times[v_place]);
        end if;
        if v_part.taken < v_quota then
          v_exhausted := v_exhausted || v_first.organizations[v_place];
          if v_part.taken = 0 then
            v_empty := v_empty || v_first.organizations[v_place];
          end if;
        end if;
      end loop;
      select v_first.organizations, v_counts as counts, v_latest as latest, v_exhausted as exhausted, v_empty as empty,
        false as has_heads, v_virtual_time as virtual_time, v_taken as taken, v_tokens as tokens, v_jobs as jobs,
        v_is_special as is_special
      into v_round;
      v_first.is_plain := false;
    else
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
              where t.is_active and t.virtual_time >= v_floor and t.organization_id <> all (p_organization_ids)
              order by t.virtual_time, t.organization_id
              limit v_width
            )
            union all
            -- Those that had something in this claim and have more, at what that made of their time.
            select t.organization_id, t.virtual_time + g.taken * 1000 / t.weight, t.weight, t.head, t.head_until, t.max_running, g.taken
            from (
              select u.id, sum(u.taken)::integer as taken from unnest(p_organization_ids, p_counts) u (id, taken)
              where u.id <> all (v_done) group by u.id
            ) g
            join private.job_turns t on t.organization_id = g.id
          ) n
          order by n.virtual_time, n.organization_id
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
            where t.head > '-infinity' and j.status = 'available' and j.organization_id = t.organization_id and j.priority < 100
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
        select t.organization_id, t.virtual_time, t.quota, t.head > '-infinity' as has_head, coalesce(p.taken, 0) as taken, p.latest
        from turns t
        left join (
          select k.organization_id, count(*)::integer as taken, max(k.scheduled_for) filter (where k.priority = 100) as latest
          from picked k group by k.organization_id
        ) p on p.organization_id = t.organization_id
      )
      select * into v_round from (
        select
          array_agg(n.organization_id) as organizations, array_agg(n.taken) as counts, array_agg(n.latest) as latest,
          array_agg(n.organization_id) filter (where n.taken < n.quota or n.quota = 0) as exhausted,
          array_agg(n.organization_id) filter (where n.taken = 0 and n.quota > 0) as empty,
          bool_or(n.has_head) as has_heads,
          min(n.virtual_time) filter (where n.taken > 0) as virtual_time, coalesce(sum(n.taken), 0)::integer as taken
        from counted n
      ) o, (
        select
          array_agg(k.id) filter (where not k.is_job) as tokens, array_agg(k.id) filter (where k.is_job) as jobs,
          bool_or(k.is_special) filter (where k.is_job) as is_special
        from picked k
      ) w;
    end if;

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
    v_has_heads := v_has_heads or coalesce(v_round.has_heads, false);
    -- What is left of the batch goes to those that have more, again the least virtual time first; unless that was everybody,
    -- and none has more.
    if cardinality(v_round.organizations) = v_width or cardinality(v_round.organizations) > coalesce(cardinality(v_round.exhausted), 0) then
      v_width := least(v_width * 2, 256);
      continue;
    end if;
    -- All that is known of is taken. What is not known of, or was passed over, is looked for once.
    exit when v_has_looked;
    v_found := private.find_turns(p_now);
    -- Also one that gave no turn may hold some: it may have been too late.
    p_has_found := v_found is not null;
    exit when v_found is null or (v_found = 0 and not v_has_heads);
    v_has_looked := true;
    v_width := least(v_width * 2, 256);
    v_done := '{}';
    p_empty := '{}';
  end loop;
  v_pages := pg_stat_get_xact_blocks_fetched(v_queue) - v_pages;
  -- While every claim is full, five times a second.
  if v_wanted <= 0 and date_part('epoch', clock_timestamp()) * 1000000 >= 200000 + (select n.last_value from private.next_discovery n) then
    v_found := private.find_turns(p_now, 200000);
    p_has_found := p_has_found or v_found is not null;
  end if;
  p_is_full := v_wanted <= 0;
  p_is_costly := v_pages > 100 + 3 * p_limit;
end;
$$;

revoke all on function private.pick_jobs(integer, timestamptz) from public, anon, authenticated, service_role;
comment on function private.pick_jobs(integer, timestamptz) is
  'Locks up to p_limit pieces of work that are due, fairly among organizations: those with the least virtual time first, each a share by its weight. Tokens and jobs apart; null = none; p_is_special = a job has a concurrency key or expires; the rest is for private.note_turns. What it costs grows neither with the number of organizations nor with what they have waiting.';
