create function private.resting_status(p_due timestamptz, p_now timestamptz) returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  return case when p_due > p_now + interval '1 minute' then 'waiting' else 'available' end;
end;
$$;

revoke all on function private.resting_status(timestamptz, timestamptz) from public, anon, authenticated, service_role;
comment on function private.resting_status(timestamptz, timestamptz) is
  'How something rests in the queue that is due at a moment: what is due within a minute is claimed to the moment, the rest stays out of the way of claims until the tick makes it ready.';
