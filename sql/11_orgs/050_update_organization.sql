create function public.update_organization(
  p_organization_id uuid,
  p_name text default null,
  p_slug text default null,
  p_if_version integer default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.lock_organization(p_organization_id, 'org:write', p_if_version);
  perform private.check_name(p_name), private.check_slug(p_slug);
  update public.organizations o set name = coalesce(p_name, o.name), slug = coalesce(p_slug, o.slug)
  where o.id = p_organization_id
    and (o.name, o.slug) is distinct from (coalesce(p_name, o.name), coalesce(p_slug, o.slug));
  return private.organization_reply(p_organization_id);
exception
  when unique_violation then
    perform private.fail('conflict', 'This slug is taken', 409);
    return null;
end;
$$;

revoke all on function public.update_organization(uuid, text, text, integer) from public, anon, authenticated, service_role;
grant execute on function public.update_organization(uuid, text, text, integer) to authenticated;
comment on function public.update_organization(uuid, text, text, integer) is
  'Changes name and slug; null = leave as it is. p_if_version: 412 unless it is the row version. Needs org:write; 409 when the slug is taken.';
