create function public.list_activity(
  p_organization_id uuid,
  p_limit integer default 51,
  p_after uuid default null,
  p_ascending boolean default false
) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_reply jsonb;
begin
  perform private.require_permission(p_organization_id, 'org:read', 'organization');
  -- In the direction of the index, whichever that is.
  execute format(
    'select coalesce(jsonb_agg(jsonb_build_object(
       ''id'', e.id,
       ''occurred_at'', e.occurred_at,
       ''actor'', e.actor,
       ''user_id'', e.user_id,
       ''user_name'', case when $4 then coalesce(p.display_name, p.email) end,
       ''action'', e.action,
       ''target_type'', e.target_type,
       ''target_id'', e.target_id,
       ''target_name'', case when e.target_type in (''flow'', ''workspace'', ''organization'')
         then coalesce(e.after ->> ''name'', e.before ->> ''name'') end
     ) order by e.id %1$s), ''[]'')
     from (
       select * from public.audit_events a
       where a.organization_id = $1 %2$s and a.actor in (''user'', ''key'') and a.target_type in
         (''flow'', ''workspace'', ''organization'', ''member'', ''schedule'', ''webhook_endpoint'', ''entity'', ''invitation'', ''run'', ''bulk_operation'')
       order by a.id %1$s limit $2
     ) e
     left join public.profiles p on p.id = e.user_id',
    case when p_ascending then 'asc' else 'desc' end,
    case when p_after is null then '' when p_ascending then 'and a.id > $3' else 'and a.id < $3' end
  ) into v_reply using p_organization_id, least(greatest(p_limit, 1), 101), p_after,
    p_organization_id = any (private.organizations_with('members:read'));
  return v_reply;
end;
$$;

revoke all on function public.list_activity(uuid, integer, uuid, boolean) from public, anon, authenticated, service_role;
grant execute on function public.list_activity(uuid, integer, uuid, boolean) to authenticated;
comment on function public.list_activity(uuid, integer, uuid, boolean) is
  'Who did what in the organization lately, for its members (org:read): rows of the audit log that people and keys made on flows, workspaces, members and the like, without addresses, values and secrets. Names of people need members:read.';
