create function public.create_bulk_operation(
  p_organization_id uuid,
  p_action text,
  p_filter jsonb,
  p_dry_run boolean default false,
  p_idempotency_key text default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_id uuid := private.uuid_v7();
  v_total integer;
  v_reply jsonb;
  v_name text;
  v_kind text;
  v_operation public.bulk_operations;
begin
  perform private.require_permission(p_organization_id, private.bulk_permission(p_action), 'organization');
  v_reply := private.idempotent_reply(p_organization_id, 'create_bulk_operation', p_idempotency_key,
    jsonb_build_array(p_action, p_filter, p_dry_run));
  if v_reply is not null then
    return v_reply;
  end if;
  if p_action is null or p_action not in ('cancel', 'retry', 'delete', 'resume', 'pause', 'replay_events') then
    perform private.fail('invalid_request', 'The action is cancel, retry, delete, resume, pause or replay_events', 400);
  end if;
  if jsonb_typeof(p_filter) is distinct from 'object' or p_filter = '{}' then
    perform private.fail('invalid_request', 'Name at least one thing to filter by: without any, all of them would be meant', 400);
  end if;
  for v_name in select k from jsonb_object_keys(p_filter) k loop
    v_kind := case
      when p_action = 'replay_events' then case
        when v_name in ('event_ids', 'type', 'status', 'run_status') then 'array'
        when v_name = 'test' then 'boolean'
        when v_name in ('endpoint_id', 'received_after', 'received_before') then 'string'
      end
      when v_name in ('status', 'trigger') then 'array'
      when v_name in (
        'flow_id', 'retry_of', 'entity_id', 'parent_run_id', 'schedule_id', 'created_after', 'created_before'
      ) then 'string'
    end;
    if jsonb_typeof(p_filter -> v_name) is distinct from v_kind then
      perform private.fail('invalid_request', format('%s can not be filtered by this "%s"',
        case when p_action = 'replay_events' then 'Events' else 'Runs' end, v_name), 400);
    end if;
  end loop;

  begin
    -- Read here, whatever runs there are: the filter is read again whenever the clock works on it.
    perform (p_filter ->> 'flow_id')::uuid, (p_filter ->> 'retry_of')::uuid, (p_filter ->> 'entity_id')::uuid,
      (p_filter ->> 'parent_run_id')::uuid, (p_filter ->> 'schedule_id')::uuid,
      private.uuid_v7_floor((p_filter ->> 'created_after')::timestamptz),
      private.uuid_v7_floor((p_filter ->> 'created_before')::timestamptz), (p_filter ->> 'endpoint_id')::uuid,
      private.uuid_v7_floor((p_filter ->> 'received_after')::timestamptz),
      private.uuid_v7_floor((p_filter ->> 'received_before')::timestamptz);
    select count(*) into v_total from private.bulk_targets(p_organization_id, p_action, p_filter, v_id);
  exception when data_exception or feature_not_supported then
    perform private.fail('invalid_request', 'The filter holds something that is no id or no moment', 400);
  end;
  if p_dry_run then
    return private.keep_reply(p_organization_id, 'create_bulk_operation', p_idempotency_key, jsonb_build_object(
      'id', null, 'action', p_action, 'filter', p_filter, 'total', v_total, 'dry_run', true
    ));
  end if;
  if (
    select count(*) from public.bulk_operations b where b.organization_id = p_organization_id and b.finished_at is null
  ) >= 10 then
    perform private.fail('conflict', 'Ten operations are under way already: wait for one of them, or cancel it', 409);
  end if;
  insert into public.bulk_operations (id, organization_id, action, filter, total, created_by, status, finished_at, api_key_id)
  values (
    v_id, p_organization_id, p_action, p_filter, v_total, coalesce(private.caller_user_id(), private.caller_key_id()),
    case when v_total = 0 then 'completed' else 'queued' end, case when v_total = 0 then private.now() end,
    private.caller_key_id()
  )
  returning * into v_operation;
  -- Begun at once by a worker; should that come to nothing, the clock goes on with it.
  if v_total > 0 then
    perform private.enqueue_job(
      p_organization_id, 'runs.bulk', jsonb_build_object('operation_id', v_id),
      jsonb_build_object('unique_key', v_id, 'max_attempts', 3)
    );
  end if;
  return private.keep_reply(p_organization_id, 'create_bulk_operation', p_idempotency_key,
    private.bulk_reply(v_operation) || '{"dry_run": false}');
end;
$$;

revoke all on function public.create_bulk_operation(uuid, text, jsonb, boolean, text) from public, anon, authenticated, service_role;
grant execute on function public.create_bulk_operation(uuid, text, jsonb, boolean, text) to authenticated;
comment on function public.create_bulk_operation(uuid, text, jsonb, boolean, text) is
  'Has an action done to all runs, or events of webhooks (replay_events), that a filter finds; a job works it off in batches, beginning at once. p_dry_run = only says how many there are. Needs runs:execute, or webhooks:write for replay_events, now and at each batch. Answers the operation with its total.';
