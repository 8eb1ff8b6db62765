create function engine.get_flag(p_name text) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'name', f.name, 'description', f.description, 'percentage', f.percentage, 'since_version', f.since_version,
      'updated_at', f.updated_at,
      'rules', (
        select coalesce(jsonb_object_agg(o.organization_id, o.is_on), '{}')
        from (
          select r.organization_id, r.is_on from private.flag_rules r where r.flag = f.name
          order by r.organization_id limit 1000
        ) o
      ),
      'rule_count', (select count(*) from private.flag_rules r where r.flag = f.name)
    )
    from private.flags f where f.name = p_name
  );
end;
$$;

revoke all on function engine.get_flag(text) from public, anon, authenticated, service_role;
grant execute on function engine.get_flag(text) to service_role;
comment on function engine.get_flag(text) is
  'A flag with its rules, organization → whether it has it, a thousand of them at the most (rule_count says how many there are); null when there is none of this name.';

create function engine.list_flags() returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(
      to_jsonb(f) || jsonb_build_object('rule_count', (select count(*) from private.flag_rules r where r.flag = f.name))
      order by f.name
    ), '[]')
    from (select * from private.flags f order by f.name limit 1000) f
  );
end;
$$;

revoke all on function engine.list_flags() from public, anon, authenticated, service_role;
grant execute on function engine.list_flags() to service_role;
comment on function engine.list_flags() is 'All flags by name, a thousand at the most, with the number of their rules.';

create function engine.set_flag(p_name text, p_changes jsonb default '{}') returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_flag private.flags;
  v_before jsonb;
begin
  if coalesce(p_name, '') !~ '^[a-z][a-z0-9_]{0,62}$' then
    perform private.fail('invalid_request', 'The name of a flag has up to 63 lower-case letters, digits and _', 400);
  end if;
  -- Two who set it at once do it one after the other, and each says truly what was before.
  insert into private.flags (name) values (p_name) on conflict (name) do nothing;
  v_before := case when found then null else '{}'::jsonb end;
  select * into v_flag from private.flags f where f.name = p_name for update;
  v_before := v_before || to_jsonb(v_flag);
  begin
    v_flag := jsonb_populate_record(v_flag, p_changes - '{name,updated_at}'::text[]);
  exception when data_exception then
    perform private.fail('invalid_request', 'A setting of the flag has the wrong type', 400);
  end;
  if v_flag.percentage is null or v_flag.percentage < 0 or v_flag.percentage > 100 then
    perform private.fail('invalid_request', 'The share of a flag is 0 to 100 percent', 400);
  end if;
  if v_flag.description is null or length(v_flag.description) > 1000 then
    perform private.fail('invalid_request', 'The description of a flag has at most 1000 characters', 400);
  end if;
  update private.flags f set
    percentage = v_flag.percentage, description = v_flag.description, since_version = v_flag.since_version,
    updated_at = private.now()
  where f.name = p_name returning * into v_flag;
  perform private.audit(null, 'flag.set', 'flag', p_name, v_before, to_jsonb(v_flag));
  return engine.get_flag(p_name);
end;
$$;

revoke all on function engine.set_flag(text, jsonb) from public, anon, authenticated, service_role;
grant execute on function engine.set_flag(text, jsonb) to service_role;
comment on function engine.set_flag(text, jsonb) is
  'Makes a flag or changes it: {percentage of the organizations that have it, description, since_version}; what is not named stays, since_version null = every version. Answers the flag. Counts with the next request.';

create function engine.set_flag_rule(p_name text, p_organization_id uuid, p_is_on boolean) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_before boolean;
begin
  -- In the order in which they are removed: the organization, then the flag.
  perform from public.organizations o where o.id = p_organization_id for key share;
  if not found then
    perform private.fail('not_found', 'No such organization', 404);
  end if;
  perform from private.flags f where f.name = p_name for update;
  if not found then
    perform private.fail('not_found', 'No such flag', 404);
  end if;
  select r.is_on into v_before from private.flag_rules r where r.flag = p_name and r.organization_id = p_organization_id;
  if p_is_on is null then
    delete from private.flag_rules r where r.flag = p_name and r.organization_id = p_organization_id;
  else
    insert into private.flag_rules as r (flag, organization_id, is_on) values (p_name, p_organization_id, p_is_on)
    on conflict (organization_id, flag) do update set is_on = excluded.is_on;
  end if;
  if v_before is distinct from p_is_on then
    perform private.audit(p_organization_id, case when p_is_on is null then 'flag.rule_removed' else 'flag.rule_set' end, 'flag',
      p_name, jsonb_build_object('is_on', v_before), jsonb_build_object('is_on', p_is_on));
  end if;
  return engine.get_flag(p_name);
end;
$$;

revoke all on function engine.set_flag_rule(text, uuid, boolean) from public, anon, authenticated, service_role;
grant execute on function engine.set_flag_rule(text, uuid, boolean) to service_role;
comment on function engine.set_flag_rule(text, uuid, boolean) is
  'Says that an organization has a flag, or has it not, whatever its share; null takes the rule away. 404 for a flag or an organization that there is not. Answers the flag.';

create function engine.remove_flag(p_name text) returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_before jsonb := engine.get_flag(p_name);
begin
  delete from private.flags f where f.name = p_name;
  if not found then
    perform private.fail('not_found', 'No such flag', 404);
  end if;
  perform private.audit(null, 'flag.removed', 'flag', p_name, v_before);
end;
$$;

revoke all on function engine.remove_flag(text) from public, anon, authenticated, service_role;
grant execute on function engine.remove_flag(text) to service_role;
comment on function engine.remove_flag(text) is 'Removes a flag with its rules: nobody has it any more. 404 when there is none.';
