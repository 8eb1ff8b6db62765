create function public.list_waiting_steps(
  p_organization_id uuid,
  p_kinds text[] default '{approval,decision}',
  p_flow_id uuid default null,
  p_after uuid default null,
  p_limit integer default 50,
  p_descending boolean default false
) returns jsonb
language sql
stable
set search_path = ''
as $$
  -- Runs as the caller: RLS decides which tokens, runs and flows there are.
  select case when p_organization_id = any ((select private.organizations_with('runs:read'))::uuid[])
    then coalesce(jsonb_agg(to_jsonb(w) - 'place' order by w.place), '[]') end
  from (
    select
      row_number() over (order by case when p_descending then j.id end desc, j.id) as place,
      j.id, j.run_id, r.flow_id, f.name as flow_name, j.node_id, j.scope, j.payload -> 'wait' ->> 'kind' as kind,
      j.payload -> 'wait' ->> 'name' as name, j.payload -> 'wait' -> 'data' as data,
      case when (j.payload -> 'wait' ->> 'since') ~ '^[0-9]{1,15}$'
        then to_timestamp((j.payload -> 'wait' ->> 'since')::bigint / 1000.0) else j.created_at end as since,
      -- For another run the moment is only when the clock looks after it.
      case when j.scheduled_for <> 'infinity' and j.payload #>> '{wait,kind}' <> 'run' then j.scheduled_for end as until,
      r.deadline_at, r.status as run_status, r.entity_id,
      (
        jsonb_typeof(j.payload #> '{wait,data,approvers}') is distinct from 'object'
        or coalesce(j.payload #> '{wait,data,approvers,user_ids}' ? (select auth.uid())::text, false)
        or coalesce(j.payload #> '{wait,data,approvers,roles}' ? (
          select m.role from public.organization_members m
          where m.organization_id = j.organization_id and m.user_id = (select auth.uid())
        ), false)
      ) and j.organization_id = any ((select private.organizations_with('runs:execute'))::uuid[])
      -- An API key approves nothing.
      and (j.payload -> 'wait' ->> 'kind' <> 'approval' or (select auth.jwt()) #> '{millrace,key}' is null) as may_decide
    from public.job_queue j
    join public.runs r on r.id = j.run_id
    left join public.flows f on f.id = r.flow_id
    where j.organization_id = p_organization_id
      and j.status in ('waiting', 'available', 'paused')
      and j.payload ? 'wait' and not j.payload ? 'resolved'
      and j.payload -> 'wait' ->> 'kind' = any (p_kinds)
      and (p_flow_id is null or r.flow_id = p_flow_id)
      and (p_after is null or case when p_descending then j.id < p_after else j.id > p_after end)
    order by case when p_descending then j.id end desc, j.id
    limit least(greatest(p_limit, 1), 101)
  ) w;
$$;

revoke all on function public.list_waiting_steps(uuid, text[], uuid, uuid, integer, boolean) from public, anon, authenticated, service_role;
grant execute on function public.list_waiting_steps(uuid, text[], uuid, uuid, integer, boolean) to authenticated;
comment on function public.list_waiting_steps(uuid, text[], uuid, uuid, integer, boolean) is
  'Steps of an organization that wait for something: of these kinds (approval and decision wait for a person; also signal, callback, timer, run, limit), those after p_after, or before it when p_descending. may_decide = the caller could. Null for who may not read runs there. Runs as the caller.';
