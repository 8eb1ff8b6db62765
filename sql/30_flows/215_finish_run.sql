create function private.finish_run(p_run_id uuid) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_leaves integer;
  v_output jsonb;
begin
  -- A join that waits while no token is left can never be answered. A compiled plan excludes it; if it happens all the
  -- same, the run says so instead of standing still.
  if exists (select 1 from private.run_joins g where g.run_id = p_run_id) then
    perform private.end_run(p_run_id, 'failed', null, jsonb_build_object(
      'code', 'internal', 'message', 'A join waits for a branch that is gone'
    ));
    return;
  end if;

  select count(*), (array_agg(s.output))[1] into v_leaves, v_output
  from public.run_steps s
  where s.run_id = p_run_id and s.leaf and s.status = 'completed';
  perform private.end_run(p_run_id, 'completed', case when v_leaves = 1 then v_output end);
end;
$$;

revoke all on function private.finish_run(uuid) from public, anon, authenticated, service_role;
comment on function private.finish_run(uuid) is
  'Ends a run that has no token left: completed, with the output of its last step when there is just one.';
