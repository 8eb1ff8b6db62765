create function private.duration_bucket(p_milliseconds double precision) returns integer
language sql
immutable
set search_path = ''
as $$
  select least(127, greatest(0, ceil(4 * ln(greatest(p_milliseconds, 1)) / ln(2))))::integer;
$$;

revoke all on function private.duration_bucket(double precision) from public, anon, authenticated, service_role;
grant execute on function private.duration_bucket(double precision) to authenticated;
comment on function private.duration_bucket(double precision) is
  'The bucket of a duration: the least n with at most 2^(n/4) milliseconds, 127 at most. 30 days are 126.';

create function private.histogram(p_buckets integer[]) returns integer[]
language sql
immutable
set search_path = ''
as $$
  select coalesce(array_agg(coalesce(c.count, 0) order by g.bucket), '{}')
  from generate_series(0, (select max(b) from unnest(p_buckets) b)) g (bucket)
  left join (select b as bucket, count(*)::integer as count from unnest(p_buckets) b group by b) c using (bucket);
$$;

revoke all on function private.histogram(integer[]) from public, anon, authenticated, service_role;
grant execute on function private.histogram(integer[]) to authenticated;
comment on function private.histogram(integer[]) is
  'How often each bucket occurs: element 1 is of bucket 0. Nulls do not count; empty when nothing is left.';

create function private.add_histograms(p_one integer[], p_other integer[]) returns integer[]
language sql
immutable
set search_path = ''
as $$
  select coalesce(array_agg(coalesce(u.one, 0) + coalesce(u.other, 0) order by u.place), '{}')
  from unnest(p_one, p_other) with ordinality u (one, other, place);
$$;

revoke all on function private.add_histograms(integer[], integer[]) from public, anon, authenticated, service_role;
comment on function private.add_histograms(integer[], integer[]) is 'Two histograms added up; the shorter one counts as 0 where it ends.';

create function private.percentile(p_histogram integer[], p_part double precision) returns double precision
language sql
immutable
set search_path = ''
as $$
  -- Inside a bucket the durations are taken to lie evenly between its bounds.
  select case when b.place = 1 then 1 else
    power(2, (b.place - 2) / 4.0) + (power(2, (b.place - 1) / 4.0) - power(2, (b.place - 2) / 4.0))
      * (b.wanted - (b.up_to - b.count)) / b.count
    end
  from (
    select u.count, u.place, sum(u.count) over (order by u.place) as up_to, p_part * sum(u.count) over () as wanted
    from unnest(p_histogram) with ordinality u (count, place)
  ) b
  where b.count > 0 and b.up_to >= b.wanted
  order by b.place
  limit 1;
$$;

revoke all on function private.percentile(integer[], double precision) from public, anon, authenticated, service_role;
grant execute on function private.percentile(integer[], double precision) to authenticated;
comment on function private.percentile(integer[], double precision) is
  'The duration in milliseconds that p_part (0 to 1) of a histogram does not exceed: right to within a fifth, mostly far closer. Null for an empty one.';
