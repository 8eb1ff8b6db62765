-- The way back from 20261121152624_undo_what_was_done_before_a_cancellation.sql. Written by `deno task db:diff` and never edited; change sql/ instead.

set check_function_bodies = off;

create or replace function engine.schema_version()
  returns jsonb
  language sql
  immutable
  set search_path to ''
  AS $function$
  select '{"version": "20261121150504", "serves_from": "20261121090449"}'::jsonb;
$function$;

create or replace function private.end_run (
  p_run_id uuid,
  p_status text,
  p_output jsonb default null::jsonb,
  p_error  jsonb default null::jsonb
)
  returns boolean
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_before text;
  v_run public.runs;
  v_status text := p_status;
  v_children uuid[];
begin
  select r.status into v_before from public.runs r where r.id = p_run_id and r.finished_at is null for update;
  if not found then
    return false;
  end if;
  if v_before = 'compensating' then
    -- What goes wrong while a run undoes itself is the end of that.
    v_status := case when p_status in ('compensated', 'compensation_failed') then p_status else 'compensation_failed' end;
  elsif p_status in ('failed', 'cancelled') and private.has_to_undo(p_run_id, p_status) then
    v_status := 'compensating';
  end if;

  -- Every path locks the run first and its tokens after it, in the order of their ids, so no two of them wait for each other.
  update public.runs r set
    status = v_status,
    finished_at = case when v_status <> 'compensating' then v_now end,
    started_at = case when v_status in ('completed', 'compensating') then coalesce(r.started_at, v_now) else r.started_at end,
    output = case when v_before = 'compensating' then r.output else p_output end,
    error = case when v_before = 'compensating' then r.error
      when v_status = 'compensating' then coalesce(p_error, '{"code": "cancelled", "message": "The run was cancelled"}')
      else p_error end
  where r.id = p_run_id
  returning * into v_run;
  perform 1 from (
    select j.id from public.job_queue j where j.run_id = p_run_id order by j.id for update
  ) l;
  with gone as (
    delete from public.job_queue j where j.run_id = p_run_id returning j.payload
  )
  select array_agg(private.to_uuid(g.payload -> 'wait' ->> 'run_id')) into v_children
  from gone g where g.payload -> 'wait' ->> 'kind' = 'run' and not g.payload ? 'resolved';
  delete from private.run_joins g where g.run_id = p_run_id;
  delete from private.run_regions g where g.run_id = p_run_id;
  delete from private.run_signals g where g.run_id = p_run_id;
  if v_children is not null then
    perform private.cancel_runs(v_children);
  end if;

  if v_status = 'compensating' then
    insert into public.job_queue (organization_id, run_id, payload, deadline_at, created_at, scheduled_for)
    select v_run.organization_id, v_run.id, '{"undo": true}', v_now + make_interval(secs => greatest(v.timeout_seconds, 3600)), v_now, v_now
    from public.flow_versions v where v.id = v_run.flow_version_id;
    perform private.wake_if_idle(v_run.organization_id);
    return true;
  end if;
  perform private.free_slots(v_run);
  if v_run.trigger = 'flow' then
    perform private.resolve_parent(v_run);
  end if;
  if p_status = 'failed' or v_before = 'compensating' then
    perform private.start_error_flow(v_run);
  end if;
  -- Here and not in a function: each run comes by, and hardly any organization has a subscription.
  if exists (select from public.webhook_subscriptions s where s.organization_id = v_run.organization_id) then
    perform private.publish_run(v_run);
  end if;
  return true;
end;
$function$;

reset check_function_bodies;
