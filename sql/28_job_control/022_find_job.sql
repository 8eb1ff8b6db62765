create function private.find_job(p_job_id uuid) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (select to_jsonb(j) from engine.jobs j where j.id = p_job_id);
end;
$$;

revoke all on function private.find_job(uuid) from public, anon, authenticated, service_role;
comment on function private.find_job(uuid) is 'A job wherever it is, as engine.jobs has it; null = there is none.';
