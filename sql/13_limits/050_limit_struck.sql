create function private.limit_struck(p_key text, p_strikes integer, p_blocked_until timestamptz) returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_kind text := split_part(p_key, ':', 1);
  v_id uuid := case when private.input_is_valid(split_part(p_key, ':', 2), 'uuid') then split_part(p_key, ':', 2)::uuid end;
  v_organization_id uuid;
  v_details jsonb := jsonb_build_object('bucket', p_key, 'strikes', p_strikes, 'blocked_until', p_blocked_until);
begin
  if v_kind = 'key' then
    select k.organization_id into v_organization_id from public.api_keys k where k.id = v_id;
  end if;
  perform private.security_event('limit.blocked', v_organization_id, v_details, case when v_kind = 'user' then v_id end,
    case when v_kind = 'key' then v_id end);
  if v_organization_id is null then
    return;
  end if;
  -- The ninth block in a row lasts an hour. Whoever hammers through that has nobody who looks after it.
  if p_strikes >= 10 then
    update public.api_keys k set expires_at = private.now()
    where k.id = v_id and k.revoked_at is null and (k.expires_at is null or k.expires_at > private.now());
    if found then
      perform private.security_event('key.suspended', v_organization_id, v_details, null, v_id);
    end if;
  end if;
end;
$$;

revoke all on function private.limit_struck(text, integer, timestamptz) from public, anon, authenticated, service_role;
comment on function private.limit_struck(text, integer, timestamptz) is
  'What follows the beginning of a block: a security event, which stands in the audit log too. The tenth block in a row, after two hours of hammering, suspends the key: it expires now, until someone gives it another end.';
