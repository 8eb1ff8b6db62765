create function engine.share_breakers(p_changes jsonb default '[]') returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
-- p_changes: [{key, state, open_ms, calls, failures}], state open or closed
-- Answers [{key, open_ms, calls, failures}]: what is left alone at this moment, longest first.
declare
  v_now timestamptz := private.now();
begin
  if p_changes <> '[]' then
    -- Whoever has tried a service with success speaks for all.
    delete from private.provider_breakers b
    where b.key in (select c.key from jsonb_to_recordset(p_changes) as c (key text, state text) where c.state = 'closed')
      or b.open_until < v_now - interval '1 hour';
    insert into private.provider_breakers as b (key, calls, failures, opened_at, open_until)
    select distinct on (c.key) c.key, coalesce(c.calls, 0), coalesce(c.failures, 0), v_now,
      v_now + make_interval(secs => least(greatest(coalesce(c.open_ms, 0), 0), 3600000) / 1000)
    from jsonb_to_recordset(p_changes) as c (key text, state text, open_ms double precision, calls integer, failures integer)
    where c.state = 'open' and length(c.key) between 1 and 500
    order by c.key, c.open_ms desc
    on conflict (key) do update set
      calls = excluded.calls, failures = excluded.failures,
      opened_at = case when b.open_until < v_now then excluded.opened_at else b.opened_at end,
      open_until = greatest(b.open_until, excluded.open_until);
  end if;
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
      'key', b.key, 'open_ms', ceil(extract(epoch from b.open_until - v_now) * 1000)::bigint,
      'calls', b.calls, 'failures', b.failures
    ) order by b.open_until desc, b.key), '[]')
    from (
      select * from private.provider_breakers o where o.open_until > v_now order by o.open_until desc limit 1000
    ) b
  );
end;
$$;

revoke all on function engine.share_breakers(jsonb) from public, anon, authenticated, service_role;
grant execute on function engine.share_breakers(jsonb) to service_role;
comment on function engine.share_breakers(jsonb) is
  'An isolate tells which services it leaves alone, or has found well again ([{key, state, open_ms, calls, failures}]), and learns which others do.';
