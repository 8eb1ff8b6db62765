create function private.digest_due(p_day date, p_time_zone text) returns timestamptz
language plpgsql
stable
set search_path = ''
as $$
declare
  v_due timestamptz := greatest((p_day + 1 + time '07:00') at time zone p_time_zone, private.now());
  v_local timestamp := v_due at time zone p_time_zone;
begin
  return case
    when v_local::time < '07:00' then (v_local::date + time '07:00') at time zone p_time_zone
    when v_local::time >= '20:00' then (v_local::date + 1 + time '07:00') at time zone p_time_zone
    else v_due
  end;
end;
$$;

revoke all on function private.digest_due(date, text) from public, anon, authenticated, service_role;
comment on function private.digest_due(date, text) is
  'When the digest whose last day is p_day is to be mailed: from seven in the morning of the day after on, there, and at no hour of the night.';
