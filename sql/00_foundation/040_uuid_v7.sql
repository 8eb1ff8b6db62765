create function private.uuid_v7(p_at timestamptz default null) returns uuid
language plpgsql
volatile
set search_path = ''
as $$
begin
  -- The first 48 bits of a random v4 become the milliseconds; bits 52 and 53 turn the version nibble 4 into 7.
  return encode(
    set_bit(
      set_bit(
        overlay(
          uuid_send(gen_random_uuid())
          placing substring(
            int8send(floor(extract(epoch from coalesce(p_at, private.now())) * 1000)::bigint) from 3
          )
          from 1 for 6
        ),
        52, 1
      ),
      53, 1
    ),
    'hex'
  )::uuid;
end;
$$;

revoke all on function private.uuid_v7(timestamptz) from public, anon, authenticated, service_role;
comment on function private.uuid_v7(timestamptz) is
  'A UUID version 7 (RFC 9562): ordered by time, so an index grows at one end and a time range is a range of ids. p_at null = now.';

create function private.uuid_v7_floor(p_at timestamptz) returns uuid
language sql
immutable
set search_path = ''
as $$
  select (lpad(to_hex(floor(extract(epoch from p_at) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid;
$$;

revoke all on function private.uuid_v7_floor(timestamptz) from public, anon, authenticated, service_role;
comment on function private.uuid_v7_floor(timestamptz) is
  'The smallest UUID of a millisecond: the bound of partitions and of time filters over ids.';
