-- The claim as it would be if organizations did not take turns: engine.claim_jobs itself, but for how it picks.
create function private.pick_unfairly(
  p_limit integer,
  p_now timestamptz,
  p_looks boolean,
  out p_token_ids uuid[],
  out p_job_ids uuid[],
  out p_job_places tid[],
  out p_is_special boolean,
  out p_is_full boolean,
  out p_others_wait boolean,
  out p_organization_ids uuid[],
  out p_latest timestamptz[],
  out p_empty uuid[],
  out p_are_many boolean,
  out p_is_costly boolean,
  out p_virtual_time bigint,
  out p_has_looked boolean
) returns record
language plpgsql
set search_path = ''
as $$
begin
  p_is_special := false;
  p_is_full := false;
  p_others_wait := false;
  p_are_many := false;
  p_is_costly := false;
  select array_agg(c.id), array_agg(c.place) into p_job_ids, p_job_places from (
    select j.id, j.ctid as place from public.job_queue j
    where j.status = 'available' and j.scheduled_for <= p_now
    order by j.id limit p_limit
    for update skip locked
  ) c;
end;
$$;

do $do$
begin
  execute replace(replace(
    pg_get_functiondef('engine.claim_jobs(uuid, integer, text, uuid, boolean)'::regprocedure),
    'engine.claim_jobs', 'engine.claim_unfairly'), 'private.pick_jobs', 'private.pick_unfairly');
end;
$do$;
