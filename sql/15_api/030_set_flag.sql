create function engine.set_flag(
  p_name text,
  p_percentage integer default null,
  p_organization_id uuid default null,
  p_is_on boolean default null,
  p_description text default null,
  p_since_version date default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.flags as f (name, percentage, description, since_version)
  values (p_name, coalesce(p_percentage, 0), coalesce(p_description, ''), p_since_version)
  on conflict (name) do update set
    percentage = coalesce(p_percentage, f.percentage),
    description = coalesce(p_description, f.description),
    since_version = coalesce(p_since_version, f.since_version),
    updated_at = private.now();
  if p_organization_id is not null and p_is_on is null then
    delete from private.flag_rules r where r.flag = p_name and r.organization_id = p_organization_id;
  elsif p_organization_id is not null then
    insert into private.flag_rules as r (flag, organization_id, is_on) values (p_name, p_organization_id, p_is_on)
    on conflict (organization_id, flag) do update set is_on = excluded.is_on;
  end if;
  return engine.get_flag(p_name);
end;
$$;

revoke all on function engine.set_flag(text, integer, uuid, boolean, text, date) from public, anon, authenticated, service_role;
grant execute on function engine.set_flag(text, integer, uuid, boolean, text, date) to service_role;
comment on function engine.set_flag(text, integer, uuid, boolean, text, date) is
  'Sets a flag: for a share of the organizations (p_percentage), or for one of them (p_organization_id with p_is_on; null takes its rule away). What is null stays. Answers the flag. Counts with the next request.';

create function engine.get_flag(p_name text) returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select jsonb_build_object(
    'name', f.name, 'description', f.description, 'percentage', f.percentage, 'since_version', f.since_version,
    'updated_at', f.updated_at,
    'rules', (
      select coalesce(jsonb_object_agg(r.organization_id, r.is_on), '{}') from private.flag_rules r where r.flag = f.name
    )
  )
  from private.flags f where f.name = p_name;
$$;

revoke all on function engine.get_flag(text) from public, anon, authenticated, service_role;
grant execute on function engine.get_flag(text) to service_role;
comment on function engine.get_flag(text) is
  'A flag with its rules, organization → whether it has it; null when there is none of this name.';
