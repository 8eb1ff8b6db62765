create function engine.list_ip_blocks(
  p_limit integer default 101,
  p_before uuid default null,
  p_after uuid default null,
  p_ascending boolean default false,
  p_is_automatic boolean default null,
  p_network text default null
) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  if not private.input_is_valid(p_network, 'inet') then
    perform private.fail('invalid_request', 'The filter network must be an address or a network in CIDR form', 400);
  end if;
  -- Not more than some thousands: they are sorted, whatever the order.
  return (
    select coalesce(jsonb_agg(to_jsonb(b) order by
      case when p_ascending then b.id end, case when not p_ascending then b.id end desc), '[]')
    from (
      select * from private.ip_blocks o
      where (o.blocked_until is null or o.blocked_until > private.now())
        and (p_before is null or o.id < p_before) and (p_after is null or o.id > p_after)
        and (p_is_automatic is null or o.is_automatic = p_is_automatic)
        and (p_network is null or o.network && p_network::inet)
      order by case when p_ascending then o.id end, case when not p_ascending then o.id end desc
      limit least(greatest(p_limit, 1), 101)
    ) b
  );
end;
$$;

revoke all on function engine.list_ip_blocks(integer, uuid, uuid, boolean, boolean, text) from public, anon, authenticated, service_role;
grant execute on function engine.list_ip_blocks(integer, uuid, uuid, boolean, boolean, text) to service_role;
comment on function engine.list_ip_blocks(integer, uuid, uuid, boolean, boolean, text) is
  'The networks that are blocked now, newest first or, p_ascending, oldest first; p_before = only those older than this one, p_after = only newer ones; p_network = only those that lie in it or hold it.';

create function engine.add_ip_block(p_network text, p_reason text, p_until timestamptz, p_by text) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_block private.ip_blocks;
begin
  if not private.input_is_valid(p_network, 'inet') then
    perform private.fail('invalid_request', 'The network must be an address or a network in CIDR form', 400);
  end if;
  if p_until <= private.now() then
    perform private.fail('invalid_request', 'The end must lie in the future', 400);
  end if;
  v_block := private.block_ip(p_network::inet, p_reason, p_until, p_by);
  perform private.audit(null, 'ip.blocked', 'ip_block', v_block.id::text, null, to_jsonb(v_block));
  return to_jsonb(v_block);
end;
$$;

revoke all on function engine.add_ip_block(text, text, timestamptz, text) from public, anon, authenticated, service_role;
grant execute on function engine.add_ip_block(text, text, timestamptz, text) to service_role;
comment on function engine.add_ip_block(text, text, timestamptz, text) is
  'Blocks a network by hand, or changes its block; p_until null = until it is lifted. 400 for what is no network or too wide, 409 for addresses of the platform.';

create function engine.remove_ip_block(p_id uuid, p_by text) returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_block private.ip_blocks;
begin
  delete from private.ip_blocks b where b.id = p_id returning * into v_block;
  if not found then
    perform private.fail('not_found', 'No such block', 404);
  end if;
  delete from private.rate_limits r where r.key = 'refused:' || private.ip_bucket(v_block.network);
  insert into private.security_events (kind, ip, details)
  values ('ip.unblocked', host(v_block.network)::inet, jsonb_build_object('network', v_block.network, 'by', p_by));
  perform private.audit(null, 'ip.unblocked', 'ip_block', p_id::text, to_jsonb(v_block));
end;
$$;

revoke all on function engine.remove_ip_block(uuid, text) from public, anon, authenticated, service_role;
grant execute on function engine.remove_ip_block(uuid, text) to service_role;
comment on function engine.remove_ip_block(uuid, text) is 'Lifts a block and forgets the refusals that led to it. 404 when there is none.';
