create function private.add_audit_batches(p_organization_id uuid, p_ids uuid[], p_leaves bytea, p_state private.audit_seal_state)
returns private.audit_seal_state
language plpgsql
set search_path = ''
as $$
-- Seals rows of a tenant, in this order, in batches of 4,096. Answers the state behind them.
declare
  v_state private.audit_seal_state := p_state;
  v_batch private.audit_batches;
  v_size constant integer := 4096;
begin
  select * into v_batch from private.audit_batches b where b.organization_id = p_organization_id order by b.first_seq desc limit 1;
  v_batch.head := coalesce(v_batch.head, decode(repeat('00', 32), 'hex'));
  v_batch.last_seq := coalesce(v_batch.last_seq, 0);
  v_batch.organization_id := p_organization_id;
  v_batch.seen_at := p_state.seen_at;
  v_batch.sealed_at := private.now();
  v_batch.key_id := null;
  v_batch.signed_at := null;
  v_batch.signature := null;
  v_batch.dropped_at := null;
  for v_i in 0..(cardinality(p_ids) - 1) / v_size loop
    v_batch.row_ids := p_ids[v_i * v_size + 1 : (v_i + 1) * v_size];
    v_batch.leaves := substring(p_leaves from v_i * v_size * 32 + 1 for v_size * 32);
    v_batch.number := v_state.last_number + 1;
    v_batch.first_seq := v_batch.last_seq + 1;
    v_batch.last_seq := v_batch.last_seq + cardinality(v_batch.row_ids);
    v_batch.previous_head := v_batch.head;
    v_batch.root := private.audit_root(v_batch.leaves);
    v_batch.head := private.audit_head(v_batch.head, v_batch.root);
    v_batch.previous_link := v_state.last_link;
    v_batch.link := sha256(convert_to(private.audit_statement(v_batch), 'UTF8'));
    insert into private.audit_batches select (v_batch).*;
    v_state.last_number := v_batch.number;
    v_state.last_link := v_batch.link;
  end loop;
  return v_state;
end;
$$;

revoke all on function private.add_audit_batches(uuid, uuid[], bytea, private.audit_seal_state) from public, anon, authenticated, service_role;
comment on function private.add_audit_batches(uuid, uuid[], bytea, private.audit_seal_state) is 'Makes the seals of rows of one tenant.';

create function private.seal_audit_rows(p_limit integer default 100000) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_state private.audit_seal_state;
  v_began timestamptz := private.now();
  v_ended_below xid8;
  v_sealed_below xid8;
  v_tenant record;
  v_last xid8;
  v_rows integer := 0;
  v_number bigint;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'The sealer has to see what others commit meanwhile: call it in READ COMMITTED';
  end if;
  -- One at a time: the second waits, and sees what the first has sealed.
  perform pg_advisory_xact_lock(hashtext('millrace.audit_seal'));
  insert into private.audit_seal_state default values on conflict do nothing;
  select * into v_state from private.audit_seal_state;
  if v_state.sealed_below > pg_snapshot_xmax(pg_current_snapshot()) then
    v_state := private.restart_audit_seal();
  end if;
  v_number := v_state.last_number;

  -- Transactions below this have ended. Asked before the rows are read: what ended since then is seen next time. Rows of
  -- those above may appear at any time, in any order: they stay in question until all before them have ended.
  v_ended_below := pg_snapshot_xmin(pg_current_snapshot());
  v_sealed_below := v_ended_below;
  for v_tenant in
    with unsealed as materialized (
      select e.organization_id, e.id, e.tx, e.leaf
      from private.audit_leaves e
      where e.tx >= v_state.sealed_below and e.id >= v_state.after_id
        and not exists (select 1 from private.audit_sealed_ahead a where a.id = e.id)
      order by e.tx, e.id
      limit p_limit
    )
    select u.organization_id, array_agg(u.id order by u.id) as ids, string_agg(u.leaf, ''::bytea order by u.id) as leaves,
      sum(count(*)) over () as total, max(max(u.tx::text::bigint)) over () as last_tx
    from unsealed u
    group by u.organization_id
    order by u.organization_id
  loop
    if v_rows = 0 and v_tenant.total >= p_limit then
      -- There is more: of the last of these transactions, and those behind it.
      v_last := v_tenant.last_tx::text::xid8;
      v_sealed_below := least(v_sealed_below, v_last);
    end if;
    v_state := private.add_audit_batches(v_tenant.organization_id, v_tenant.ids, v_tenant.leaves, v_state);
    insert into private.audit_sealed_ahead (tx, id)
    select e.tx, e.id from public.audit_events e
    where e.tx >= v_sealed_below and e.organization_id = v_tenant.organization_id and e.id = any (v_tenant.ids);
    v_rows := v_rows + cardinality(v_tenant.ids);
  end loop;

  delete from private.audit_sealed_ahead a where a.tx < v_sealed_below;
  update private.audit_seal_state s set
    sealed_below = v_sealed_below, last_number = v_state.last_number, last_link = v_state.last_link,
    seen_at = case when v_last is null then v_began else s.seen_at end;
  return jsonb_build_object('rows', v_rows, 'batches', v_state.last_number - v_number, 'more', v_last is not null);
