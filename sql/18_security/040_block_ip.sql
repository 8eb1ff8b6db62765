create function private.block_ip(
  p_network inet,
  p_reason text,
  p_until timestamptz,
  p_by text,
  p_automatic boolean default false
) returns private.ip_blocks
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_network cidr := network(p_network);
  v_block private.ip_blocks;
begin
  if masklen(v_network) < (case when family(v_network) = 6 then 32 else 8 end) then
    perform private.fail('invalid_request', 'The network is too wide: /8 of IPv4 and /32 of IPv6 are the widest', 400);
  end if;
  if private.ip_is_ours(v_network) then
    perform private.fail('conflict', 'The network holds addresses of the platform, which are never blocked', 409);
  end if;
  insert into private.ip_blocks as b (network, reason, blocked_until, is_automatic, created_by)
  values (v_network, p_reason, p_until, p_automatic, p_by)
  on conflict (network) do update set
    reason = excluded.reason, blocked_until = excluded.blocked_until, is_automatic = excluded.is_automatic,
    created_by = excluded.created_by, created_at = private.now()
    -- What a person decided is not changed by the machine.
    where b.is_automatic or not excluded.is_automatic or b.blocked_until <= private.now()
  returning * into v_block;
  if found then
    insert into private.security_events (kind, ip, details)
    values ('ip.blocked', host(v_network)::inet,
      jsonb_build_object('network', v_network, 'reason', p_reason, 'until', p_until, 'by', p_by));
  end if;
  return v_block;
end;
$$;

revoke all on function private.block_ip(inet, text, timestamptz, text, boolean) from public, anon, authenticated, service_role;
comment on function private.block_ip(inet, text, timestamptz, text, boolean) is
  'Blocks a network, or changes its block: 400 for one that is too wide, 409 for one that holds addresses of the platform. Nulls = a person has blocked it already, which the machine does not change.';
