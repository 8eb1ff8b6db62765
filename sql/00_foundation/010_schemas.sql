-- Three schemas, one rule each: public is what tenants reach, engine is what the service reaches, private is reached by
-- nobody through the Data API.
create schema if not exists engine;
create schema if not exists private;

comment on schema engine is 'Functions of the engine. Exposed to the Data API, executable by service_role only.';
comment on schema private is 'Helpers and internal tables. Never exposed to the Data API.';

revoke all on schema engine from public;
revoke all on schema private from public;

grant usage on schema public to anon, authenticated, service_role;
grant usage on schema engine to service_role;
-- Policies and security definer functions of public call helpers of private by name, which needs usage on the schema;
-- every helper and table in it still carries its own grants.
grant usage on schema private to authenticated, service_role;

-- A new object is reachable by nobody until its own file says so. These lines take back what projects grant by default; the
-- execute on functions that Postgres itself gives everybody cannot be taken back for a schema, so each file revokes it, and
-- tests/rls fails for one that does not.
alter default privileges in schema public revoke all on tables from public, anon, authenticated, service_role;
alter default privileges in schema public revoke all on sequences from public, anon, authenticated, service_role;
alter default privileges in schema public revoke all on functions from public, anon, authenticated, service_role;
alter default privileges in schema engine revoke all on functions from public, anon, authenticated, service_role;
alter default privileges in schema private revoke all on functions from public, anon, authenticated, service_role;
