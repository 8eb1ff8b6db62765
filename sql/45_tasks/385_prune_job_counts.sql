create function private.prune_job_counts() returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_gone integer;
begin
  delete from private.job_counts c where c.minute < private.now() - interval '7 days';
  get diagnostics v_gone = row_count;
  return v_gone;
end;
$$;

revoke all on function private.prune_job_counts() from public, anon, authenticated, service_role;
comment on function private.prune_job_counts() is
  'The task job-counts: forgets counts of jobs by the minute after 7 days; usage_hourly keeps their sums. Answers how many.';
