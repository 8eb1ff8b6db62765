create function private.read_steps(p_results jsonb, p_now timestamptz) returns table (
  run_id uuid, node_id text, scope text, attempt smallint, organization_id uuid, status text, leaf boolean, handles text[],
  output jsonb, error jsonb, started_at timestamptz, finished_at timestamptz, exit smallint
)
language plpgsql
stable
set search_path = ''
as $$
begin
  return query
  select
    r.run_id, s.node, coalesce(s.scope, r.scope, ''), coalesce(s.attempt, 1::smallint), r.organization_id, s.status,
    coalesce(s.leaf, false), s.handles, s.output, s.error,
    p_now - make_interval(secs => coalesce(s.started_ago, 0) / 1000000.0),
    p_now - make_interval(secs => coalesce(s.finished_ago, 0) / 1000000.0), s.exit
  from jsonb_to_recordset(p_results) as r (run_id uuid, organization_id uuid, scope text, steps jsonb)
  cross join lateral jsonb_to_recordset(r.steps) as s (
    node text, scope text, attempt smallint, status text, leaf boolean, handles text[], output jsonb, error jsonb,
    started_ago bigint, finished_ago bigint, exit smallint
  );
end;
$$;

revoke all on function private.read_steps(jsonb, timestamptz) from public, anon, authenticated, service_role;
comment on function private.read_steps(jsonb, timestamptz) is
  'The steps in results of settle_jobs, as rows of run_steps.';

create function private.record_steps(p_results jsonb, p_now timestamptz) returns void
language plpgsql
set search_path = ''
as $$
begin
  -- `on conflict` writes a confirmation of each row to the WAL, a sixth of what a small step takes: at first without.
  begin
    insert into public.run_steps (
      run_id, node_id, scope, attempt, organization_id, status, leaf, handles, output, error, started_at, finished_at, exit
    )
    select s.* from private.read_steps(p_results, p_now) s;
  exception when unique_violation then
    -- A worker that saw no answer sends the same again; a step that it holds is then recorded already.
    insert into public.run_steps (
      run_id, node_id, scope, attempt, organization_id, status, leaf, handles, output, error, started_at, finished_at, exit
    )
    select s.* from private.read_steps(p_results, p_now) s
    on conflict (run_id, node_id, scope, attempt) do nothing;
  end;
end;
$$;

revoke all on function private.record_steps(jsonb, timestamptz) from public, anon, authenticated, service_role;
comment on function private.record_steps(jsonb, timestamptz) is
  'Records the steps in results of settle_jobs. A step that is recorded already stays as it is.';
