-- The grants that Supabase Storage gives: row-level security decides, and service_role passes it.
grant usage on schema storage to anon, authenticated, service_role;
grant all on all tables in schema storage to anon, authenticated, service_role;
