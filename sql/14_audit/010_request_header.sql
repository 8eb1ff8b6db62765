create function private.request_headers() returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_text text := nullif(current_setting('request.headers', true), '');
begin
  return case when private.input_is_valid(v_text, 'jsonb') then v_text::jsonb end;
end;
$$;

revoke all on function private.request_headers() from public, anon, authenticated, service_role;
comment on function private.request_headers() is 'The headers of the request to the Data API, names in lower case; null = there is no request.';

create function private.request_header(p_name text) returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  return private.request_headers() ->> lower(p_name);
end;
$$;

revoke all on function private.request_header(text) from public, anon, authenticated, service_role;
comment on function private.request_header(text) is
  'A header of the request to the Data API; null = it has none, or there is no request. Whoever calls the Data API directly sets them at will: see the column via of public.audit_events.';

create function engine.set_request_proof_key(p_key text) returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_key bytea;
  v_inner bytea := decode(repeat('36', 64), 'hex');
  v_outer bytea := decode(repeat('5c', 64), 'hex');
begin
  if coalesce(p_key, '') !~ '^[0-9a-f]{64}$' then
    perform private.fail('invalid_request', 'The key is 32 bytes in hex', 400);
  end if;
  v_key := decode(p_key, 'hex');
  for v_i in 0..31 loop
    v_inner := set_byte(v_inner, v_i, get_byte(v_inner, v_i) # get_byte(v_key, v_i));
    v_outer := set_byte(v_outer, v_i, get_byte(v_outer, v_i) # get_byte(v_key, v_i));
  end loop;
  insert into private.settings as s (name, value)
  values ('request_proof_key', encode(v_inner, 'hex') || encode(v_outer, 'hex'))
  on conflict (name) do update set value = excluded.value, updated_at = private.now()
  where s.value <> excluded.value;
end;
$$;

revoke all on function engine.set_request_proof_key(text) from public, anon, authenticated, service_role;
grant execute on function engine.set_request_proof_key(text) to service_role;
comment on function engine.set_request_proof_key(text) is
  'Sets the key by which functions prove that request id, address and agent are what they saw: 32 bytes in hex, derived from the project''s secret key. Kept are the two padded keys of HMAC-SHA-256 (RFC 2104), inner and outer, 64 bytes each in hex; private.audit checks by them.';
