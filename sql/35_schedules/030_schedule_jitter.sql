create function private.schedule_jitter(p_schedule_id uuid, p_due_at timestamptz, p_jitter_seconds integer) returns interval
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_hash bytea;
begin
  if p_jitter_seconds <= 0 then
    return interval '0';
  end if;
  v_hash := sha256(convert_to(p_schedule_id::text || '/' || floor(extract(epoch from p_due_at))::bigint::text, 'UTF8'));
  return make_interval(secs => (
    (
      get_byte(v_hash, 0)::bigint * 16777216 + get_byte(v_hash, 1) * 65536 + get_byte(v_hash, 2) * 256 + get_byte(v_hash, 3)
    ) % (p_jitter_seconds + 1)
  ));
end;
$$;

revoke all on function private.schedule_jitter(uuid, timestamptz, integer) from public, anon, authenticated, service_role;
comment on function private.schedule_jitter(uuid, timestamptz, integer) is
  'How long after its due time a schedule fires, 0 to p_jitter_seconds: always the same for a due time. jitterSeconds of shared/schedules does the same.';
