create function private.week_range(p_week date) returns table (low uuid, high uuid)
language sql
stable
set search_path = ''
as $$
  select private.uuid_v7_floor(p_week::timestamp at time zone 'UTC'), private.uuid_v7_floor((p_week + 7)::timestamp at time zone 'UTC');
$$;

revoke all on function private.week_range(date) from public, anon, authenticated, service_role;
comment on function private.week_range(date) is 'The ids of a week: from low to below high.';

create function private.week_of(p_id uuid) returns date
language sql
immutable
set search_path = ''
as $$
  select date_trunc('week', private.uuid_v7_time(p_id) at time zone 'UTC')::date;
$$;

revoke all on function private.week_of(uuid) from public, anon, authenticated, service_role;
grant execute on function private.week_of(uuid) to authenticated;
comment on function private.week_of(uuid) is 'The Monday of the week, in UTC, in which an id was made.';
