create function engine.note_refusals(p_refusals jsonb) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
-- What functions refused before, or after, the database heard of the request: gathered for a moment, told by one call that no
-- answer waits for.
declare
  v_now timestamptz := private.now();
  v_after integer := coalesce(private.setting('ip_block_after')::integer, 50);
  v_window integer := coalesce(private.setting('ip_block_window_seconds')::integer, 600);
  v_seconds integer := coalesce(private.setting('ip_block_seconds')::integer, 3600);
  v_row record;
  v_taken jsonb;
begin
  if jsonb_typeof(p_refusals) is distinct from 'array' or jsonb_array_length(p_refusals) > 1000 then
    perform private.fail('invalid_request', 'Give at most 1,000 refusals', 400);
  end if;
  insert into private.security_events (kind, organization_id, user_id, key_id, ip, agent, request_id, occurrences, details)
  select r.kind, r.organization_id, r.user_id, r.key_id,
    case when private.input_is_valid(r.ip, 'inet') then host(r.ip::inet)::inet end,
    left(r.agent, 400), left(r.request_id, 100), greatest(r.occurrences, 1), coalesce(r.details, '{}')
  from jsonb_to_recordset(p_refusals) as r (
    kind text, organization_id uuid, user_id uuid, key_id uuid, ip text, agent text, request_id text, occurrences integer,
    details jsonb
  )
  where r.kind in ('credential.refused', 'permission.denied', 'id.probed', 'mfa.required', 'signature.refused', 'address.refused');

  -- In the order of the buckets: two calls at once never wait for each other.
  for v_row in
    select private.ip_network(r.ip::inet) as network, sum(greatest(r.occurrences, 1))::integer as refused
    from jsonb_to_recordset(p_refusals) as r (kind text, ip text, occurrences integer, counts boolean)
    where r.counts and r.kind = 'credential.refused' and private.input_is_valid(r.ip, 'inet')
    group by 1 order by private.ip_bucket(private.ip_network(r.ip::inet)) collate "C"
  loop
    continue when v_after = 0 or private.ip_is_ours(v_row.network);
    v_taken := private.take_many_tokens(
      'refused:' || private.ip_bucket(v_row.network), v_after, v_window, v_after, v_row.refused
    );
    if coalesce(v_taken -> 'refused', 'null') <> 'null' or not (v_taken #>> '{rate,allowed}')::boolean then
      perform private.block_ip(v_row.network, format('%s refused credentials in %s seconds', v_after, v_window),
        v_now + make_interval(secs => v_seconds), 'system', true);
    end if;
  end loop;

  -- What the caller of this may refuse by itself from now on.
  return (
    select coalesce(jsonb_agg(jsonb_build_object('ip', i.ip, 'until', case when i.until < 'infinity' then i.until end)), '[]')
    from (
      select d.ip, private.ip_block_until(d.ip::inet) as until
      from (
        select distinct r.ip from jsonb_to_recordset(p_refusals) as r (ip text) where private.input_is_valid(r.ip, 'inet')
      ) d
    ) i
    where i.until is not null
  );
end;
$$;

revoke all on function engine.note_refusals(jsonb) from public, anon, authenticated, service_role;
grant execute on function engine.note_refusals(jsonb) to service_role;
comment on function engine.note_refusals(jsonb) is
  'Writes security events [{kind, organization_id, user_id, key_id, ip, agent, request_id, occurrences, details, counts}] and blocks addresses from which too many refused credentials came (counts = true): more than the setting ip_block_after (50; 0 = never) in ip_block_window_seconds (600) give a block of ip_block_seconds (3600). Answers which of the addresses are blocked: [{ip, until}], until null = until it is lifted. Of another kind (address.asked) nothing is written: that only asks.';
