create function private.prune_security() returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_events integer;
  v_blocks integer;
begin
  delete from private.security_events e where e.at < private.now() - interval '90 days';
  get diagnostics v_events = row_count;
  delete from private.ip_blocks b where b.blocked_until < private.now() - interval '1 day';
  get diagnostics v_blocks = row_count;
  delete from private.rate_limit_overrides o where o.expires_at < private.now() - interval '90 days';
  return jsonb_build_object('events', v_events, 'ip_blocks', v_blocks);
end;
$$;

revoke all on function private.prune_security() from public, anon, authenticated, service_role;
comment on function private.prune_security() is
  'The task security: forgets security events after 90 days, blocks of addresses a day after their end, overrides 90 days after theirs. Answers {events, ip_blocks}.';
