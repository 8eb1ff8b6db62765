create function private.audit_row() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_old jsonb;
  v_new jsonb;
  v_before jsonb;
  v_after jsonb;
  v_thing text;
  v_verb text;
  v_hidden text[];
  v_column text;
begin
  -- Every change pays for this, see private.audit. What is rare stands behind a condition.
  if tg_op = 'UPDATE' then
    v_old := to_jsonb(old);
    v_new := to_jsonb(new);
    select jsonb_object_agg(n.key, v_old -> n.key), jsonb_object_agg(n.key, n.value) into v_before, v_after
    from jsonb_each(v_new) n
    where n.value <> v_old -> n.key and n.key <> 'version' and n.key <> 'updated_at';
    if v_after is null then
      return null;
    end if;
    v_verb := 'updated';
    if v_after ?| '{deleted_at,revoked_at,suspended_at,role}' then
      v_verb := case
        when v_after ? 'deleted_at' then case when v_after ->> 'deleted_at' is null then 'restored' else 'deleted' end
        when v_after ? 'revoked_at' and v_after ->> 'revoked_at' is not null then 'revoked'
        when v_after ? 'suspended_at' then case when v_after ->> 'suspended_at' is null then 'resumed' else 'suspended' end
        when v_after ? 'role' then 'role_changed'
        else 'updated'
      end;
    end if;
  elsif tg_op = 'INSERT' then
    v_new := to_jsonb(new);
    v_after := jsonb_strip_nulls(v_new - '{version,updated_at}'::text[]);
    v_verb := 'created';
  else
    v_new := to_jsonb(old);
    v_before := jsonb_strip_nulls(v_new - '{version,updated_at}'::text[]);
    v_verb := 'deleted';
  end if;
  if tg_argv[2] <> '' then
    v_hidden := array(
      select s from unnest(string_to_array(tg_argv[2], ',')) s where coalesce(v_after, v_before) ? s
    );
    v_before := v_before - v_hidden;
    v_after := v_after - v_hidden;
  end if;
  if tg_argv[4] <> '' then
    foreach v_column in array string_to_array(tg_argv[4], ',') loop
      v_before := private.audit_address(v_before, v_column);
      v_after := private.audit_address(v_after, v_column);
    end loop;
  end if;
  v_thing := coalesce(
    nullif(tg_argv[3], ''), case when tg_table_name like '%ies' then left(tg_table_name, -3) || 'y' else rtrim(tg_table_name, 's') end
  );
  perform private.audit(
    (v_new ->> tg_argv[0])::uuid, v_thing || '.' || v_verb, v_thing, v_new ->> tg_argv[1], v_before, v_after,
    case when v_hidden <> '{}' then jsonb_build_object('hidden', v_hidden) end
  );
  return null;
end;
$$;

revoke all on function private.audit_row() from public, anon, authenticated, service_role;
comment on function private.audit_row() is
  'Trigger after insert, update or delete for each row: writes the change into the audit log, of an update only the columns that changed. Arguments: the column with the organization (empty = the platform), the column with the id, columns that are never recorded (by commas; the row says only that they were written), the name of the thing (empty: the table''s in the singular), and columns with addresses, of which only the host is recorded (by commas). Actions: created, updated, deleted, restored, revoked, suspended, resumed, role_changed.';

create function private.audit_address(p_values jsonb, p_column text) returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_url text := p_values ->> p_column;
  v_origin text;
begin
  if v_url is null then
    return p_values;
  end if;
  -- The name of a user ends at the last at sign before the path; a backslash counts as a slash, as in browsers.
  v_origin := substring(v_url from '^[A-Za-z][A-Za-z0-9+.-]*://')
    || coalesce(substring(v_url from '^[^:/]+://(?:[^/?#\\]*@)?([^/?#\\@]+)'), '');
  return jsonb_set(p_values, array[p_column], to_jsonb(case
    when v_origin is null then '…'
    when v_url in (v_origin, v_origin || '/') then v_url
    else v_origin || '/…'
  end));
end;
$$;

revoke all on function private.audit_address(jsonb, text) from public, anon, authenticated, service_role;
comment on function private.audit_address(jsonb, text) is
  'The values with one address cut down to scheme, host and port: user names, paths (chat services have their token there) and queries may be secrets. Three dots stand for what was cut.';
