create table private.run_slots (
  limit_key text not null,
  run_id uuid not null,
  organization_id uuid not null,
  primary key (limit_key, run_id)
);
create index run_slots_run_id_idx on private.run_slots (run_id);
alter table private.run_slots enable row level security;
revoke all on table private.run_slots from public, anon, authenticated, service_role;

comment on table private.run_slots is
  'Places under limits that runs hold: one row for each run and limit, so that none can be counted twice or leak. Only runs that a limit concerns have rows.';
comment on column private.run_slots.limit_key is 'org:ID, flow:ID or key:FLOW:VALUE.';
comment on column private.run_slots.run_id is 'The run; its rows go when it ends.';
comment on column private.run_slots.organization_id is 'The tenant: what holds places in it is changed by one transaction at a time.';

create function private.run_limit_keys(p_run public.runs) returns table (limit_key text, places integer)
language sql
stable
set search_path = ''
as $$
  select 'org:' || p_run.organization_id, p.max_concurrent_runs
  from public.organizations o
  join public.plans p on p.id = o.plan_id
  where o.id = p_run.organization_id and p.max_concurrent_runs is not null
  union all
  select k.limit_key, k.places
  from public.flow_versions v
  cross join lateral (values
    ('flow:' || p_run.flow_id, (v.run_limits ->> 'max_runs')::integer),
    ('key:' || p_run.flow_id || ':' || p_run.concurrency_key, (v.run_limits ->> 'max_per_key')::integer)
  ) as k (limit_key, places)
  where v.id = p_run.flow_version_id and v.run_limits is not null and k.limit_key is not null and k.places is not null;
$$;

revoke all on function private.run_limit_keys(public.runs) from public, anon, authenticated, service_role;
comment on function private.run_limit_keys(public.runs) is 'The limits that concern a run, with the number of their places.';

create function private.take_slots(p_run public.runs) returns text
language plpgsql
set search_path = ''
as $$
declare
  v_full text;
begin
  select k.limit_key into v_full
  from private.run_limit_keys(p_run) k
  where (select count(*) from private.run_slots s where s.limit_key = k.limit_key) >= k.places
  order by k.limit_key desc
  limit 1;
  if v_full is null then
    insert into private.run_slots (limit_key, run_id, organization_id)
    select k.limit_key, p_run.id, p_run.organization_id from private.run_limit_keys(p_run) k
    on conflict do nothing;
  end if;
  return v_full;
end;
$$;

revoke all on function private.take_slots(public.runs) from public, anon, authenticated, service_role;
comment on function private.take_slots(public.runs) is
  'Takes a place under every limit of a run, or none: answers the limit that is full, null when it has its places. The caller holds private.lock_limits of the organization.';

create function private.lock_limits(p_organization_id uuid) returns void
language sql
set search_path = ''
as $$
  select pg_advisory_xact_lock(hashtext('millrace.limits'), hashtext(p_organization_id::text));
$$;

revoke all on function private.lock_limits(uuid) from public, anon, authenticated, service_role;
comment on function private.lock_limits(uuid) is
  'One transaction at a time gives and takes places in an organization. Whoever needs several organizations locks them in the order of their ids, and after every run and token.';

create function private.free_slots(p_run_id uuid) returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_org uuid;
  v_keys text[];
  v_token record;
  v_admitted integer := 0;
begin
  select s.organization_id into v_org from private.run_slots s where s.run_id = p_run_id limit 1;
  if v_org is null then
    return 0;
  end if;
  perform private.lock_limits(v_org);
  with freed as (
    delete from private.run_slots s where s.run_id = p_run_id returning s.limit_key
  )
  select array_agg(f.limit_key) into v_keys from freed f;
  -- For each limit the one that waits longest for it. Who now finds another limit full waits for that.
  for v_token in
    select t.id, t.run_id, t.scheduled_for
    from unnest(v_keys) as k (limit_key)
    cross join lateral (
      select j.id, j.run_id, j.scheduled_for from public.job_queue j
      where j.status = 'waiting' and j.payload -> 'wait' ->> 'kind' = 'limit' and j.payload -> 'wait' ->> 'name' = k.limit_key
      order by j.id limit 1
      for update skip locked
    ) t
  loop
    v_admitted := v_admitted + private.admit_run(v_token.id, v_token.run_id);
  end loop;
  return v_admitted;
end;
$$;

revoke all on function private.free_slots(uuid) from public, anon, authenticated, service_role;
comment on function private.free_slots(uuid) is
  'Gives the places of a run that ends to those that wait for them, oldest first. Answers how many runs may begin now.';

create function private.admit_run(p_token_id uuid, p_run_id uuid) returns integer
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
    return 1;
  end if;
  update public.job_queue j set payload = jsonb_build_object('wait', jsonb_build_object('kind', 'limit', 'name', v_full))
  where j.id = p_token_id and j.payload -> 'wait' ->> 'name' <> v_full;
  return 0;
end;
$$;

revoke all on function private.admit_run(uuid, uuid) from public, anon, authenticated, service_role;
comment on function private.admit_run(uuid, uuid) is
  'Lets a run that waits for a place begin, or wait for the next limit that is full. The caller holds its token and the limits of its organization.';
