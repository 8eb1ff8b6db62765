create function engine.get_approval_request(p_run_id uuid, p_node_id text, p_scope text default '') returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_run public.runs;
  v_wait jsonb;
  v_until timestamptz;
  v_flow record;
  v_key text := p_run_id || ':' || p_node_id || ':';
begin
  select * into v_run from public.runs r where r.id = p_run_id and r.finished_at is null;
  select j.payload -> 'wait', nullif(j.scheduled_for, 'infinity') into v_wait, v_until
  from public.job_queue j
  where j.run_id = p_run_id and j.node_id = p_node_id and j.scope = p_scope and j.status in ('waiting', 'available', 'paused')
    and j.payload #>> '{wait,kind}' = 'approval' and not j.payload ? 'resolved'
  limit 1;
  -- Decided, timed out or cancelled since it was asked for.
  if v_run.id is null or v_wait is null then
    return null;
  end if;
  -- A step that asks for each of a thousand items fills no inbox: the list of what waits shows them all.
  if (
    select count(*) from (
      select from public.mails m
      where m.tenant_id = v_run.organization_id and m.template = 'approval_request' and starts_with(m.key, v_key)
      limit 100
    ) l
  ) >= 100 then
    return null;
  end if;
  select f.name, n.node #>> '{data,label}' as label into v_flow
  from public.flows f
  left join public.flow_versions v on v.id = v_run.flow_version_id
  left join lateral (
    select e.node from jsonb_array_elements(v.graph -> 'nodes') as e (node) where e.node ->> 'id' = p_node_id limit 1
  ) n on true
  where f.id = v_run.flow_id;
  return (
    select jsonb_build_object(
      'organization_id', o.id, 'key', v_key || p_scope,
      'data', jsonb_build_object(
        'organization', o.name, 'flow', coalesce(v_flow.name, 'A deleted flow'),
        'step', coalesce(v_flow.label, p_node_id),
        'question', left(coalesce(nullif(concat_ws(E'\n', v_wait #>> '{data,title}', v_wait #>> '{data,description}'), ''),
          format('May the run go on at the step %s?', p_node_id)), 4000),
        'asked_by', (select coalesce(p.display_name, p.email) from public.profiles p where p.id = v_run.created_by),
        'run_id', v_run.id, 'expires_at', coalesce(v_until, v_run.deadline_at),
        'on_expiry', case when v_until is null then 'The run ends as failed.' else 'The run goes on at the way out for that.' end,
        'link', '/runs/' || v_run.id
      ),
      'to', coalesce((
        select jsonb_agg(t.address order by t.address)
        from (
          select p.email as address
          from public.organization_members m
          join public.profiles p on p.id = m.user_id and p.email is not null
          join private.role_permissions r on r.role = m.role and r.permission = 'runs:execute'
          where m.organization_id = o.id and case jsonb_typeof(v_wait #> '{data,approvers}')
            when 'object' then coalesce(v_wait #> '{data,approvers,roles}' ? m.role, false)
              or coalesce(v_wait #> '{data,approvers,user_ids}' ? m.user_id::text, false)
            -- Nobody is named, so everybody who may run flows decides; these are told.
            else m.role in ('owner', 'admin') end
          order by p.email limit 50
        ) t
      ), '[]')
    )
    from public.organizations o where o.id = v_run.organization_id and o.suspended_at is null and o.deletes_at is null
  );
end;
$$;

revoke all on function engine.get_approval_request(uuid, text, text) from public, anon, authenticated, service_role;
grant execute on function engine.get_approval_request(uuid, text, text) to service_role;
comment on function engine.get_approval_request(uuid, text, text) is
  'What the mails about a step that waits for an approval say, and to whom: {organization_id, key, data, to}. To who may decide, by role or by name, 50 at most; owners and admins where nobody is named. Null = it waits no more, or 100 mails about this step of this run were sent already.';
