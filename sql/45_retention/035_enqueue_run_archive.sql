create function private.enqueue_run_archive(p_organization_id uuid, p_week date) returns uuid
language plpgsql
set search_path = ''
as $$
begin
  return private.enqueue_job(
    p_organization_id, 'runs.archive', jsonb_build_object('organization_id', p_organization_id, 'week', p_week),
    jsonb_build_object(
      'unique_key', p_week::text, 'concurrency_key', format('runs.archive:%s:%s', p_organization_id, p_week), 'priority', 200
    )
  );
end;
$$;

revoke all on function private.enqueue_run_archive(uuid, date) from public, anon, authenticated, service_role;
comment on function private.enqueue_run_archive(uuid, date) is
  'Asks for a job that archives runs of an organization and week; one that has not begun is enough, and two never work at once.';
