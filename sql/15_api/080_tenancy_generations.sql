create trigger generation_after_insert after insert on public.organization_members
  referencing new table as new_rows for each statement execute function private.bump_generation('organization');
create trigger generation_after_update after update on public.organization_members
  referencing new table as new_rows old table as old_rows for each statement execute function private.bump_generation('organization');
create trigger generation_after_delete after delete on public.organization_members
  referencing old table as old_rows for each statement execute function private.bump_generation('organization');

create trigger generation_after_insert after insert on public.workspaces
  referencing new table as new_rows for each statement execute function private.bump_generation('organization');
create trigger generation_after_update after update on public.workspaces
  referencing new table as new_rows old table as old_rows for each statement execute function private.bump_generation('organization');
create trigger generation_after_delete after delete on public.workspaces
  referencing old table as old_rows for each statement execute function private.bump_generation('organization');

create function private.bump_organization_generation() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_organization_id uuid;
begin
  if tg_table_name = 'organizations' then
    for v_organization_id in select n.id from new_rows n loop
      perform private.bump_generation_of(v_organization_id, 'organization');
    end loop;
  else
    for v_organization_id in
      select distinct m.organization_id from new_rows n join public.organization_members m on m.user_id = n.id
    loop
      perform private.bump_generation_of(v_organization_id, 'organization');
    end loop;
  end if;
  return null;
end;
$$;

revoke all on function private.bump_organization_generation() from public, anon, authenticated, service_role;
comment on function private.bump_organization_generation() is
  'private.bump_generation for tables without organization_id: organizations themselves, and profiles, which show in every organization that the person is in.';

-- Nothing is kept of an organization that is not there yet, or of a person who is in none.
create trigger generation_after_update after update on public.organizations
  referencing new table as new_rows for each statement execute function private.bump_organization_generation();
create trigger generation_after_update after update on public.profiles
  referencing new table as new_rows for each statement execute function private.bump_organization_generation();
