create function private.refuse_request(
  p_now timestamptz,
  p_keys text[],
  p_names text[],
  p_intervals interval[],
  p_bursts integer[],
  p_tats timestamptz[]
) returns jsonb
language plpgsql
set search_path = ''
as $$
-- The rare way: a bucket had no token. The others get theirs back, and whoever asks in spite of refusals is counted.
declare
  v_row record;
  v_retry integer;
  v_worst integer := -1;
  v_blocked boolean := false;
  v_answer jsonb;
begin
  for v_row in
    update private.rate_limits r
    set
      tat = case when a.tat is null then r.tat else r.tat - a.interval end,
      refused = case when not s.personal then 0 when s.rises then 0 else s.refused end,
      refused_at = case when s.personal then p_now end,
      strikes = case when s.rises then least(s.strikes + 1, 100) else s.strikes end,
      -- 15 s, doubled with every strike, an hour at most.
      blocked_until = case
        when s.rises then p_now + make_interval(secs => least(3600, 15 * 2 ^ least(s.strikes, 10)))
        when s.strikes > 0 then r.blocked_until
      end
    from unnest(p_keys, p_names, p_intervals, p_bursts, p_tats) as a (key, name, interval, burst, tat),
      private.rate_limits o,
      lateral (
        select
          split_part(o.key, ':', 1) in ('user', 'key', 'ip') as personal,
          greatest(o.refused_at, o.blocked_until) >= p_now - interval '10 minutes' as remembered
      ) k,
      lateral (
        select k.personal,
          least(case when k.remembered then o.refused + 1 else 1 end, greatest(20, a.burst)) as refused,
          case when k.remembered then o.strikes else 0 end as strikes,
          -- So many more refusals than requests that passed that they are no accident, and the last block is over.
          k.personal and k.remembered and o.refused + 1 >= greatest(20, a.burst)
            and (o.blocked_until is null or o.blocked_until <= p_now) as rises
      ) s
    where o.key = a.key and r.key = a.key
    returning r.key, a.name, a.interval, a.burst, a.tat is null as refused, r.tat, r.strikes, r.blocked_until, s.rises
  loop
    if v_row.rises then
      perform private.limit_struck(v_row.key, v_row.strikes, v_row.blocked_until);
    end if;
    -- A block that begins with this refusal is told to the one who caused it, whichever bucket it was that had no token.
    continue when not v_row.refused and not v_row.rises;
    v_blocked := v_blocked or coalesce(v_row.blocked_until > p_now, false);
    v_retry := greatest(
      case when v_row.refused then
        ceil(extract(epoch from v_row.tat + v_row.interval - v_row.interval * v_row.burst - p_now)) else 0 end,
      coalesce(ceil(extract(epoch from v_row.blocked_until - p_now)), 0), 1
    );
    continue when v_retry <= v_worst;
    v_worst := v_retry;
    v_answer := private.rate_answer(p_now, v_row.name, v_row.interval, v_row.burst, v_row.tat) || jsonb_build_object(
      'allowed', false, 'remaining', 0, 'retry_after_seconds', v_retry, 'warning', true
    );
  end loop;
  return v_answer || jsonb_build_object('blocked', v_blocked);
end;
$$;

revoke all on function private.refuse_request(timestamptz, text[], text[], interval[], integer[], timestamptz[]) from public, anon, authenticated, service_role;
comment on function private.refuse_request(timestamptz, text[], text[], interval[], integer[], timestamptz[]) is
  'The end of private.take_request_tokens when a bucket had no token (its p_tats is null; the rows are locked): gives the other tokens back, counts the refusal for the buckets of the user, key or address, and answers for the bucket that makes it wait longest. As many refusals as the burst (20 at least; each request that passes takes ten of them back) begin a block of 15 s; every further block is twice as long, up to an hour. Ten quiet minutes forgive all.';
