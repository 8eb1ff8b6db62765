create function private.send_live(p_topic text, p_event text, p_payload jsonb) returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- Only looked up when somebody watches. A database without Realtime has nobody to tell.
  if to_regprocedure('realtime.send(jsonb, text, text, boolean)') is not null then
    perform realtime.send(p_payload, p_event, p_topic, true);
  end if;
end;
$$;

revoke all on function private.send_live(text, text, jsonb) from public, anon, authenticated, service_role;
comment on function private.send_live(text, text, jsonb) is
  'Broadcasts an event on a private Realtime topic when the transaction commits. Never fails: realtime.send turns its errors into warnings.';
