create function private.take_many_tokens(
  p_key text,
  p_limit integer,
  p_window_seconds integer,
  p_burst integer,
  p_count integer
) returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_interval interval := make_interval(secs => p_window_seconds::double precision / p_limit);
  v_tat timestamptz;
  v_ahead integer;
  v_rate jsonb;
begin
  if p_count = 1 then
    return jsonb_build_object('rate', private.take_tokens(p_key, p_limit, p_window_seconds, p_burst));
  end if;
  -- Nothing is taken here: the row is locked and read.
  insert into private.rate_limits as r (key, tat) values (p_key, v_now)
  on conflict (key) do update set tat = greatest(r.tat, v_now)
  returning r.tat into v_tat;
  -- All but one; the last is taken as one alone is, which answers what is left.
  v_ahead := least(
    p_count, floor(extract(epoch from v_interval * p_burst - (v_tat - v_now)) / extract(epoch from v_interval))
  ) - 1;
  if v_ahead > 0 then
    update private.rate_limits r set tat = v_tat + v_interval * v_ahead where r.key = p_key;
  end if;
  v_rate := private.take_tokens(p_key, p_limit, p_window_seconds, p_burst);
  v_ahead := case when (v_rate ->> 'allowed')::boolean then greatest(v_ahead, 0) + 1 else 0 end;
  return jsonb_build_object(
    'rate', v_rate, 'taken', v_ahead,
    'refused', case when v_ahead < p_count then private.take_tokens(p_key, p_limit, p_window_seconds, p_burst) end
  );
end;
$$;

revoke all on function private.take_many_tokens(text, integer, integer, integer, integer) from public, anon, authenticated, service_role;
comment on function private.take_many_tokens(text, integer, integer, integer, integer) is
  'Takes up to p_count tokens at once, as so many calls of take_tokens at the same moment would. Answers in rate what the last one that got a token is told, or the only one; of several, also how many were taken, and in refused what the others are told; null = there are no others.';
