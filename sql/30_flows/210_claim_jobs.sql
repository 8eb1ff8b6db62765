create function engine.claim_jobs(
  p_worker_id uuid,
  p_limit integer default 10,
  p_kind text default 'worker',
  p_run_id uuid default null,
  p_listens boolean default null
) returns json
language plpgsql
security definer
set search_path = ''
as $$
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
$$;

revoke all on function engine.claim_jobs(uuid, integer, text, uuid, boolean) from public, anon, authenticated, service_role;
grant execute on function engine.claim_jobs(uuid, integer, text, uuid, boolean) to service_role;
comment on function engine.claim_jobs(uuid, integer, text, uuid, boolean) is
  'Leases up to p_limit pieces of work that are due to a worker (kind worker or inline), fairly among organizations; p_run_id = only tokens of one run. Registers the worker and prolongs its lease. Answers tokens with what they read, and jobs with the lease that they are in. p_listens = when there is nothing, whoever enqueues next notifies the channel millrace_jobs; null = the worker knows no jobs and gets tokens only.';

create function private.begin_tokens(p_worker_id uuid, p_ids uuid[], p_now timestamptz) returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
  v_ids uuid[];
begin
  -- A queued run begins. One that someone else holds (it is being cancelled) is left alone with its token: never wait for a
  -- run while holding tokens.
  with begun as (
    update public.runs r set status = 'running', started_at = p_now
    where r.id in (
      select q.id from public.runs q
      where q.id in (select j.run_id from public.job_queue j where j.id = any (p_ids))
        and q.status = 'queued'
      for update skip locked
    )
    returning r.id
  )
  select coalesce(array_agg(j.id), '{}') into v_ids
  from public.job_queue j
  left join public.runs r on r.id = j.run_id
  where j.id = any (p_ids) and r.status is distinct from 'paused'
    and (r.status is distinct from 'queued' or r.id in (select b.id from begun b));

  -- What became ready of a run that is paused parks until it is resumed.
  if cardinality(v_ids) < cardinality(p_ids) then
    update public.job_queue j set status = 'paused'
    from public.runs r
    where j.id = any (p_ids) and j.id <> all (v_ids) and r.id = j.run_id and r.status = 'paused';
  end if;

  update public.job_queue j set
    status = 'running', worker_id = p_worker_id, epoch = j.epoch + 1, attempts = j.attempts + 1, started_at = p_now
  where j.id = any (v_ids);
  return v_ids;
end;
$$;

revoke all on function private.begin_tokens(uuid, uuid[], timestamptz) from public, anon, authenticated, service_role;
comment on function private.begin_tokens(uuid, uuid[], timestamptz) is
  'Part of engine.claim_jobs: leases tokens, whose rows the caller has locked; queued runs begin. Tokens of paused runs park instead. Answers those that are leased.';
