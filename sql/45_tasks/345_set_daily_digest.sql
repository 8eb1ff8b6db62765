create function public.set_daily_digest(p_organization_id uuid, p_wanted boolean) returns boolean
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.require_permission(p_organization_id, 'org:write', 'organization');
  if p_wanted then
    delete from private.digest_opt_outs x where x.organization_id = p_organization_id;
  else
    insert into private.digest_opt_outs (organization_id, user_id) values (p_organization_id, private.caller_user_id())
    on conflict (organization_id) do nothing;
  end if;
  return coalesce(p_wanted, false);
end;
$$;

revoke all on function public.set_daily_digest(uuid, boolean) from public, anon, authenticated, service_role;
grant execute on function public.set_daily_digest(uuid, boolean) to authenticated;
comment on function public.set_daily_digest(uuid, boolean) is
  'Whether the owners of an organization get a mail after each day with runs; they do until somebody says otherwise. Needs org:write. Answers what holds now.';
