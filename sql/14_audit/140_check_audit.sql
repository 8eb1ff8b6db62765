create function private.check_audit_batches(p_after bigint, p_organization_id uuid default null, p_limit integer default 200000)
returns table (
  number bigint, organization_id uuid, first_seq bigint, last_seq bigint, rows_dropped boolean, statement text, stored_link text,
  key_id text, signed_at text, signature text, fault text, fault_seq bigint, fault_row uuid
)
language plpgsql
stable
set search_path = ''
as $$
declare
  v_batch record;
  v_last bigint;
  v_place integer;
begin
  -- As many batches as have p_limit rows, one at least.
  select max(g.number) into v_last
  from (
    select b.number, sum(b.last_seq - b.first_seq + 1) over (order by b.number) - (b.last_seq - b.first_seq) as before
    from private.audit_batches b
    where b.number > p_after and (p_organization_id is null or b.organization_id = p_organization_id)
    order by b.number limit 5000
  ) g
  where g.before <= p_limit;
  for v_batch in
    with rows_of as materialized (
      select b.number as batch, u.place, e.occurred_at < b.seen_at - interval '1 hour' as is_late,
        case when e.organization_id = b.organization_id then e.leaf end as leaf
      from private.audit_batches b
      cross join lateral unnest(b.row_ids) with ordinality as u (id, place)
      left join private.audit_leaves e on e.id = u.id
      where b.number > p_after and b.number <= v_last and (p_organization_id is null or b.organization_id = p_organization_id)
    ),
    computed as (
      select r.batch, string_agg(coalesce(r.leaf, decode(repeat('00', 32), 'hex')), ''::bytea order by r.place) as leaves,
        min(r.place) filter (where r.leaf is null) as missing, min(r.place) filter (where r.is_late) as late
      from rows_of r group by r.batch
    )
    select b as seal, b.number as n, c.leaves, c.missing, c.late, private.audit_statement(b) as statement
    from private.audit_batches b
    left join computed c on c.batch = b.number
    where b.number > p_after and b.number <= v_last and (p_organization_id is null or b.organization_id = p_organization_id)
    order by b.number
  loop
    number := (v_batch.seal).number;
    organization_id := (v_batch.seal).organization_id;
    first_seq := (v_batch.seal).first_seq;
    last_seq := (v_batch.seal).last_seq;
    rows_dropped := (v_batch.seal).dropped_at is not null;
    statement := v_batch.statement;
    stored_link := encode((v_batch.seal).link, 'hex');
    key_id := (v_batch.seal).key_id;
    signed_at := (extract(epoch from (v_batch.seal).signed_at) * 1000000)::bigint::text;
    signature := translate(encode((v_batch.seal).signature, 'base64'), E'\n', '');
    fault := null;
    v_place := null;
    if sha256(convert_to(v_batch.statement, 'UTF8')) <> (v_batch.seal).link
      or private.audit_head((v_batch.seal).previous_head, (v_batch.seal).root) <> (v_batch.seal).head then
      fault := 'rewritten';
    elsif not rows_dropped then
      if v_batch.missing is not null then
        fault := 'deleted';
        v_place := v_batch.missing;
      elsif v_batch.leaves <> (v_batch.seal).leaves then
        select min(i) into v_place
        from generate_series(1, (last_seq - first_seq + 1)::integer) i
        where substring(v_batch.leaves from i * 32 - 31 for 32) <> substring((v_batch.seal).leaves from i * 32 - 31 for 32);
        fault := case when exists (
          select 1 from generate_series(1, (last_seq - first_seq + 1)::integer) i
          where substring((v_batch.seal).leaves from i * 32 - 31 for 32) = substring(v_batch.leaves from v_place * 32 - 31 for 32)
        ) then 'reordered' else 'edited' end;
      elsif private.audit_root(v_batch.leaves) <> (v_batch.seal).root then
        fault := 'rewritten';
      elsif v_batch.late is not null then
        fault := 'backdated';
        v_place := v_batch.late;
      end if;
    end if;
    fault_seq := first_seq + v_place - 1;
    fault_row := (v_batch.seal).row_ids[v_place];
    return next;
  end loop;
end;
$$;

revoke all on function private.check_audit_batches(bigint, uuid, integer) from public, anon, authenticated, service_role;
comment on function private.check_audit_batches(bigint, uuid, integer) is
  'Checks seals behind the number p_after, of one tenant or all, with some p_limit rows: hashes every row anew. One line a seal with what a signature is checked by, and the first fault: deleted, edited, reordered, backdated (a row says it is over an hour older than the last sealing before it), rewritten (the seal itself). Whether seals continue each other, and signatures, are for the caller to check.';
