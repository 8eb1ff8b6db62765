create policy members_see_themselves on public.profiles for select to authenticated
  using (
    id = (select auth.uid())
    or exists (
      select 1 from public.organization_members m
      where m.user_id = profiles.id
        and m.organization_id = any ((select private.organizations_with('members:read'))::uuid[])
    )
  );

create policy members_see_their_organizations on public.organizations for select to authenticated
  using (id = any ((select private.organizations_with('org:read'))::uuid[]));

create policy members_see_members on public.organization_members for select to authenticated
  using (
    user_id = (select auth.uid())
    or organization_id = any ((select private.organizations_with('members:read'))::uuid[])
  );

create policy members_see_workspaces on public.workspaces for select to authenticated
  using (organization_id = any ((select private.organizations_with('flows:read'))::uuid[]));