end;
$$;

revoke all on function private.seal_audit_rows(integer) from public, anon, authenticated, service_role;
comment on function private.seal_audit_rows(integer) is
  'Gives what is not sealed of the audit log its sequence numbers and seals, at most p_limit rows of the oldest transactions: {rows, batches, more}. A row that becomes visible late, for its transaction took long, is sealed when it does.';

create function private.restart_audit_seal() returns private.audit_seal_state
language plpgsql
set search_path = ''
as $$
-- Transaction numbers begin anew in a cluster into which a dump was restored. What was sealed by then is told by the seals.
declare
  v_state private.audit_seal_state;
  v_last timestamptz := (select max(b.sealed_at) from private.audit_batches b);
begin
  update private.audit_seal_state s set
    sealed_below = '0', after_id = private.uuid_v7_floor(coalesce(v_last, private.now()) - interval '1 day')
  returning * into v_state;
  truncate private.audit_sealed_ahead;
  insert into private.audit_sealed_ahead (tx, id)
  select e.tx, e.id
  from private.audit_batches b
  cross join lateral unnest(b.row_ids) as r (id)
  join public.audit_events e on e.organization_id = b.organization_id and e.id = r.id
  where b.sealed_at >= v_last - interval '2 days' and e.id >= v_state.after_id;
  return v_state;
end;
$$;

revoke all on function private.restart_audit_seal() from public, anon, authenticated, service_role;
comment on function private.restart_audit_seal() is
  'Lets the sealer go on in a cluster whose transaction numbers are lower than those it knows.';

create function private.seal_audit() returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_report jsonb := private.seal_audit_rows();
begin
  -- Postgres cannot sign. A worker does, where there is something to sign.
  if exists (select 1 from private.audit_batches b where b.signature is null) then
    perform private.enqueue_job(
      private.platform_id(), 'audit.sign', '{}', '{"unique_key": "audit.sign", "priority": 50, "max_attempts": 5}'
    );
  elsif v_report -> 'rows' = '0' then
    return '{"skipped": "nothing_new"}';
  end if;
  return v_report;
end;
$$;

revoke all on function private.seal_audit() from public, anon, authenticated, service_role;
comment on function private.seal_audit() is
  'The task audit-seal: seals what is new in the audit log, and asks for a job audit.sign when seals are not signed.';

create function engine.seal_audit() returns jsonb
language plpgsql
security definer
set search_path = ''
set statement_timeout = '60s'
as $$
begin
  return private.seal_audit_rows();
end;
$$;

revoke all on function engine.seal_audit() from public, anon, authenticated, service_role;
grant execute on function engine.seal_audit() to service_role;
comment on function engine.seal_audit() is 'Seals what is new in the audit log, at once: {rows, batches, more}.';
