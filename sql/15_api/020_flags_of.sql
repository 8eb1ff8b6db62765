create function private.flags_of(p_organization_id uuid) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_object_agg(f.name, coalesce(f.since_version::text, '')), '{}')
    from private.flags f
    left join private.flag_rules r on r.flag = f.name and r.organization_id = p_organization_id
    -- A hash of flag and organization: another flag's share is made of others.
    where coalesce(r.is_on, abs(hashtextextended(f.name || ':' || p_organization_id::text, 0) % 100) < f.percentage)
  );
end;
$$;

revoke all on function private.flags_of(uuid) from public, anon, authenticated, service_role;
comment on function private.flags_of(uuid) is
  'The flags that an organization has: name → the first version of the API that has it, or empty = every version. A rule of its own counts before the share. For the gate.';
