-- The way back from 20261121110730_cheaper_uuid_v7.sql. Written by `deno task db:diff` and never edited; change sql/ instead.

set check_function_bodies = off;

create or replace function private.uuid_v7 (
  p_at timestamp with time zone default null::timestamp with time zone
)
  returns uuid
  language plpgsql
  set search_path to ''
  AS $function$
declare
  -- date_part and not extract: numeric takes longer than all the rest.
  v_us bigint := (date_part('epoch', coalesce(p_at, private.now())) * 1000000)::bigint;
begin
  -- Milliseconds, version, microseconds as a fraction of 4096 (section 6.2, method 3); then the variant and what is random
  -- of a v4.
  return (
    lpad(to_hex(((v_us / 1000) << 16) | 28672 | ((v_us % 1000) * 4096 / 1000)), 16, '0') || substr(gen_random_uuid()::text, 19)
  )::uuid;
end;
$function$;

reset check_function_bodies;
