create unlogged table private.rate_limits (
  key text primary key,
  tat timestamptz not null,
  burst integer,
  refused integer not null default 0,
  refused_at timestamptz,
  strikes smallint not null default 0,
  blocked_until timestamptz
) with (fillfactor = 50);
alter table private.rate_limits enable row level security;
revoke all on table private.rate_limits from public, anon, authenticated, service_role;

comment on table private.rate_limits is
  'Rate limits by GCRA. Unlogged: it is forgotten after a crash, so never a place for quotas or money.';
comment on column private.rate_limits.key is 'What is limited, <kind>:<id>[:<route class or operation>]: user, key, org, ip, refused (credentials from an address), hook (an endpoint''s deliveries).';
comment on column private.rate_limits.tat is 'Theoretical arrival time: the moment at which the bucket is empty again.';
comment on column private.rate_limits.burst is 'How many requests the bucket held when it was last used; null = a bucket of private.take_tokens.';
comment on column private.rate_limits.refused is 'Requests refused since the last block began; each one that passes takes ten back.';
comment on column private.rate_limits.refused_at is 'When a request was last refused; null = never.';
comment on column private.rate_limits.strikes is 'How many blocks in a row its owner has run into, see private.take_request_tokens.';
comment on column private.rate_limits.blocked_until is 'Null = never blocked; until then nothing passes.';

create function private.take_tokens(
  p_key text,
  p_limit integer,
  p_window_seconds integer,
  p_burst integer
) returns jsonb
language plpgsql
set search_path = ''
as $$
-- Generic cell rate algorithm (ITU-T I.371): one timestamp a key says all. One upsert a request; the row is read a
-- second time only for a request that is refused.
declare
  v_now timestamptz := private.now();
  v_interval interval := make_interval(secs => p_window_seconds::double precision / p_limit);
  -- Of the rounded interval: otherwise a limit that does not divide the window would let one less than the burst pass.
  v_tolerance interval := v_interval * p_burst;
  v_tat timestamptz;
  v_allowed boolean;
begin
  insert into private.rate_limits as r (key, tat)
  values (p_key, v_now + v_interval)
  on conflict (key) do update
    set tat = greatest(r.tat, v_now) + v_interval
    where greatest(r.tat, v_now) + v_interval - v_now <= v_tolerance
  returning r.tat into v_tat;

  v_allowed := found;
  if not v_allowed then
    select r.tat into v_tat from private.rate_limits r where r.key = p_key;
    v_tat := coalesce(v_tat, v_now);
  end if;

  return jsonb_build_object(
    'allowed', v_allowed,
    'limit', p_burst,
    -- What a client may rely on: so many in so many seconds, again and again.
    'window_seconds', ceil(p_window_seconds::double precision * p_burst / p_limit)::integer,
    'remaining', greatest(0, floor(extract(epoch from v_tolerance - (v_tat - v_now)) / extract(epoch from v_interval)))::integer,
    'reset_seconds', greatest(0, ceil(extract(epoch from v_tat - v_now)))::integer,
    'retry_after_seconds', case when v_allowed then 0
      else greatest(1, ceil(extract(epoch from v_tat + v_interval - v_tolerance - v_now)))::integer end
  );
end;
$$;

revoke all on function private.take_tokens(text, integer, integer, integer) from public, anon, authenticated, service_role;
comment on function private.take_tokens(text, integer, integer, integer) is
  'Takes one token from the bucket p_key that refills p_limit per p_window_seconds and holds p_burst. Answers allowed, limit and window_seconds (p_burst, and the time in which as many come back), remaining, reset_seconds, retry_after_seconds.';

create function private.purge_rate_limits(p_limit integer default 10000) returns integer
language sql
set search_path = ''
as $$
  with gone as (
    delete from private.rate_limits r
    where r.ctid in (
      select o.ctid from private.rate_limits o
      where greatest(o.tat, o.blocked_until, o.refused_at) < private.now() - interval '10 minutes'
      limit p_limit
      -- A request may hold one bucket while it waits for another: whoever deletes several must never wait for it.
      for update skip locked
    )
    returning 1
  )
  select count(*)::integer from gone;
$$;

revoke all on function private.purge_rate_limits(integer) from public, anon, authenticated, service_role;
comment on function private.purge_rate_limits(integer) is 'Forgets full buckets that nobody has used, or been refused by, for ten minutes; answers how many.';
