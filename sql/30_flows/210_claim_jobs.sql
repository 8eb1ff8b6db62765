create function engine.claim_jobs(
  p_worker_id uuid,
  p_limit integer default 10,
  p_kind text default 'worker',
  p_run_id uuid default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_start uuid;
  v_ids uuid[];
  v_found uuid[];
  v_walk uuid[];
  v_orgs integer;
  v_rest integer;
begin
  perform private.keep_worker(p_worker_id, p_kind);

  if p_run_id is not null then
    select array_agg(c.id) into v_ids from (
      select j.id from public.job_queue j
      where j.run_id = p_run_id and j.status = 'available' and j.scheduled_for <= v_now
      order by j.id limit p_limit
      for update skip locked
    ) c;
  else
    -- Organizations take turns: the index is walked from one organization with due work to the next, beginning where the
    -- last batch ended and around the end, and each gives an equal share of the batch. (A random place to begin at would
    -- be no turn: ids are ordered by time and lie close together.)
    select (lpad(to_hex(t.last_value), 15, '0') || repeat('f', 17))::uuid into v_start from private.claim_turns t;
    with recursive turns as (
      (select j.organization_id from public.job_queue j
       where j.status = 'available' and j.scheduled_for <= v_now and j.organization_id > v_start
       order by j.organization_id limit 1)
      union all
      select t.organization_id from (
        select (
          select j.organization_id from public.job_queue j
          where j.status = 'available' and j.scheduled_for <= v_now and j.organization_id > p.organization_id
          order by j.organization_id limit 1
        ) as organization_id
        from turns p
      ) t
      where t.organization_id is not null
    ),
    around as (
      (select j.organization_id from public.job_queue j
       where j.status = 'available' and j.scheduled_for <= v_now and j.organization_id <= v_start
       order by j.organization_id limit 1)
      union all
      select t.organization_id from (
        select (
          select j.organization_id from public.job_queue j
          where j.status = 'available' and j.scheduled_for <= v_now
            and j.organization_id > p.organization_id and j.organization_id <= v_start
          order by j.organization_id limit 1
        ) as organization_id
        from around p
      ) t
      where t.organization_id is not null
    ),
    orgs as materialized (
      select organization_id from (
        select organization_id from turns union all select organization_id from around
      ) o limit greatest(1, p_limit)
    ),
    picked as (
      select c.id, o.organization_id from orgs o
      cross join lateral (
        select j.id from public.job_queue j
        where j.status = 'available' and j.organization_id = o.organization_id and j.scheduled_for <= v_now
        order by j.priority, j.scheduled_for
        limit greatest(1, ceil(p_limit::numeric / (select count(*) from orgs)))::integer
        for update skip locked
      ) c
      limit p_limit
    )
    select array_agg(p.id), array_agg(p.organization_id), (select count(*) from orgs) into v_ids, v_walk, v_orgs from picked p;

    if v_orgs >= p_limit then
      perform setval('private.claim_turns', ('x' || left(replace(v_walk[cardinality(v_walk)]::text, '-', ''), 15))::bit(60)::bigint)
      where v_walk is not null;
    end if;
    -- What some leave of their share goes to the others.
    if cardinality(v_ids) < p_limit and v_orgs > 1 then
      v_rest := p_limit - cardinality(v_ids);
      select v_ids || coalesce(array_agg(f.id), '{}') into v_ids from (
        select c.id from (select distinct w.organization_id from unnest(v_walk) as w (organization_id)) o
        cross join lateral (
          select j.id from public.job_queue j
          where j.status = 'available' and j.organization_id = o.organization_id and j.scheduled_for <= v_now
            and j.id <> all (v_ids)
          order by j.priority, j.scheduled_for
          limit v_rest
          for update skip locked
        ) c
        limit v_rest
      ) f;
    end if;
  end if;

  if v_ids is null then
    return '[]';
  end if;

  v_found := v_ids;
  -- A queued run begins. One that someone else holds (it is being cancelled) is left alone with its token: never wait for a
  -- run while holding tokens.
  with begun as (
    update public.runs r set status = 'running', started_at = v_now
    where r.id in (
      select q.id from public.runs q
      where q.id in (select j.run_id from public.job_queue j where j.id = any (v_ids))
        and q.status = 'queued'
      for update skip locked
    )
    returning r.id
  )
  select coalesce(array_agg(j.id), '{}') into v_ids
  from public.job_queue j
  left join public.runs r on r.id = j.run_id
  where j.id = any (v_ids) and r.status is distinct from 'paused'
    and (r.status is distinct from 'queued' or r.id in (select b.id from begun b));

  -- What became ready of a run that is paused parks until it is resumed.
  update public.job_queue j set status = 'paused'
  from public.runs r
  where j.id = any (v_found) and j.id <> all (v_ids) and r.id = j.run_id and r.status = 'paused';

  update public.job_queue j set
    status = 'running', worker_id = p_worker_id, epoch = j.epoch + 1, attempts = j.attempts + 1, started_at = v_now
  where j.id = any (v_ids);
  return private.job_reply(v_ids);
end;
$$;

revoke all on function engine.claim_jobs(uuid, integer, text, uuid) from public, anon, authenticated, service_role;
grant execute on function engine.claim_jobs(uuid, integer, text, uuid) to service_role;
comment on function engine.claim_jobs(uuid, integer, text, uuid) is
  'Leases up to p_limit ready jobs to a worker (kind worker or inline), organizations taking turns; p_run_id = only those of one run. Registers the worker and prolongs its lease. Answers the jobs with what they read.';
