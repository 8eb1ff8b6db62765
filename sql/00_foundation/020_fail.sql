create function private.fail(
  p_code text,
  p_message text,
  p_status integer default 400,
  p_details jsonb default null
) returns void
language plpgsql
set search_path = ''
as $$
begin
  -- PostgREST turns this SQLSTATE into a response with our status and body:
  -- https://docs.postgrest.org/en/stable/references/errors.html#raise-errors-with-http-status-codes
  raise sqlstate 'PGRST' using
    message = json_build_object('code', p_code, 'message', p_message, 'details', p_details::text, 'hint', null)::text,
    detail = json_build_object('status', p_status, 'headers', json_build_object())::text;
end;
$$;

revoke all on function private.fail(text, text, integer, jsonb) from public, anon, authenticated, service_role;
comment on function private.fail(text, text, integer, jsonb) is
  'Raises an error that the Data API answers with: p_code from the closed list in shared/errors, p_message for people, p_status as HTTP status, p_details as JSON text. The only way our SQL reports a problem to a caller.';
