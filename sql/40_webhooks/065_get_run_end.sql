create function engine.get_run_end(p_run_id uuid) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_end jsonb;
begin
  select jsonb_build_object('status', r.status, 'output', r.output, 'error', r.error) into v_end
  from public.runs r
  where r.id = p_run_id and r.finished_at is not null;
  return v_end;
end;
$$;

revoke all on function engine.get_run_end(uuid) from public, anon, authenticated, service_role;
grant execute on function engine.get_run_end(uuid) to service_role;
comment on function engine.get_run_end(uuid) is
  'How a run has ended: {status, output, error}. Null = it has not, or there is no such run. For the answer to a webhook delivery that waits for it.';
