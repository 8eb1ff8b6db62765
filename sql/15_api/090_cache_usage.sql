create table private.cache_usage (
  day date not null,
  operation text not null check (length(operation) <= 100),
  hits bigint not null default 0 check (hits >= 0),
  stale bigint not null default 0 check (stale >= 0),
  joined bigint not null default 0 check (joined >= 0),
  matched bigint not null default 0 check (matched >= 0),
  misses bigint not null default 0 check (misses >= 0),
  not_modified bigint not null default 0 check (not_modified >= 0),
  primary key (day, operation)
);
alter table private.cache_usage enable row level security;
revoke all on table private.cache_usage from public, anon, authenticated, service_role;
grant select on table private.cache_usage to service_role;

comment on table private.cache_usage is
  'How often replies of routes that keep them came from memory. Counted in the isolates and added every few seconds, with private.api_usage: what an isolate had not added when it was killed is missing.';
comment on column private.cache_usage.day is 'The day, in UTC.';
comment on column private.cache_usage.operation is 'The operation: listFlows.';
comment on column private.cache_usage.hits is 'A kept reply.';
comment on column private.cache_usage.stale is 'A kept reply that was older than its maximum age, while it was fetched anew behind the answer.';
comment on column private.cache_usage.joined is 'The reply of a query that another request had begun.';
comment on column private.cache_usage.matched is '304 because the caller named the generation that still holds: nothing was kept here, and nothing was asked.';
comment on column private.cache_usage.misses is 'The query was made.';
comment on column private.cache_usage.not_modified is 'How many of all these were answered 304, without a body.';

create view engine.cache_rates with (security_invoker = true) as
  select
    u.day, u.operation, r.requests, u.hits, u.stale, u.joined, u.matched, u.misses, u.not_modified,
    round(1 - u.misses::numeric / nullif(r.requests, 0), 4) as hit_rate,
    round(u.not_modified::numeric / nullif(r.requests, 0), 4) as not_modified_rate
  from private.cache_usage u
  cross join lateral (select u.hits + u.stale + u.joined + u.matched + u.misses as requests) r;
revoke all on table engine.cache_rates from public, anon, authenticated, service_role;
grant select on table engine.cache_rates to service_role;

comment on view engine.cache_rates is
  'How often requests of routes that keep replies needed no query, by day and operation. See private.cache_usage.';

create function private.add_cache_usage(p_rows jsonb) returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into private.cache_usage as u (day, operation, hits, stale, joined, matched, misses, not_modified)
  select r.day, r.operation, sum(r.hits), sum(r.stale), sum(r.joined), sum(r.matched), sum(r.misses), sum(r.not_modified)
  from jsonb_to_recordset(p_rows) as r (
    day date, operation text, hits bigint, stale bigint, joined bigint, matched bigint, misses bigint, not_modified bigint
  )
  group by 1, 2
  -- In one order: isolates add at the same time.
  order by 1, 2
  on conflict (day, operation) do update set
    hits = u.hits + excluded.hits, stale = u.stale + excluded.stale, joined = u.joined + excluded.joined,
    matched = u.matched + excluded.matched, misses = u.misses + excluded.misses,
    not_modified = u.not_modified + excluded.not_modified;
end;
$$;

revoke all on function private.add_cache_usage(jsonb) from public, anon, authenticated, service_role;
comment on function private.add_cache_usage(jsonb) is
  'Adds what an isolate has counted: [{day, operation, hits, stale, joined, matched, misses, not_modified}]. For engine.add_api_usage.';

create function engine.get_cache_usage(p_from date, p_to date) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(to_jsonb(s) order by s.requests desc, s.operation), '[]')
    from (
      select
        c.operation, sum(c.requests) as requests, sum(c.hits) as hits, sum(c.stale) as stale, sum(c.joined) as joined,
        sum(c.matched) as matched, sum(c.misses) as misses, sum(c.not_modified) as not_modified,
        coalesce(round(1 - sum(c.misses) / nullif(sum(c.requests), 0), 4), 0) as hit_rate,
        min(c.day) as first_day, max(c.day) as last_day
      from engine.cache_rates c
      where c.day >= p_from and c.day <= p_to
      group by c.operation
    ) s
  );
end;
$$;

revoke all on function engine.get_cache_usage(date, date) from public, anon, authenticated, service_role;
grant execute on function engine.get_cache_usage(date, date) to service_role;
comment on function engine.get_cache_usage(date, date) is
  'engine.cache_rates between two days, both included, by operation. For operators.';
