create function private.scheduled_tasks() returns text[]
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  if to_regclass('cron.job') is null then
    return '{}';
  end if;
  return coalesce((
    select array_agg(substr(j.jobname, 10)) from cron.job j
    where j.jobname like 'millrace-%' and j.active and j.username = current_user and j.database = current_database()
  ), '{}');
end;
$$;

revoke all on function private.scheduled_tasks() from public, anon, authenticated, service_role;
comment on function private.scheduled_tasks() is 'The tasks that pg_cron has an active job for.';
