create function private.end_run(p_run_id uuid, p_status text, p_output jsonb default null, p_error jsonb default null) returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
begin
  -- Every path locks the run first and its tokens after it, in the order of their ids, so no two of them wait for each other.
  update public.runs r set
    status = p_status,
    finished_at = v_now,
    started_at = case when p_status = 'completed' then coalesce(r.started_at, v_now) else r.started_at end,
    output = p_output,
    error = p_error
  where r.id = p_run_id and r.finished_at is null;
  if not found then
    return false;
  end if;
  perform 1 from (
    select j.id from public.job_queue j where j.run_id = p_run_id order by j.id for update
  ) l;
  delete from public.job_queue j where j.run_id = p_run_id;
  delete from private.run_joins g where g.run_id = p_run_id;
  return true;
end;
$$;

revoke all on function private.end_run(uuid, text, jsonb, jsonb) from public, anon, authenticated, service_role;
comment on function private.end_run(uuid, text, jsonb, jsonb) is
  'Ends a run: status, output or error, and no token left; a worker that still holds one finds its fence gone. False = it had ended before.';
