create function public.missing_secrets(p_organization_id uuid, p_names text[]) returns text[]
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  perform private.require_permission(p_organization_id, 'flows:read', 'organization');
  return (
    select coalesce(array_agg(distinct n order by n), '{}')
    from unnest(p_names[1:500]) n
    where not exists (select 1 from public.secrets s where s.organization_id = p_organization_id and s.name = n)
  );
end;
$$;

revoke all on function public.missing_secrets(uuid, text[]) from public, anon, authenticated, service_role;
grant execute on function public.missing_secrets(uuid, text[]) to authenticated;
comment on function public.missing_secrets(uuid, text[]) is
  'Which of these names (500 at most) are no secrets of the organization: what the compiler warns of. Needs flows:read: whoever runs flows learns it from their failures as well.';
