create function private.audit_event_reply(e public.audit_events) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return to_jsonb(e) - 'tx';
end;
$$;

revoke all on function private.audit_event_reply(public.audit_events) from public, anon, authenticated, service_role;
comment on function private.audit_event_reply(public.audit_events) is 'A row of the audit log as the API shows it.';

create function private.note_audit_read(p_organization_id uuid, p_action text, p_details jsonb) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_suppressed integer := private.audit_turn(concat_ws(':', p_action, p_organization_id, private.caller_key_id(), auth.uid()), 600);
begin
  if v_suppressed is not null then
    perform private.audit(
      p_organization_id, p_action, 'audit', null,
      p_details => nullif(p_details, '{}') || case when v_suppressed > 0 then jsonb_build_object('not_logged', v_suppressed) else '{}' end
    );
  end if;
end;
$$;

revoke all on function private.note_audit_read(uuid, text, jsonb) from public, anon, authenticated, service_role;
comment on function private.note_audit_read(uuid, text, jsonb) is
  'Writes into the audit log that somebody reads it: once in ten minutes for each reader.';

create function private.audit_page(
  p_organization_id uuid,
  p_filter jsonb,
  p_limit integer,
  p_after uuid,
  p_ascending boolean
) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_where text := private.audit_where(p_filter, p_after, p_ascending);
  v_reply jsonb;
begin
  if p_filter ? 'q' then
    v_where := v_where || format(
      ' and position(lower(%L) in lower(concat_ws('' '', e.action, e.target_type, e.target_id, e.before, e.after, e.details))) > 0',
      p_filter ->> 'q'
    );
  end if;
  execute format(
    'select coalesce(jsonb_agg(private.audit_event_reply(p.e) order by (p.e).id %1$s), ''[]'')
     from (select e from public.audit_events e where e.organization_id = $1 %2$s order by e.id %1$s limit $2) p',
    case when p_ascending then 'asc' else 'desc' end, v_where
  ) into v_reply using p_organization_id, least(greatest(p_limit, 1), 1001);
  return v_reply;
end;
$$;

revoke all on function private.audit_page(uuid, jsonb, integer, uuid, boolean) from public, anon, authenticated, service_role;
comment on function private.audit_page(uuid, jsonb, integer, uuid, boolean) is
  'A page of the audit log of an organization. p_filter: that of private.audit_where, and q, which is looked for literally, whatever its case, in action, target, before, after and details. No filter but the time has an index: a rare one reads the log of the organization until the page is full.';

