create function engine.admit_runs(p_organization_id uuid) returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_keys text[] := array(
    select distinct j.payload -> 'wait' ->> 'name' from public.job_queue j
    where j.organization_id = p_organization_id and j.payload ? 'wait' and j.status = 'waiting'
      and j.payload -> 'wait' ->> 'kind' = 'limit'
  );
begin
  if v_keys = '{}' then
    return 0;
  end if;
  perform private.lock_limits(p_organization_id);
  return private.admit_waiting(v_keys);
end;
$$;

revoke all on function engine.admit_runs(uuid) from public, anon, authenticated, service_role;
grant execute on function engine.admit_runs(uuid) to service_role;
comment on function engine.admit_runs(uuid) is
  'Lets runs of an organization begin that wait although there is a place for them: what the job runs.admit does for those that changes of tables start, which take no lock that an ending run waits for. Answers how many.';
