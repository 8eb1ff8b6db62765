create function private.audit_slice_end(p_after bigint, p_organization_id uuid default null, p_limit integer default 50000)
returns bigint
language plpgsql
stable
set search_path = ''
as $$
begin
  -- As many seals as have p_limit rows, one at least.
  return (
    select max(g.number)
    from (
      select b.number, sum(b.last_seq - b.first_seq + 1) over (order by b.number) - (b.last_seq - b.first_seq) as before
      from private.audit_batches b
      where b.number > p_after and (p_organization_id is null or b.organization_id = p_organization_id)
      order by b.number limit 5000
    ) g
    where g.before <= p_limit
  );
end;
$$;

revoke all on function private.audit_slice_end(bigint, uuid, integer) from public, anon, authenticated, service_role;
comment on function private.audit_slice_end(bigint, uuid, integer) is
  'Through which seal private.check_audit_batches checks some p_limit rows behind the number p_after, of one tenant or all; null = there are no more.';

create function private.check_audit_batches(p_after bigint, p_through bigint, p_organization_id uuid default null)
returns table (
  number bigint, organization_id uuid, first_seq bigint, last_seq bigint, rows_dropped boolean, statement text, stored_link text,
  key_id text, signed_at text, signature text, fault text, fault_seq bigint, fault_row uuid
)
language plpgsql
stable
set search_path = ''
as $$
declare
  b private.audit_batches;
  v_ids uuid[];
  v_leaves bytea;
  v_late uuid;
  v_place integer;
begin
  for b in
    select * from private.audit_batches s
    where s.number > p_after and s.number <= p_through and (p_organization_id is null or s.organization_id = p_organization_id)
    order by s.number
  loop
    number := b.number;
    organization_id := b.organization_id;
    first_seq := b.first_seq;
    last_seq := b.last_seq;
    rows_dropped := b.dropped_at is not null;
    statement := private.audit_statement(b);
    stored_link := encode(b.link, 'hex');
    key_id := b.key_id;
    signed_at := (extract(epoch from b.signed_at) * 1000000)::bigint::text;
    signature := translate(encode(b.signature, 'base64'), E'\n', '');
    fault := null;
    v_place := null;
    if sha256(convert_to(statement, 'UTF8')) <> b.link or private.audit_head(b.previous_head, b.root) <> b.head then
      fault := 'rewritten';
    elsif not rows_dropped then
      -- A seal's rows stand in the order of their ids, so the index gives them as they are sealed. A statement a seal: a join
      -- with all seals at once would hash every row of the log for each slice of it.
      select array_agg(l.id order by l.id), string_agg(l.leaf, ''::bytea order by l.id),
        min(l.id::text) filter (where l.occurred_at < b.seen_at - interval '1 hour')::uuid
      into v_ids, v_leaves, v_late
      from private.audit_leaves l
      where l.organization_id = b.organization_id and l.id = any (b.row_ids);
      if v_ids is distinct from b.row_ids then
        select min(u.place) filter (where l.id is null),
          string_agg(coalesce(l.leaf, decode(repeat('00', 32), 'hex')), ''::bytea order by u.place)
        into v_place, v_leaves
        from unnest(b.row_ids) with ordinality as u (id, place)
        left join private.audit_leaves l on l.organization_id = b.organization_id and l.id = u.id and l.id = any (b.row_ids);
      end if;
      if v_place is not null then
        fault := 'deleted';
      elsif v_leaves <> b.leaves then
        select min(i) into v_place
        from generate_series(1, cardinality(b.row_ids)) i
        where substring(v_leaves from i * 32 - 31 for 32) <> substring(b.leaves from i * 32 - 31 for 32);
        fault := case when exists (
          select 1 from generate_series(1, cardinality(b.row_ids)) i
          where substring(b.leaves from i * 32 - 31 for 32) = substring(v_leaves from v_place * 32 - 31 for 32)
        ) then 'reordered' else 'edited' end;
      elsif private.audit_root(v_leaves) <> b.root then
        fault := 'rewritten';
      elsif v_late is not null then
        fault := 'backdated';
        v_place := array_position(b.row_ids, v_late);
      end if;
    end if;
    fault_seq := first_seq + v_place - 1;
    fault_row := b.row_ids[v_place];
    return next;
  end loop;
end;
$$;

revoke all on function private.check_audit_batches(bigint, bigint, uuid) from public, anon, authenticated, service_role;
comment on function private.check_audit_batches(bigint, bigint, uuid) is
  'Checks the seals behind the number p_after through p_through, of one tenant or all: hashes every row anew. One line a seal with what a signature is checked by, and the first fault: deleted, edited, reordered, backdated (a row says it is over an hour older than the last sealing before it), rewritten (the seal itself). Whether seals continue each other, and signatures, are for the caller to check.';
