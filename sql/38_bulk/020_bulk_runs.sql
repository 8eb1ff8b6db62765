create function private.bulk_runs(
  p_organization_id uuid,
  p_action text,
  p_filter jsonb,
  p_until uuid,
  p_after uuid default null,
  p_limit integer default null
) returns setof uuid
language sql
stable
set search_path = ''
as $$
  select r.id from public.runs r
  where r.organization_id = p_organization_id
    and r.id < p_until
    and (p_after is null or r.id > p_after)
    and r.status = any (case p_action
      when 'cancel' then '{queued,running,paused}'::text[]
      when 'pause' then '{queued,running}'
      when 'resume' then '{paused}'
      when 'retry' then '{failed,cancelled}'
      else '{completed,failed,cancelled,compensated,compensation_failed}'
    end)
    and (not p_filter ? 'flow_id' or r.flow_id = (p_filter ->> 'flow_id')::uuid)
    and (not p_filter ? 'status' or p_filter -> 'status' ? r.status)
    and (not p_filter ? 'trigger' or p_filter -> 'trigger' ? r.trigger)
    and (not p_filter ? 'retry_of' or r.retry_of = (p_filter ->> 'retry_of')::uuid)
    and (not p_filter ? 'entity_id' or r.entity_id = (p_filter ->> 'entity_id')::uuid)
    and (not p_filter ? 'parent_run_id' or r.parent_run_id = (p_filter ->> 'parent_run_id')::uuid)
    and (not p_filter ? 'schedule_id' or r.schedule_id = (p_filter ->> 'schedule_id')::uuid)
    and (not p_filter ? 'created_after' or r.id >= private.uuid_v7_floor((p_filter ->> 'created_after')::timestamptz))
    and (not p_filter ? 'created_before' or r.id < private.uuid_v7_floor((p_filter ->> 'created_before')::timestamptz))
  order by r.id
  limit p_limit;
$$;

revoke all on function private.bulk_runs(uuid, text, jsonb, uuid, uuid, integer) from public, anon, authenticated, service_role;
comment on function private.bulk_runs(uuid, text, jsonb, uuid, uuid, integer) is
  'Ids of the runs that an action and a filter mean, in their order: those below p_until, after p_after (null = from the first), p_limit of them at most (null = all).';
