create function public.watch_run(p_run_id uuid) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_run record;
begin
  select r.organization_id, r.status, r.finished_at into v_run from public.runs r where r.id = p_run_id;
  perform private.require_permission(v_run.organization_id, 'runs:read', 'run');
  return jsonb_build_object(
    'topic', 'run:' || p_run_id,
    'status', v_run.status,
    'watched_until', case when v_run.finished_at is null then private.watch_live(p_run_id) end
  );
end;
$$;

revoke all on function public.watch_run(uuid) from public, anon, authenticated, service_role;
grant execute on function public.watch_run(uuid) to authenticated;
comment on function public.watch_run(uuid) is
  'Has the progress of a run broadcast on its private Realtime topic for a while; call it again every minute. Answers {topic, status, watched_until}; watched_until null = it has ended and nothing more will come. Needs runs:read.';

create function public.watch_runs(p_organization_id uuid) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.require_permission(p_organization_id, 'runs:read', 'organization');
  return jsonb_build_object(
    'topic', format('org:%s:runs', p_organization_id),
    'watched_until', private.watch_live(p_organization_id)
  );
end;
$$;

revoke all on function public.watch_runs(uuid) from public, anon, authenticated, service_role;
grant execute on function public.watch_runs(uuid) to authenticated;
comment on function public.watch_runs(uuid) is
  'Has new runs of an organization and their changes of state broadcast on its private Realtime topic for a while; call it again every minute. Answers {topic, watched_until}. Needs runs:read.';
