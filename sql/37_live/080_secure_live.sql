create function private.secure_live() returns boolean
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- The table belongs to Supabase: a project may get it only when Realtime is first used, and a plain Postgres has none.
  if to_regclass('realtime.messages') is null then
    return false;
  end if;
  if not exists (
    select 1 from pg_catalog.pg_policy p
    where p.polrelid = 'realtime.messages'::regclass and p.polname = 'millrace_members_receive'
  ) then
    create policy millrace_members_receive on realtime.messages for select to authenticated
      using (extension in ('broadcast', 'presence') and (select private.may_receive_live((select realtime.topic()))));
  end if;
  -- Members may show that they are there. They may not broadcast: what arrives on these topics comes from the database.
  if not exists (
    select 1 from pg_catalog.pg_policy p
    where p.polrelid = 'realtime.messages'::regclass and p.polname = 'millrace_members_appear'
  ) then
    create policy millrace_members_appear on realtime.messages for insert to authenticated
      with check (extension = 'presence' and (select private.may_receive_live((select realtime.topic()))));
  end if;
  return true;
exception
  -- Nobody is let in then, which is a reason to say so and none to refuse a migration.
  when insufficient_privilege then
    raise warning 'Cannot make the policies on realtime.messages: %. Run private.secure_live() as a role that may', sqlerrm;
    return false;
end;
$$;

revoke all on function private.secure_live() from public, anon, authenticated, service_role;
comment on function private.secure_live() is
  'Makes the policies by which members may join the Realtime topics of their runs. False = the database has no Realtime, or the owner of our schema may not make policies there: repeat it when that has changed.';
