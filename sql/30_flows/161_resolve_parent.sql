create function private.resolve_parent(p_run public.runs) returns void
language plpgsql
set search_path = ''
as $$
begin
  -- Never waits: whoever holds the token may be waiting for this run. What is passed over here, the tick finds.
  update public.job_queue j set
    status = case when j.status = 'paused' or exists (
      select 1 from public.runs q where q.id = p_run.parent_run_id and q.status = 'paused'
    ) then 'paused' else 'available' end,
    scheduled_for = private.now(),
    payload = j.payload || jsonb_build_object('resolved', private.run_resolution(p_run))
  where j.id in (
    select o.id from public.job_queue o
    where o.run_id = p_run.parent_run_id and o.status in ('waiting', 'paused')
      and o.payload -> 'wait' ->> 'kind' = 'run' and o.payload -> 'wait' ->> 'run_id' = p_run.id::text
      and not o.payload ? 'resolved'
    for update skip locked
  );
  if found then
    perform private.wake_if_idle(p_run.organization_id);
  end if;
end;
$$;

revoke all on function private.resolve_parent(public.runs) from public, anon, authenticated, service_role;
comment on function private.resolve_parent(public.runs) is 'Lets the step that waits for a run which has ended go on.';

create function private.run_resolution(p_run public.runs) returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object('by', 'run', 'data', jsonb_build_object(
    'run_id', p_run.id, 'status', p_run.status, 'output', p_run.output, 'error', p_run.error
  ));
$$;

revoke all on function private.run_resolution(public.runs) from public, anon, authenticated, service_role;
comment on function private.run_resolution(public.runs) is 'What a step that waited for a run is told.';

create table private.run_cancellations (
  run_id uuid primary key,
  created_at timestamptz not null default private.now()
);
alter table private.run_cancellations enable row level security;
revoke all on table private.run_cancellations from public, anon, authenticated, service_role;

comment on table private.run_cancellations is
  'Runs that are to be cancelled as soon as nobody is at work on them: the tick does it.';
comment on column private.run_cancellations.run_id is 'The run.';
comment on column private.run_cancellations.created_at is 'When it was asked for.';

create function private.cancel_runs(p_run_ids uuid[]) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_id uuid;
begin
  foreach v_id in array array_remove(p_run_ids, null) loop
    if private.try_lock_run(v_id) then
      perform private.end_run(v_id, 'cancelled');
    else
      insert into private.run_cancellations (run_id) values (v_id) on conflict do nothing;
    end if;
  end loop;
end;
$$;

revoke all on function private.cancel_runs(uuid[]) from public, anon, authenticated, service_role;
comment on function private.cancel_runs(uuid[]) is 'Cancels runs without waiting for anybody: at once where nobody is at it, by the tick where somebody is.';

create function private.start_error_flow(p_run public.runs) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_flow public.flows;
begin
  if p_run.trigger = 'error' or p_run.pins is not null or p_run.depth >= 10 then
    return;
  end if;
  select f.* into v_flow
  from public.flow_versions v
  join public.flows f on f.id = v.error_flow_id and f.organization_id = v.organization_id
  where v.id = p_run.flow_version_id and f.is_active and f.deleted_at is null and f.current_version_id is not null;
  if not found then
    return;
  end if;
  perform private.create_run(
    v_flow, 'error',
    jsonb_build_object(
      'run', jsonb_build_object(
        'id', p_run.id, 'flow_id', p_run.flow_id, 'status', p_run.status, 'trigger', p_run.trigger,
        'started_at', p_run.started_at, 'finished_at', p_run.finished_at
      ),
      'error', p_run.error, 'input', p_run.input
    ),
    p_parent => p_run, p_traceparent => p_run.traceparent
  );
  perform private.wake_if_idle(p_run.organization_id);
end;
$$;

revoke all on function private.start_error_flow(public.runs) from public, anon, authenticated, service_role;
comment on function private.start_error_flow(public.runs) is
  'Starts the error flow of a run that has failed, when its version names one that is active. The failure of an error flow starts none.';
