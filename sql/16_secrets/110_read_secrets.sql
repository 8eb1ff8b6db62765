create function engine.read_secrets(p_reads jsonb) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_read jsonb;
  v_use jsonb;
  v_secret public.secrets;
  v_version private.secret_versions;
  v_replies jsonb := '[]';
  v_reply jsonb;
begin
  -- In one order, so that calls which count the same readers do not wait for each other in a circle.
  for v_read in
    select r.value from jsonb_array_elements(p_reads) with ordinality r
    order by r.value ->> 'organization_id', r.value ->> 'name', r.ordinality
  loop
    select * into v_secret from public.secrets s
    where s.organization_id = (v_read ->> 'organization_id')::uuid and s.name = v_read ->> 'name';
    v_reply := jsonb_build_object('organization_id', v_read ->> 'organization_id', 'name', v_read ->> 'name');
    if v_secret.id is null then
      v_replies := v_replies || jsonb_build_array(v_reply || '{"status": "missing"}');
      continue;
    end if;
    for v_use in select u.value from jsonb_array_elements(coalesce(v_read -> 'past_uses', '[]')) u order by u.value::text
    loop
      perform private.note_secret_access(
        jsonb_populate_record(v_secret, jsonb_build_object('current_version', v_use -> 'number')), 'run',
        (v_use ->> 'run_id')::uuid, v_use ->> 'node_id', null, null, (v_use ->> 'uses')::integer);
    end loop;
    if v_secret.expires_at <= private.now() then
      v_replies := v_replies || jsonb_build_array(v_reply || '{"status": "expired"}');
      continue;
    end if;
    for v_use in select u.value from jsonb_array_elements(coalesce(v_read -> 'uses', '[]')) u order by u.value::text
    loop
      perform private.note_secret_access(v_secret, 'run', (v_use ->> 'run_id')::uuid, v_use ->> 'node_id', null, null,
        (v_use ->> 'uses')::integer);
    end loop;
    if v_secret.last_used_at is null or v_secret.last_used_at < private.now() - interval '1 minute' then
      update public.secrets s set last_used_at = private.now()
      where s.id = v_secret.id and (s.last_used_at is null or s.last_used_at < private.now() - interval '1 minute');
    end if;
    v_reply := v_reply || jsonb_build_object('status', 'found', 'secret_id', v_secret.id, 'number', v_secret.current_version,
      'expires_in_ms', floor(extract(epoch from v_secret.expires_at - private.now()) * 1000));
    if v_read ->> 'secret_id' is distinct from v_secret.id::text or (v_read ->> 'number')::integer is distinct from v_secret.current_version then
      select * into v_version from private.secret_versions v where v.secret_id = v_secret.id and v.number = v_secret.current_version;
      v_reply := v_reply || jsonb_build_object('envelope', replace(encode(v_version.envelope, 'base64'), E'\n', ''));
    end if;
    v_replies := v_replies || jsonb_build_array(v_reply);
  end loop;
  return v_replies;
end;
$$;

revoke all on function engine.read_secrets(jsonb) from public, anon, authenticated, service_role;
grant execute on function engine.read_secrets(jsonb) to service_role;
comment on function engine.read_secrets(jsonb) is
  'Gives workers the encrypted values that steps name, and writes down who read them. Takes [{organization_id, name, secret_id, number, uses: [{run_id, node_id, uses}], past_uses: [… and number]}]: the version that is known already is not sent again; past uses are those of it. Answers for each {organization_id, name, status: found, missing or expired, secret_id, number, expires_in_ms, envelope}.';