create function public.list_audit_events(
  p_organization_id uuid,
  p_filter jsonb default '{}',
  p_limit integer default 51,
  p_after uuid default null,
  p_ascending boolean default false,
  p_export boolean default false
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.require_permission(p_organization_id, 'audit:read', 'organization');
  if p_after is null then
    perform private.note_audit_read(p_organization_id, case when p_export then 'audit.exported' else 'audit.read' end, p_filter);
  end if;
  return private.audit_page(p_organization_id, p_filter, p_limit, p_after, p_ascending);
end;
$$;

revoke all on function public.list_audit_events(uuid, jsonb, integer, uuid, boolean, boolean) from public, anon, authenticated, service_role;
grant execute on function public.list_audit_events(uuid, jsonb, integer, uuid, boolean, boolean) to authenticated;
comment on function public.list_audit_events(uuid, jsonb, integer, uuid, boolean, boolean) is
  'A page of the organization''s audit log, see private.audit_page; needs audit:read. That it was read, or exported, stands in the log itself.';

create function private.organizations_of_caller() returns uuid[]
language plpgsql
stable
set search_path = ''
as $$
begin
  return array(select k.organization_id from public.api_keys k where k.id = private.caller_key_id())
    || array(select m.organization_id from public.organization_members m where m.user_id = auth.uid());
end;
$$;

revoke all on function private.organizations_of_caller() from public, anon, authenticated, service_role;
comment on function private.organizations_of_caller() is
  'Where a row of the audit log is looked for by its id alone, since the key of the log begins with the organization. What the caller may do there is not asked.';

create function public.get_audit_event(p_event_id uuid) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_event public.audit_events;
  v_batch private.audit_batches;
begin
  select * into v_event from public.audit_events e
  where e.organization_id = any (private.organizations_of_caller()) and e.id = p_event_id;
  perform private.require_permission(v_event.organization_id, 'audit:read', 'audit event');
  v_batch := private.audit_batch_of(v_event.organization_id, p_event_id);
  return private.audit_event_reply(v_event) || jsonb_build_object('seal', case when v_batch.number is not null then jsonb_build_object(
    'number', v_batch.number,
    'seq', v_batch.first_seq + array_position(v_batch.row_ids, p_event_id) - 1,
    'sealed_at', v_batch.sealed_at,
    'signed_at', v_batch.signed_at
  ) end);
end;
$$;

revoke all on function public.get_audit_event(uuid) from public, anon, authenticated, service_role;
grant execute on function public.get_audit_event(uuid) to authenticated;
comment on function public.get_audit_event(uuid) is
  'A row of the audit log, with its seal {number, seq, sealed_at, signed_at}, null = not sealed yet. Needs audit:read.';

create function private.audit_batch_of(p_organization_id uuid, p_event_id uuid) returns private.audit_batches
language plpgsql
stable
set search_path = ''
as $$
declare
  v_batch private.audit_batches;
begin
  -- Sealed after it happened, mostly by the next seal; one that became visible late, later.
  select * into v_batch from private.audit_batches b
  where b.organization_id = p_organization_id and b.dropped_at is null
    and b.sealed_at >= private.uuid_v7_time(p_event_id) - interval '1 minute' and p_event_id = any (b.row_ids)
  order by b.sealed_at limit 1;
  return v_batch;
end;
$$;

revoke all on function private.audit_batch_of(uuid, uuid) from public, anon, authenticated, service_role;
comment on function private.audit_batch_of(uuid, uuid) is 'The seal of a row; null = it is not sealed.';

create function public.get_audit_proof(p_event_id uuid) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_row record;
  v_batch private.audit_batches;
  v_level bytea;
  v_place integer;
  v_path jsonb := '[]';
begin
  select l.organization_id, l.canonical, l.leaf into v_row from private.audit_leaves l
  where l.organization_id = any (private.organizations_of_caller()) and l.id = p_event_id;
  perform private.require_permission(v_row.organization_id, 'audit:read', 'audit event');
  v_batch := private.audit_batch_of(v_row.organization_id, p_event_id);
  if v_batch.number is null or v_batch.signature is null then
    perform private.fail('conflict', 'The row is not sealed and signed yet: that takes a minute', 409);
  end if;
  v_level := v_batch.leaves;
  v_place := array_position(v_batch.row_ids, p_event_id) - 1;
  while octet_length(v_level) > 32 loop
    if (v_place # 1) * 32 < octet_length(v_level) then
      v_path := v_path || jsonb_build_object(
        'side', case when v_place % 2 = 0 then 'right' else 'left' end,
        'hash', encode(substring(v_level from (v_place # 1) * 32 + 1 for 32), 'hex')
      );
    end if;
    select string_agg(
      case when octet_length(p.pair) = 64 then sha256('\x01'::bytea || p.pair) else p.pair end, ''::bytea order by p.place
    ) into v_level
    from (select i as place, substring(v_level from i * 64 + 1 for 64) as pair from generate_series(0, (octet_length(v_level) - 1) / 64) i) p;
    v_place := v_place / 2;
  end loop;
  return jsonb_build_object(
    'id', p_event_id,
    'seq', v_batch.first_seq + array_position(v_batch.row_ids, p_event_id) - 1,
    'canonical', v_row.canonical,
    'leaf', encode(v_row.leaf, 'hex'),
    'path', v_path,
    'root', encode(v_batch.root, 'hex'),
    'statement', private.audit_statement(v_batch),
    'link', encode(v_batch.link, 'hex'),
    'signed_at', (extract(epoch from v_batch.signed_at) * 1000000)::bigint::text,
    'signature', translate(encode(v_batch.signature, 'base64'), E'\n', ''),
    'key', (select k.public_key || jsonb_build_object('kid', k.id) from private.audit_keys k where k.id = v_batch.key_id)
  );
end;
$$;

revoke all on function public.get_audit_proof(uuid) from public, anon, authenticated, service_role;
grant execute on function public.get_audit_proof(uuid) to authenticated;
comment on function public.get_audit_proof(uuid) is
  'What proves that a row is in the log: its canonical bytes, the way to the Merkle root, the statement of the seal and its signature. Needs audit:read; 409 until it is signed.';

create function public.list_audit_keys() returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(k.public_key || jsonb_build_object(
      'kid', k.id, 'use', 'sig', 'alg', 'EdDSA', 'created_at', k.created_at, 'endorsed_by', k.endorsed_by,
      'endorsement', translate(encode(k.endorsement, 'base64'), E'\n', '')
    ) order by k.created_at), '[]')
    from private.audit_keys k
  );
end;
$$;

revoke all on function public.list_audit_keys() from public, anon, authenticated, service_role;
grant execute on function public.list_audit_keys() to anon, authenticated;
comment on function public.list_audit_keys() is 'The public keys by which seals of the audit log are verified, as JWKs. For everybody.';
