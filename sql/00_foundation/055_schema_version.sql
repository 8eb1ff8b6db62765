create function engine.schema_version() returns jsonb
language sql
immutable
set search_path = ''
as $$
  select '{"version": "20261122044154", "serves_from": "20261121090449"}'::jsonb;
$$;

revoke all on function engine.schema_version() from public, anon, authenticated, service_role;
grant execute on function engine.schema_version() to service_role;
comment on function engine.schema_version() is
  'Which schema this is: version = the newest migration it holds (deno task db:diff writes it here and into shared/db/schema_version.ts, when it writes the migration); serves_from = the oldest version that deployed functions may have been made for and still work (raised by hand, by a migration that takes away what older functions need). Functions ask once in each isolate.';
