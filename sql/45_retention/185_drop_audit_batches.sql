create function private.drop_audit_of(p_organization_id uuid, p_sealed_before timestamptz, p_limit bigint) returns bigint
language plpgsql
set search_path = ''
as $$
-- Whole seals from the oldest on, some p_limit rows. Never a tenant's last: it has the row that tells what was dropped.
declare
  v_batch record;
  v_rows bigint := 0;
  v_last record;
begin
  perform set_config('millrace.audit_retention', 'on', true);
  for v_batch in
    select b.number, b.row_ids, b.last_seq, b.head, b.sealed_at, b.signature is not null as is_signed,
      lead(b.number) over (order by b.first_seq) is null as is_last
    from (
      select * from private.audit_batches b
      where b.organization_id = p_organization_id and b.dropped_at is null order by b.first_seq limit 101
    ) b
    order by b.first_seq
  loop
    exit when v_rows >= p_limit or v_batch.is_last or not v_batch.is_signed or v_batch.sealed_at >= p_sealed_before;
    delete from public.audit_events e where e.organization_id = p_organization_id and e.id = any (v_batch.row_ids);
    update private.audit_batches b set dropped_at = private.now(), row_ids = null, leaves = null where b.number = v_batch.number;
    v_rows := v_rows + cardinality(v_batch.row_ids);
    v_last := v_batch;
  end loop;
  perform set_config('millrace.audit_retention', '', true);
  if v_rows > 0 then
    perform private.audit(
      p_organization_id, 'audit.dropped', 'audit', null,
      p_details => jsonb_build_object('through', v_last.last_seq, 'rows', v_rows, 'head', encode(v_last.head, 'hex'))
    );
  end if;
  return v_rows;
end;
$$;

revoke all on function private.drop_audit_of(uuid, timestamptz, bigint) from public, anon, authenticated, service_role;
comment on function private.drop_audit_of(uuid, timestamptz, bigint) is
  'Drops audit rows of a tenant that were sealed before a time, by whole signed seals, and says so in the log itself. The seals stay, with their roots and counts. Answers how many rows.';

create function private.drop_audit_batches(p_limit bigint) returns bigint
language plpgsql
set search_path = ''
set lock_timeout = '200ms'
as $$
declare
  v_organization_id uuid;
  v_oldest timestamptz;
  v_low uuid;
  v_days integer;
  v_rows bigint := 0;
  v_week date;
begin
  -- Once an hour is enough, and at once again while there is more.
  if private.setting('audit_retained_at')::timestamptz > private.now() - interval '50 minutes' then
    return 0;
  end if;
  loop
    -- From one tenant to the next by the index.
    select b.organization_id, b.sealed_at into v_organization_id, v_oldest
    from private.audit_batches b
    where b.dropped_at is null and (v_low is null or b.organization_id > v_low)
    order by b.organization_id, b.sealed_at limit 1;
    exit when not found or v_rows >= p_limit;
    v_low := v_organization_id;
    v_days := private.kept_days('audit', v_organization_id);
    if v_oldest < private.now() - make_interval(days => v_days) then
      v_rows := v_rows + private.drop_audit_of(v_organization_id, private.now() - make_interval(days => v_days), p_limit - v_rows);
    end if;
  end loop;
  if v_rows < p_limit then
    delete from private.audit_turns t where t.since < private.now() - interval '1 day';
    insert into private.settings (name, value) values ('audit_retained_at', private.now()::text)
    on conflict (name) do update set value = excluded.value, updated_at = private.now();
    for v_week in
      select to_date(substring(c.relname from '\d{4}w\d{2}$'), 'IYYY"w"IW')
      from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid and c.relname ~ '_\d{4}w\d{2}$'
      where i.inhparent = 'public.audit_events'::regclass
    loop
      continue when (v_week + 37)::timestamp at time zone 'UTC' > private.now();
      begin
        perform private.drop_empty('audit', v_week);
      exception when lock_not_available or deadlock_detected then
        exit;
      end;
    end loop;
  end if;
  return v_rows;
end;
$$;

revoke all on function private.drop_audit_batches(bigint) from public, anon, authenticated, service_role;
comment on function private.drop_audit_batches(bigint) is
  'Drops what has fallen out of the audit log''s retention, some p_limit rows a call, and weeks in which nothing is left. Answers how many rows.';
