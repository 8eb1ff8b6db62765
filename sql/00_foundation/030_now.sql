create function private.now() returns timestamptz
language plpgsql
stable
set search_path = ''
as $$
begin
  -- PL/pgSQL, as everything that runs with each step: a SQL function is planned anew by every call.
  return coalesce(nullif(current_setting('millrace.now', true), '')::timestamptz, clock_timestamp());
end;
$$;

revoke all on function private.now() from public, anon, authenticated, service_role;
grant execute on function private.now() to authenticated, service_role;
comment on function private.now() is
  'The time, everywhere. A test sets it with `set millrace.now = ''2026-01-01T00:00:00Z''`; otherwise the clock.';
