create function private.activity_thing(p_organization_id uuid, p_kind text, p_id text) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_id uuid := case when private.input_is_valid(p_id, 'uuid') then p_id::uuid end;
  v_name text;
begin
  case p_kind
    when 'flow' then
      return (
        select jsonb_build_object('name', t.name, 'is_there', t.deleted_at is null) from public.flows t
        where t.id = v_id and t.organization_id = p_organization_id
      );
    when 'workspace' then
      select t.name into v_name from public.workspaces t where t.id = v_id and t.organization_id = p_organization_id;
    when 'organization' then
      select t.name into v_name from public.organizations t where t.id = v_id and t.id = p_organization_id;
    when 'schedule' then
      select t.name into v_name from public.schedules t where t.id = v_id and t.organization_id = p_organization_id;
    when 'webhook_endpoint' then
      select t.name into v_name from public.webhook_endpoints t where t.id = v_id and t.organization_id = p_organization_id;
    when 'webhook_subscription' then
      return jsonb_build_object('name', null, 'is_there', exists (
        select 1 from public.webhook_subscriptions t where t.id = v_id and t.organization_id = p_organization_id
      ));
    when 'entity' then
      select t.name into v_name from public.entities t where t.id = v_id and t.organization_id = p_organization_id and t.deleted_at is null;
    when 'key' then
      select t.name into v_name from public.api_keys t where t.id = v_id and t.organization_id = p_organization_id;
    when 'secret' then
      select t.name into v_name from public.secrets t where t.id = v_id and t.organization_id = p_organization_id;
    when 'budget' then
      select t.name into v_name from public.budgets t where t.id = v_id and t.organization_id = p_organization_id;
    when 'member' then
      -- Also who has left: the row of the log tells that they were here.
      select coalesce(t.display_name, t.email, '') into v_name from public.profiles t where t.id = v_id;
      return jsonb_build_object('name', nullif(v_name, ''), 'is_there', exists (
        select 1 from public.organization_members m where m.organization_id = p_organization_id and m.user_id = v_id
      ));
    when 'run' then
      return jsonb_build_object('name', null, 'is_there', exists (
        select 1 from public.runs t where t.id = v_id and t.organization_id = p_organization_id
      ));
    when 'bulk_operation' then
      return jsonb_build_object('name', null, 'is_there', exists (
        select 1 from public.bulk_operations t where t.id = v_id and t.organization_id = p_organization_id
      ));
    when 'invitation' then
      return jsonb_build_object('name', null, 'is_there', exists (
        select 1 from public.invitations t where t.id = v_id and t.organization_id = p_organization_id
      ));
    else null;
  end case;
  return jsonb_build_object('name', v_name, 'is_there', v_name is not null);
end;
$$;

revoke all on function private.activity_thing(uuid, text, text) from public, anon, authenticated, service_role;
comment on function private.activity_thing(uuid, text, text) is
  'What a thing that the audit log names is called now: {name, is_there}. Whether the caller may know is for whoever calls this to ask.';

create function private.activity_things_named(p_organization_id uuid, p_text text) returns text[]
language plpgsql
stable
set search_path = ''
as $$
declare
  v_text text := lower(p_text);
begin
  return array(
    select t.id::text
    from (
      select f.id, f.name from public.flows f where f.organization_id = p_organization_id and f.deleted_at is null
      union all select w.id, w.name from public.workspaces w where w.organization_id = p_organization_id
      union all select s.id, s.name from public.schedules s where s.organization_id = p_organization_id
      union all select e.id, e.name from public.webhook_endpoints e where e.organization_id = p_organization_id
      union all select k.id, k.name from public.api_keys k where k.organization_id = p_organization_id
      union all select s.id, s.name from public.secrets s where s.organization_id = p_organization_id
      union all select b.id, b.name from public.budgets b where b.organization_id = p_organization_id
    ) t
    where position(v_text in lower(t.name)) > 0
    limit 1000
  );
end;
$$;

revoke all on function private.activity_things_named(uuid, text) from public, anon, authenticated, service_role;
comment on function private.activity_things_named(uuid, text) is
  'Ids of up to 1,000 flows, workspaces, schedules, webhook endpoints, keys and secrets of an organization whose names hold the text now, whatever its case.';
