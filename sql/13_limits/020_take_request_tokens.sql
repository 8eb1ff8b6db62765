create function private.take_request_tokens(p_buckets jsonb) returns jsonb
language plpgsql
set search_path = ''
as $$
-- Generic cell rate algorithm, as private.take_tokens, for all buckets of a request. One upsert takes a token of each, in the
-- order of the keys, so that two requests never wait for each other. Rows that have no token to give are locked by it as well:
-- when one refuses, the others get theirs back before anybody else can look. A request that passes costs this one statement.
declare
  v_now timestamptz := private.now();
  v_keys text[];
  v_names text[];
  v_intervals interval[];
  v_bursts integer[];
  v_tats timestamptz[];
  v_forgives boolean;
  v_answer jsonb;
  v_rate jsonb;
begin
  with asked as (
    select distinct on (b.key collate "C")
      b.key, coalesce(b.name, nullif(split_part(b.key, ':', 3), ''), split_part(b.key, ':', 1)) as name,
      make_interval(secs => coalesce(o.window_seconds, b.window_seconds)::double precision
        / coalesce(o.request_limit, b.limit)) as interval,
      coalesce(o.burst, b.burst) as burst
    from jsonb_to_recordset(p_buckets) as b (key text, name text, "limit" integer, window_seconds integer, burst integer)
    left join lateral (
      select o.request_limit, o.window_seconds, o.burst from private.rate_limit_overrides o
      where o.subject_kind = split_part(b.key, ':', 1) and o.subject_id = split_part(b.key, ':', 2)
        and o.scope in ('*', split_part(b.key, ':', 3)) and (o.expires_at is null or o.expires_at > v_now)
      order by (o.scope = '*') limit 1
    ) o on true
    order by b.key collate "C"
  ), taken as (
    insert into private.rate_limits as r (key, tat, burst)
    select a.key, v_now + a.interval, a.burst from asked a order by a.key collate "C"
    on conflict (key) do update
      set tat = greatest(r.tat, v_now) + (excluded.tat - v_now), burst = excluded.burst
      where greatest(r.tat, v_now) + (excluded.tat - v_now) - v_now <= (excluded.tat - v_now) * excluded.burst
        and (r.blocked_until is null or r.blocked_until <= v_now)
    returning r.key, r.tat, r.refused
  )
  select array_agg(a.key), array_agg(a.name), array_agg(a.interval), array_agg(a.burst), array_agg(t.tat),
    max(t.refused) > 0
  into v_keys, v_names, v_intervals, v_bursts, v_tats, v_forgives
  from asked a left join taken t on t.key = a.key;

  if array_position(v_tats, null) is not null then
    return private.refuse_request(v_now, v_keys, v_names, v_intervals, v_bursts, v_tats);
  end if;
  if v_forgives then
    update private.rate_limits r set refused = greatest(r.refused - 10, 0) where r.key = any (v_keys) and r.refused > 0;
  end if;
  -- The tightest is the one that lets the fewest more requests pass.
  for i in 1..coalesce(cardinality(v_keys), 0) loop
    v_rate := private.rate_answer(v_now, v_names[i], v_intervals[i], v_bursts[i], v_tats[i]);
    if v_answer is null or (v_rate ->> 'remaining')::integer < (v_answer ->> 'remaining')::integer then
      v_answer := v_rate;
    end if;
  end loop;
  return v_answer;
end;
$$;

revoke all on function private.take_request_tokens(jsonb) from public, anon, authenticated, service_role;
comment on function private.take_request_tokens(jsonb) is
  'Takes one token of each of the buckets [{key, limit, window_seconds, burst, name?}], or of none when one of them has none; null for no buckets. A key is <kind>:<id>[:<route class or operation>]; an override of the subject counts instead of the numbers given. Answers for the tightest bucket what private.take_tokens answers, and name (of the bucket: name, else the last part of its key), warning (four fifths of the burst are gone), blocked (nothing passes until retry_after_seconds are over, however full the bucket is).';

create function private.rate_answer(
  p_now timestamptz,
  p_name text,
  p_interval interval,
  p_burst integer,
  p_tat timestamptz
) returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_remaining integer := greatest(0, floor(
    extract(epoch from p_interval * p_burst - (p_tat - p_now)) / extract(epoch from p_interval)
  ));
begin
  return jsonb_build_object(
    'allowed', true,
    'name', p_name,
    'limit', p_burst,
    -- What a client may rely on: so many in so many seconds, again and again.
    'window_seconds', ceil(round(extract(epoch from p_interval * p_burst), 3))::integer,
    'remaining', v_remaining,
    'reset_seconds', greatest(0, ceil(extract(epoch from p_tat - p_now)))::integer,
    'retry_after_seconds', 0,
    'warning', v_remaining * 5 <= p_burst,
    'blocked', false
  );
end;
$$;

revoke all on function private.rate_answer(timestamptz, text, interval, integer, timestamptz) from public, anon, authenticated, service_role;
comment on function private.rate_answer(timestamptz, text, interval, integer, timestamptz) is
  'What a request is told about a bucket that gave it a token. p_interval = in which one token comes back, p_tat = when the bucket is full again.';
