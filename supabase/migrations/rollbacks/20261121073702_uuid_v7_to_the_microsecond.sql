-- The way back from 20261121073702_uuid_v7_to_the_microsecond.sql. Written by `deno task db:diff` and never edited; change sql/ instead.

set check_function_bodies = off;

create or replace function private.uuid_v7 (
  p_at timestamp with time zone default null::timestamp with time zone
)
  returns uuid
  language plpgsql
  set search_path to ''
  AS $function$
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
$function$;

comment on function "private"."uuid_v7"(timestamp with time zone) is 'A UUID version 7 (RFC 9562): ordered by time, so an index grows at one end and a time range is a range of ids. p_at null = now.';

reset check_function_bodies;
