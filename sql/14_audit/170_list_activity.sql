create function private.activity_kinds(p_organization_id uuid) returns text[]
language plpgsql
stable
set search_path = ''
as $$
begin
  return array(
    select unnest(k.kinds)
    from (values
      ('org:read', array['organization']),
      ('members:read', array['member', 'invitation']),
      ('flows:read', array['flow', 'workspace', 'schedule']),
      ('runs:read', array['run', 'bulk_operation', 'dead_letter', 'entity']),
      ('webhooks:read', array['webhook_endpoint', 'webhook_subscription']),
      ('keys:read', array['key']),
      ('secrets:read', array['secret']),
      ('billing:read', array['budget'])
    ) as k (permission, kinds)
    where p_organization_id = any (private.organizations_with(k.permission))
  );
end;
$$;

revoke all on function private.activity_kinds(uuid) from public, anon, authenticated, service_role;
comment on function private.activity_kinds(uuid) is
  'The kinds of things whose history the caller may see in an organization: those that the role, or the key''s scopes, may read.';

create function public.list_activity(
  p_organization_id uuid,
  p_filter jsonb default '{}',
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
  v_kinds text[];
  v_where text;
  v_people uuid[] := '{}';
  v_sees_members boolean;
  v_reply jsonb;
begin
  perform private.require_permission(p_organization_id, 'org:read', 'organization');
  v_kinds := private.activity_kinds(p_organization_id);
  v_sees_members := 'member' = any (v_kinds);
  -- Only these: a filter by what is not shown (the address, the values) would tell it.
  v_where := private.audit_where(
    (
      select coalesce(jsonb_object_agg(f.key, f.value), '{}') from jsonb_each(p_filter) f
      where f.key in ('actor', 'user_id', 'key_id', 'actions', 'target_types', 'target_id', 'from', 'to')
    ),
    p_after, p_ascending
  );
  if p_filter ? 'q' then
    if v_sees_members then
      v_people := array(
        select m.user_id from public.organization_members m
        join public.profiles p on p.id = m.user_id
        where m.organization_id = p_organization_id
          and position(lower(p_filter ->> 'q') in lower(concat_ws(' ', p.display_name, p.email))) > 0
      );
    end if;
    v_where := v_where || format(
      ' and (position(lower(%L) in lower(concat_ws('' '', e.action, e.target_id, e.before ->> ''name'', e.after ->> ''name''))) > 0
        or e.user_id = any (%L::uuid[]) or e.target_id = any (%L::text[]))',
      p_filter ->> 'q', v_people, private.activity_things_named(p_organization_id, p_filter ->> 'q') || v_people::text[]
    );
  end if;
  -- In the direction of the index, whichever that is.
  execute format(
    'select coalesce(jsonb_agg(jsonb_build_object(
       ''id'', e.id,
       ''occurred_at'', e.occurred_at,
       ''actor'', e.actor,
       ''user_id'', e.user_id,
       ''user_name'', case when $4 then coalesce(p.display_name, p.email) end,
       ''key_id'', e.key_id,
       ''key_name'', case when $5 then k.name end,
       ''action'', e.action,
       ''target_type'', e.target_type,
       ''target_id'', e.target_id,
       ''target_name'', coalesce(e.after ->> ''name'', e.before ->> ''name'', t.it ->> ''name''),
       ''is_there'', coalesce((t.it ->> ''is_there'')::boolean, false),
       ''changed'', case when e.action like ''%%.updated'' and json_typeof(e.after) = ''object''
         then coalesce((select jsonb_agg(c.name order by c.name) from json_object_keys(e.after) c (name)), ''[]'')
         else ''[]'' end,
       ''about'', jsonb_strip_nulls(jsonb_build_object(
         ''was'', e.before ->> ''name'',
         ''role'', case when e.target_type in (''member'', ''invitation'') then e.after ->> ''role'' end,
         ''status'', case when e.target_type = ''invitation'' then e.after ->> ''status'' end,
         ''is_active'', case when e.target_type in (''flow'', ''schedule'', ''webhook_endpoint'') then e.after -> ''is_active'' end,
         ''bulk'', case when e.target_type = ''bulk_operation'' then e.after ->> ''action'' end,
         ''count'', case e.target_type when ''bulk_operation'' then coalesce(e.after -> ''total'', e.details -> ''count'')
           when ''dead_letter'' then e.details -> ''discarded'' end
       ))
     ) order by e.id %1$s), ''[]'')
     from (
       select * from public.audit_events e
       where e.organization_id = $1 and e.actor in (''user'', ''key'') and e.target_type = any ($3)
         -- That a new flow gets its first version is no news, nor that an invitation is mailed.
         and not (
           e.action = ''flow.updated'' and coalesce(json_typeof(e.before -> ''current_version_id'') = ''null'', false)
           or e.action = ''invitation.updated'' and coalesce(e.before ->> ''mails'' = ''0'', false)
         ) %2$s
       order by e.id %1$s limit $2
     ) e
     cross join lateral (select private.activity_thing($1, e.target_type, e.target_id) as it) t
     left join public.profiles p on p.id = e.user_id
     left join public.api_keys k on k.id = e.key_id and k.organization_id = $1',
    case when p_ascending then 'asc' else 'desc' end, v_where
  ) into v_reply using p_organization_id, least(greatest(p_limit, 1), 101), v_kinds, v_sees_members, 'key' = any (v_kinds);
  return v_reply;
end;
$$;

revoke all on function public.list_activity(uuid, jsonb, integer, uuid, boolean) from public, anon, authenticated, service_role;
grant execute on function public.list_activity(uuid, jsonb, integer, uuid, boolean) to authenticated;
comment on function public.list_activity(uuid, jsonb, integer, uuid, boolean) is
  'Who did what in the organization lately, for its members (org:read): rows of the audit log that people and keys made, on the kinds of things that the caller may read (private.activity_kinds), without addresses, values and secrets. p_filter: {actor, user_id, key_id, actions: [flow.updated, flow.*], target_types, target_id, from, to, q}; q is looked for in action, id, name of the thing, then and now, and of the person. Names of people need members:read, those of keys keys:read. is_there = the thing still exists; changed = names of columns; about = what a sentence about it needs: {was, role, status, is_active, bulk, count}.';
