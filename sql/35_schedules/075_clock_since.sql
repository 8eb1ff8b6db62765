create function private.clock_since(p_now timestamptz) returns timestamptz
language plpgsql
set search_path = ''
as $$
declare
  v_since timestamptz;
begin
  -- updated_at is the tick before this one: after a minute without any, the clock begins anew.
  insert into private.settings as s (name, value, updated_at) values ('schedule_clock_since', p_now::text, p_now)
  on conflict (name) do update set
    value = case
      when excluded.updated_at between s.updated_at and s.updated_at + interval '60 seconds' then s.value
      else excluded.value
    end,
    updated_at = excluded.updated_at
  returning s.value::timestamptz into v_since;
  return v_since;
exception when lock_not_available then
  -- Another clock is at it.
  return p_now;
end;
$$;

revoke all on function private.clock_since(timestamptz) from public, anon, authenticated, service_role;
comment on function private.clock_since(timestamptz) is
  'Notes a tick of the clock of schedules. Answers since when it ticks without a pause of more than a minute: what is late although it ticks is not missed, only late.';
