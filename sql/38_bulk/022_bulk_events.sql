create function private.bulk_events(
  p_organization_id uuid,
  p_filter jsonb,
  p_until uuid,
  p_after uuid default null,
  p_limit integer default null
) returns setof uuid
language plpgsql
stable
set search_path = ''
as $$
begin
  return query
  select e.id from public.webhook_events e
  where e.organization_id = p_organization_id
    and e.id < p_until
    and (p_after is null or e.id > p_after)
    -- What was sent again by people is meant only by its id: else each round would double it.
    and (e.replay_of is null or p_filter ? 'event_ids')
    and (not p_filter ? 'event_ids' or p_filter -> 'event_ids' ? e.id::text)
    and (not p_filter ? 'endpoint_id' or e.endpoint_id = (p_filter ->> 'endpoint_id')::uuid)
    and (not p_filter ? 'type' or p_filter -> 'type' ? e.type)
    and (not p_filter ? 'status' or p_filter -> 'status' ? e.status)
    and (not p_filter ? 'test' or e.is_test = (p_filter ->> 'test')::boolean)
    and (not p_filter ? 'run_status' or exists (
      select 1 from public.runs r where r.id = e.run_id and p_filter -> 'run_status' ? r.status
    ))
    and (not p_filter ? 'received_after' or e.id >= private.uuid_v7_floor((p_filter ->> 'received_after')::timestamptz))
    and (not p_filter ? 'received_before' or e.id < private.uuid_v7_floor((p_filter ->> 'received_before')::timestamptz))
  order by e.id
  limit p_limit;
end;
$$;

revoke all on function private.bulk_events(uuid, jsonb, uuid, uuid, integer) from public, anon, authenticated, service_role;
comment on function private.bulk_events(uuid, jsonb, uuid, uuid, integer) is
  'Ids of the events of webhooks that a filter means, in their order: those below p_until, after p_after (null = from the first), p_limit of them at most (null = all). Replays are meant only by their ids.';

create function private.bulk_targets(
  p_organization_id uuid,
  p_action text,
  p_filter jsonb,
  p_until uuid,
  p_after uuid default null,
  p_limit integer default null
) returns setof uuid
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_action = 'replay_events' then
    return query select e from private.bulk_events(p_organization_id, p_filter, p_until, p_after, p_limit) e;
  else
    return query select r from private.bulk_runs(p_organization_id, p_action, p_filter, p_until, p_after, p_limit) r;
  end if;
end;
$$;

revoke all on function private.bulk_targets(uuid, text, jsonb, uuid, uuid, integer) from public, anon, authenticated, service_role;
comment on function private.bulk_targets(uuid, text, jsonb, uuid, uuid, integer) is
  'Ids of what an action is done to: of runs (bulk_runs), or of events of webhooks (bulk_events).';

create function private.bulk_permission(p_action text) returns text
language sql
immutable
set search_path = ''
as $$
  select case when p_action = 'replay_events' then 'webhooks:write' else 'runs:execute' end;
$$;

revoke all on function private.bulk_permission(text) from public, anon, authenticated, service_role;
comment on function private.bulk_permission(text) is 'What it takes to do this to many at once.';
