create table private.api_usage (
  day date not null,
  organization_id uuid not null,
  version date not null,
  operation text not null check (length(operation) <= 100),
  door text not null check (length(door) <= 100),
  requests bigint not null default 0 check (requests >= 0),
  errors bigint not null default 0 check (errors >= 0),
  primary key (day, organization_id, version, operation, door)
);
create index api_usage_organization_id_idx on private.api_usage (organization_id, day);
alter table private.api_usage enable row level security;
revoke all on table private.api_usage from public, anon, authenticated, service_role;

comment on table private.api_usage is
  'How often which operation of which version of the API was asked for. Counted in the isolates and added every few seconds: what an isolate had not added when it was killed is missing. Not for billing.';
comment on column private.api_usage.day is 'The day, in UTC.';
comment on column private.api_usage.organization_id is 'The tenant; private.platform_id() = operators and requests that got into none.';
comment on column private.api_usage.version is 'The version of the API that was meant.';
comment on column private.api_usage.operation is 'The operation: listFlows.';
comment on column private.api_usage.door is 'Where it was asked for: flows, api/v1/flows, or by an old name, api/v1/workflows.';
comment on column private.api_usage.requests is 'How many requests.';
comment on column private.api_usage.errors is 'How many of them got an answer of 400 or above.';

create function engine.add_api_usage(p_rows jsonb, p_cache jsonb default '[]') returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.api_usage as u (day, organization_id, version, operation, door, requests, errors)
  select r.day, coalesce(r.organization_id, private.platform_id()), r.version, r.operation, r.door, sum(r.requests), sum(r.errors)
  from jsonb_to_recordset(p_rows) as r (
    day date, organization_id uuid, version date, operation text, door text, requests bigint, errors bigint
  )
  group by 1, 2, 3, 4, 5
  -- In one order: isolates add at the same time.
  order by 1, 2, 3, 4, 5
  on conflict (day, organization_id, version, operation, door) do update set
    requests = u.requests + excluded.requests, errors = u.errors + excluded.errors;
  if p_cache <> '[]' then
    perform private.add_cache_usage(p_cache);
  end if;
end;
$$;

revoke all on function engine.add_api_usage(jsonb, jsonb) from public, anon, authenticated, service_role;
grant execute on function engine.add_api_usage(jsonb, jsonb) to service_role;
comment on function engine.add_api_usage(jsonb, jsonb) is
  'Adds what an isolate has counted: [{day, organization_id (null = none), version, operation, door, requests, errors}], and of routes that keep replies p_cache, see private.add_cache_usage.';

create function private.api_usage_of(p_organization_id uuid, p_from date, p_to date) returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(to_jsonb(s) order by s.requests desc, s.version, s.operation, s.door), '[]')
  from (
    select
      concat_ws(':', u.version, u.operation, u.door) as id, u.version, u.operation, u.door,
      sum(u.requests) as requests, sum(u.errors) as errors, min(u.day) as first_day, max(u.day) as last_day
    from private.api_usage u
    where (p_organization_id is null or u.organization_id = p_organization_id) and u.day between p_from and p_to
    group by u.version, u.operation, u.door
  ) s;
$$;

revoke all on function private.api_usage_of(uuid, date, date) from public, anon, authenticated, service_role;
comment on function private.api_usage_of(uuid, date, date) is
  'What was asked of the API between two days, both included, by version, operation and door; p_organization_id null = by everybody.';

create function public.get_api_usage(p_organization_id uuid, p_from date, p_to date) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  perform private.require_permission(p_organization_id, 'org:read', 'organization');
  return private.api_usage_of(p_organization_id, p_from, p_to);
end;
$$;

revoke all on function public.get_api_usage(uuid, date, date) from public, anon, authenticated, service_role;
grant execute on function public.get_api_usage(uuid, date, date) to authenticated;
comment on function public.get_api_usage(uuid, date, date) is
  'What an organization asked of the API between two days, by version, operation and door. Needs org:read.';

create function engine.get_api_usage(p_organization_id uuid, p_from date, p_to date) returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select private.api_usage_of(p_organization_id, p_from, p_to);
$$;

revoke all on function engine.get_api_usage(uuid, date, date) from public, anon, authenticated, service_role;
grant execute on function engine.get_api_usage(uuid, date, date) to service_role;
comment on function engine.get_api_usage(uuid, date, date) is
  'public.get_api_usage for operators: null = of every organization.';
