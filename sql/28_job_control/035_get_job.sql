create function public.get_job(p_job_id uuid) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_job jsonb := private.find_job(p_job_id);
begin
  perform private.require_permission((v_job ->> 'organization_id')::uuid, 'runs:read', 'job');
  return v_job;
end;
$$;

revoke all on function public.get_job(uuid) from public, anon, authenticated, service_role;
grant execute on function public.get_job(uuid) to authenticated;
comment on function public.get_job(uuid) is
  'A job wherever it is, with payload, progress, result and error: a row of engine.jobs. Needs runs:read.';

create function engine.get_job(p_job_id uuid) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_job jsonb := private.find_job(p_job_id);
begin
  if v_job is null then
    perform private.fail('not_found', 'No such job', 404);
  end if;
  return v_job;
end;
$$;

revoke all on function engine.get_job(uuid) from public, anon, authenticated, service_role;
grant execute on function engine.get_job(uuid) to service_role;
comment on function engine.get_job(uuid) is 'public.get_job for operators.';
