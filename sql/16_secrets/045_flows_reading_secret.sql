create function private.flows_reading_secret(p_organization_id uuid, p_name text) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object('id', f.id, 'name', f.name) order by f.name, f.id), '[]')
    from (
      select f.id, f.name
      from public.flows f
      join public.flow_versions v on v.id = f.current_version_id
      where f.organization_id = p_organization_id and f.deleted_at is null
        and v.graph::text ~ ('secrets\s*(\.\s*' || p_name || '(?![A-Za-z0-9_-])|\[\s*(\\"|'')' || p_name || '(\\"|''))')
      order by f.name, f.id
      limit 100
    ) f
  );
end;
$$;

revoke all on function private.flows_reading_secret(uuid, text) from public, anon, authenticated, service_role;
comment on function private.flows_reading_secret(uuid, text) is
  'The flows whose current version names the secret in an expression, 100 at most: [{id, name}]. It reads the text of the graphs, so that it may find one that only mentions it.';
