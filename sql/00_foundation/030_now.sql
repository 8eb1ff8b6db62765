create function private.now() returns timestamptz
language sql
stable
set search_path = ''
as $$
  select coalesce(nullif(current_setting('millrace.now', true), '')::timestamptz, clock_timestamp());
$$;

revoke all on function private.now() from public, anon, authenticated, service_role;
grant execute on function private.now() to authenticated, service_role;
comment on function private.now() is
  'The time, everywhere. A test sets it with `set millrace.now = ''2026-01-01T00:00:00Z''`; otherwise the clock.';
