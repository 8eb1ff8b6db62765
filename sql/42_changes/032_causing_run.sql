create function private.causing_run(p_organization_id uuid) returns public.runs
language plpgsql
stable
set search_path = ''
as $$
declare
  v_id uuid := private.to_uuid(nullif(current_setting('millrace.run_id', true), ''));
  v_run public.runs;
begin
  if v_id is null and current_setting('request.headers', true) like '%idempotency-key%' then
    -- An HTTP request node names its run and node in this header, unless it is told not to.
    v_id := private.to_uuid(left(private.json_setting('request.headers') ->> 'idempotency-key', 36));
  end if;
  if v_id is not null then
    select * into v_run from public.runs r
    where r.id = v_id and r.organization_id = p_organization_id and r.finished_at is null;
  end if;
  return v_run;
end;
$$;

revoke all on function private.causing_run(uuid) from public, anon, authenticated, service_role;
comment on function private.causing_run(uuid) is
  'The run of the organization that makes the present change, null when none does or nobody can tell: the setting millrace.run_id names it, or the Idempotency-Key of the request that PostgREST serves. Only a run that is under way is believed.';
