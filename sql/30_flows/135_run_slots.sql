create table private.run_slots (
  limit_key text not null,
  run_id uuid not null,
  organization_id uuid not null,
  primary key (limit_key, run_id)
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
create index run_slots_run_id_idx on private.run_slots (run_id);
alter table private.run_slots enable row level security;
revoke all on table private.run_slots from public, anon, authenticated, service_role;

comment on table private.run_slots is
  'Places under limits that runs hold: one row for each run and limit, so that none can be counted twice or leak. Only runs that a limit concerns have rows.';
comment on column private.run_slots.limit_key is 'org:ID, flow:ID or key:FLOW:VALUE.';
comment on column private.run_slots.run_id is 'The run; its rows go when it ends.';
comment on column private.run_slots.organization_id is 'The tenant: what holds places in it is changed by one transaction at a time.';

create function private.run_limit_keys(p_run public.runs) returns table (limit_key text, places integer)
language plpgsql
stable
set search_path = ''
as $$
declare
  v_places integer;
  v_limits jsonb;
begin
  select p.max_concurrent_runs into v_places
  from public.organizations o
  join public.plans p on p.id = o.plan_id
  where o.id = p_run.organization_id;
  if v_places is not null then
    return query select 'org:' || p_run.organization_id, v_places;
  end if;
  select v.run_limits into v_limits from public.flow_versions v where v.id = p_run.flow_version_id;
  if v_limits ? 'max_runs' then
    return query select 'flow:' || p_run.flow_id, (v_limits ->> 'max_runs')::integer;
  end if;
  if v_limits ? 'max_per_key' and p_run.concurrency_key is not null then
    return query select 'key:' || p_run.flow_id || ':' || p_run.concurrency_key, (v_limits ->> 'max_per_key')::integer;
  end if;
end;
$$;

revoke all on function private.run_limit_keys(public.runs) from public, anon, authenticated, service_role;
comment on function private.run_limit_keys(public.runs) is 'The limits that concern a run, with the number of their places.';

create function private.limits_are_near(p_run public.runs) returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  -- As many as may be on their way at this moment without seeing each other: a transaction needs a connection.
  return exists (
    select 1 from private.run_limit_keys(p_run) k
    where k.places <= 100 or (
      select count(*) from (select 1 from private.run_slots s where s.limit_key = k.limit_key limit k.places) c
    ) >= k.places - 100
  );
end;
$$;

revoke all on function private.limits_are_near(public.runs) from public, anon, authenticated, service_role;
comment on function private.limits_are_near(public.runs) is
  'Whether a limit of the run has fewer than a hundred places left. Only then do starts and ends of an organization have to come one after the other.';

create function private.take_slots(p_run public.runs, p_without_lock boolean default false) returns text
language plpgsql
set search_path = ''
as $$
declare
  v_full text;
begin
  if private.limits_are_near(p_run) then
    if p_without_lock then
      return (select k.limit_key from private.run_limit_keys(p_run) k order by k.places, k.limit_key limit 1);
    end if;
    perform private.lock_limits(p_run.organization_id);
    select k.limit_key into v_full
    from private.run_limit_keys(p_run) k
    where (select count(*) from private.run_slots s where s.limit_key = k.limit_key) >= k.places
    order by k.limit_key desc
    limit 1;
  end if;
  if v_full is null then
    insert into private.run_slots (limit_key, run_id, organization_id)
    select k.limit_key, p_run.id, p_run.organization_id from private.run_limit_keys(p_run) k
    on conflict do nothing;
  end if;
  return v_full;
end;
$$;

revoke all on function private.take_slots(public.runs, boolean) from public, anon, authenticated, service_role;
comment on function private.take_slots(public.runs, boolean) is
  'Takes a place under every limit of a run, or none: answers the limit that is full, null when it has its places. p_without_lock = where limits are near it takes none and names one of them: for transactions that may stay open for long.';

create function private.lock_limits(p_organization_id uuid) returns void
language sql
set search_path = ''
as $$
  select pg_advisory_xact_lock(hashtext('millrace.limits'), hashtext(p_organization_id::text));
$$;

revoke all on function private.lock_limits(uuid) from public, anon, authenticated, service_role;
comment on function private.lock_limits(uuid) is
  'One transaction at a time gives and takes places in an organization. Whoever needs several organizations locks them in the order of their ids, and after every run and token.';

create function private.lock_limits_of(p_run_ids uuid[]) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_organization_id uuid;
begin
  for v_organization_id in
    select distinct q.organization_id from public.runs q
    where q.id = any (p_run_ids) and private.limits_are_near(q)
    order by q.organization_id
  loop
    perform private.lock_limits(v_organization_id);
  end loop;
end;
$$;

revoke all on function private.lock_limits_of(uuid[]) from public, anon, authenticated, service_role;
comment on function private.lock_limits_of(uuid[]) is
  'Locks the limits of the organizations of runs, in the order that all keep to, where that is needed.';

create function private.free_slots(p_run public.runs) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_keys text[];
begin
  if not exists (select 1 from private.run_slots s where s.run_id = p_run.id) then
    return;
  end if;
  if not private.limits_are_near(p_run) then
    delete from private.run_slots s where s.run_id = p_run.id;
    return;
  end if;
  perform private.lock_limits(p_run.organization_id);
  with freed as (
    delete from private.run_slots s where s.run_id = p_run.id returning s.limit_key
  )
  select array_agg(f.limit_key) into v_keys from freed f;
  perform private.admit_waiting(v_keys);
end;
$$;

revoke all on function private.free_slots(public.runs) from public, anon, authenticated, service_role;
comment on function private.free_slots(public.runs) is
  'Gives the places of a run that ends to those that wait for them, oldest first.';

create function private.admit_waiting(p_limit_keys text[]) returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_key text;
  v_token record;
  v_admitted integer := 0;
begin
  foreach v_key in array p_limit_keys loop
    -- Who now finds another limit full waits for that one, and the next may try.
    for v_token in
      select j.id, j.run_id from public.job_queue j
      where j.status = 'waiting' and j.payload -> 'wait' ->> 'kind' = 'limit' and j.payload -> 'wait' ->> 'name' = v_key
      order by j.id limit 100
      for update skip locked
    loop
      exit when private.admit_run(v_token.id, v_token.run_id) = v_key;
      v_admitted := v_admitted + 1;
    end loop;
  end loop;
  return v_admitted;
end;
$$;

revoke all on function private.admit_waiting(text[]) from public, anon, authenticated, service_role;
comment on function private.admit_waiting(text[]) is
  'Lets runs begin that wait for a place under one of these limits, oldest first, until it is full. The caller holds private.lock_limits of their organization.';

create function private.admit_run(p_token_id uuid, p_run_id uuid) returns text
language plpgsql
set search_path = ''
as $$
declare
  v_run public.runs;
  v_full text;
begin
  select * into v_run from public.runs r where r.id = p_run_id;
  v_full := private.take_slots(v_run);
  if v_full is null then
    update public.job_queue j set
      status = case when v_run.status = 'paused' then 'paused' else 'available' end,
      payload = null, scheduled_for = private.now()
    where j.id = p_token_id;
    perform private.wake_if_idle(v_run.organization_id);
  else
    update public.job_queue j set payload = jsonb_build_object('wait', jsonb_build_object('kind', 'limit', 'name', v_full))
    where j.id = p_token_id and j.payload -> 'wait' ->> 'name' <> v_full;
  end if;
  return v_full;
end;
$$;

revoke all on function private.admit_run(uuid, uuid) from public, anon, authenticated, service_role;
comment on function private.admit_run(uuid, uuid) is
  'Lets a run that waits for a place begin; if another limit is full, it waits for that, and the answer names it. The caller holds its token and the limits of its organization.';

create function private.admit_forgotten() returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_limits record;
  v_admitted integer := 0;
  v_until timestamptz := clock_timestamp() + interval '1 second';
begin
  -- Some of them, by chance: whoever has ever so many limits, or one that can not be given, keeps nobody else waiting.
  for v_limits in
    select w.organization_id, array_agg(w.name) as keys
    from (
      select o.organization_id, o.name from (
        select distinct j.organization_id, j.payload -> 'wait' ->> 'name' as name
        from public.job_queue j
        where j.status = 'waiting' and j.payload -> 'wait' ->> 'kind' = 'limit'
      ) o
      order by row_number() over (partition by o.organization_id order by random()), random()
      limit 500
    ) w
    group by w.organization_id
    order by random()
  loop
    exit when clock_timestamp() > v_until;
    begin
      continue when not pg_try_advisory_xact_lock(hashtext('millrace.limits'), hashtext(v_limits.organization_id::text));
      v_admitted := v_admitted + private.admit_waiting(v_limits.keys);
    exception when others then
      raise warning 'Cannot admit runs of %: %', v_limits.organization_id, sqlerrm;
    end;
  end loop;
  return v_admitted;
end;
$$;

revoke all on function private.admit_forgotten() from public, anon, authenticated, service_role;
comment on function private.admit_forgotten() is
  'Part of engine.tick: lets runs begin whose limit was raised, or has free places for any other reason.';
