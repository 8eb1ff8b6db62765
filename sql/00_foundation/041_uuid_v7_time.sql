create function private.uuid_v7_time(p_id uuid) returns timestamptz
language sql
immutable
set search_path = ''
as $$
  select to_timestamp(('x' || left(replace(p_id::text, '-', ''), 12))::bit(48)::bigint / 1000.0);
$$;

revoke all on function private.uuid_v7_time(uuid) from public, anon, authenticated, service_role;
grant execute on function private.uuid_v7_time(uuid) to authenticated;
comment on function private.uuid_v7_time(uuid) is 'When a UUIDv7 was made, to the millisecond.';
