create function private.audit_value(p_value jsonb) returns json
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_text text := p_value::text;
begin
  if v_text is null or octet_length(v_text) <= 4096 then
    return v_text::json;
  end if;
  if jsonb_typeof(p_value) = 'object' then
    select jsonb_object_agg(e.key, case when octet_length(e.value::text) <= 1024 then e.value else private.audit_hash(e.value::text) end)::text
    into v_text from jsonb_each(p_value) e;
  end if;
  return case when octet_length(v_text) <= 65536 then v_text::json else private.audit_hash(p_value::text)::json end;
end;
$$;

revoke all on function private.audit_value(jsonb) from public, anon, authenticated, service_role;
comment on function private.audit_value(jsonb) is
  'What the audit log keeps of a value: all of it up to 4 KiB; of a larger object each field up to 1 KiB and {cut: true, bytes, sha256} in place of the others.';

create function private.audit_hash(p_text text) returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return jsonb_build_object('cut', true, 'bytes', octet_length(p_text), 'sha256', encode(sha256(convert_to(p_text, 'UTF8')), 'hex'));
end;
$$;

revoke all on function private.audit_hash(text) from public, anon, authenticated, service_role;
comment on function private.audit_hash(text) is
  'What stands for a value that is too large for the audit log: its size and the SHA-256 of its JSON text as jsonb prints it.';
