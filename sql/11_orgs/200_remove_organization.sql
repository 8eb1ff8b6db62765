create function engine.organizations_to_remove(p_limit integer default 100) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(o.id order by o.deletes_at), '[]')
    from (
      select o.id, o.deletes_at from public.organizations o
      where o.deletes_at <= private.now() order by o.deletes_at limit p_limit
    ) o
  );
end;
$$;

revoke all on function engine.organizations_to_remove(integer) from public, anon, authenticated, service_role;
grant execute on function engine.organizations_to_remove(integer) to service_role;
comment on function engine.organizations_to_remove(integer) is
  'Organizations whose grace after a deletion is over, as a list of ids.';

create function engine.list_organization_objects(p_organization_id uuid, p_limit integer default 100) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  -- The table is Supabase's: a plain Postgres has none.
  if to_regclass('storage.objects') is null then
    return '[]';
  end if;
  return (
    select coalesce(jsonb_agg(jsonb_build_object('bucket', s.bucket_id, 'path', s.name)), '[]')
    from (
      select s.bucket_id, s.name from storage.objects s
      where s.bucket_id in ('run-data', 'run-archives')
        -- By bytes, as Storage's own index is: other orders take no notice of a slash.
        and s.name collate "C" >= p_organization_id || '/' and s.name collate "C" < p_organization_id || '0'
      order by s.bucket_id, s.name limit p_limit
    ) s
  );
end;
$$;

revoke all on function engine.list_organization_objects(uuid, integer) from public, anon, authenticated, service_role;
grant execute on function engine.list_organization_objects(uuid, integer) to service_role;
comment on function engine.list_organization_objects(uuid, integer) is
  'What an organization has in Storage, [{bucket, path}]: large outputs and archives of runs, each under its id.';

create function engine.remove_organization(p_organization_id uuid, p_limit integer default 2000) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_left bigint := p_limit;
  v_rows bigint;
  v_relation regclass;
  v_condition text;
  v_found boolean;
begin
  -- Whoever restores it now waits, and is told that it has begun.
  perform 1 from public.organizations o
  where o.id = p_organization_id and o.deletes_at <= private.now() for update;
  if not found then
    perform private.fail('conflict', 'This organization is not to be deleted yet', 409);
  end if;
  insert into private.organization_removals (organization_id) values (p_organization_id) on conflict do nothing;
  -- The log is append-only but for its retention; who removes a tenant removes its log.
  perform set_config('millrace.audit_retention', 'on', true);
  -- Flows and versions name each other.
  update public.flows f set current_version_id = null
  where f.organization_id = p_organization_id and f.current_version_id is not null;

  for v_relation, v_condition in select t.relation, t.condition from private.tenant_relations() t order by t.place, t.relation loop
    execute format(
      'delete from only %1$s where ctid = any (array(select t.ctid from only %1$s t where %2$s limit $2))', v_relation, v_condition
    ) using p_organization_id, v_left;
    get diagnostics v_rows = row_count;
    v_left := v_left - v_rows;
    exit when v_left <= 0;
  end loop;
  update private.organization_removals r set removed_rows = r.removed_rows + p_limit - v_left
  where r.organization_id = p_organization_id;
  if v_left < p_limit then
    return jsonb_build_object('removed', p_limit - v_left, 'done', false);
  end if;

  -- Nothing was found. Somebody may have changed a row while it was looked for, and it be there still.
  for v_relation, v_condition in select t.relation, t.condition from private.tenant_relations() t loop
    execute format('select exists (select from only %s where %s)', v_relation, v_condition) into v_found using p_organization_id;
    if v_found then
      return jsonb_build_object('removed', 0, 'done', false);
    end if;
  end loop;
  -- A worker may hold work of it, and put it back or store what it made.
  if exists (select from private.job_leases l where p_organization_id = any (l.organization_ids)) then
    return jsonb_build_object('removed', 0, 'done', false, 'waits_for', 'workers');
  end if;
  if engine.list_organization_objects(p_organization_id, 1) <> '[]' then
    return jsonb_build_object('removed', 0, 'done', false, 'waits_for', 'objects');
  end if;
  delete from public.organizations o where o.id = p_organization_id;
  -- It carries no organization_id, but the name of whom it is for.
  delete from private.rate_limit_overrides o where o.subject_kind = 'org' and o.subject_id = p_organization_id::text;
  -- The delete may have written of itself.
  for v_relation, v_condition in select t.relation, t.condition from private.tenant_relations() t where t.place = 1000 loop
    execute format('delete from only %s where %s', v_relation, v_condition) using p_organization_id;
  end loop;
  update private.organization_removals r set finished_at = private.now() where r.organization_id = p_organization_id;
  return jsonb_build_object('removed', 1, 'done', true);
end;
$$;

revoke all on function engine.remove_organization(uuid, integer) from public, anon, authenticated, service_role;
grant execute on function engine.remove_organization(uuid, integer) to service_role;
comment on function engine.remove_organization(uuid, integer) is
  'Removes a batch of the rows of an organization whose grace is over, of every table that private.tenant_relations names, and at last the organization. Call it until done; killed between two calls, it goes on. waits_for = nothing is left but what workers hold or what lies in Storage. Answers {removed, done, waits_for}.';
