-- The grants that Supabase Storage gives: row-level security decides, and service_role passes it.
-- The owner that Supabase's own migrations give it; the role that migrates a hosted project is its member.
do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'supabase_storage_admin') then
    create role supabase_storage_admin nologin noinherit;
  end if;
end;
$$;
alter table storage.objects owner to supabase_storage_admin;
alter table storage.buckets owner to supabase_storage_admin;
grant usage on schema storage to anon, authenticated, service_role, supabase_storage_admin;
grant all on all tables in schema storage to anon, authenticated, service_role;
