create function private.broadcast_run() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_ids uuid[];
  v_payload jsonb;
begin
  select array_agg(w.id) into v_ids
  from private.live_watchers w
  where w.id in (new.id, new.organization_id) and w.watched_until > private.now();
  if v_ids is null then
    return null;
  end if;
  v_payload := jsonb_build_object(
    'run_id', new.id,
    'flow_id', new.flow_id,
    'status', new.status,
    'trigger', new.trigger,
    'error', case when jsonb_typeof(new.error) = 'object' then jsonb_build_object(
      'code', new.error -> 'code', 'message', left(new.error ->> 'message', 500), 'node_id', new.error -> 'node_id'
    ) end,
    'created_at', new.created_at,
    'started_at', new.started_at,
    'finished_at', new.finished_at
  );
  if new.id = any (v_ids) then
    perform private.send_live('run:' || new.id, 'run', v_payload);
  end if;
  if new.organization_id = any (v_ids) then
    perform private.send_live(format('org:%s:runs', new.organization_id), 'run', v_payload);
  end if;
  return null;
end;
$$;

revoke all on function private.broadcast_run() from public, anon, authenticated, service_role;
comment on function private.broadcast_run() is
  'Broadcasts the state of a run, without its output, to those who watch it or the runs of its organization. For whoever changes it, so that no way to end a run is forgotten.';

create trigger broadcast_new after insert on public.runs
  for each row execute function private.broadcast_run();
create trigger broadcast_status after update of status on public.runs
  for each row when (old.status is distinct from new.status) execute function private.broadcast_run();
