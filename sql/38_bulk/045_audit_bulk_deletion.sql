create function private.audit_bulk_deletion(p_operation public.bulk_operations, p_deleted jsonb[]) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_row record;
begin
  -- 90 ids and their count stay below the 4 KiB from which on the log cuts values.
  for v_row in
    select p.about, count(*) as count, jsonb_agg(p.id order by p.id) as ids
    from (
      select d - 'id' as about, d ->> 'id' as id, (row_number() over (partition by d - 'id' order by d ->> 'id') - 1) / 90 as part
      from unnest(p_deleted) d
    ) p
    group by p.about, p.part
    order by min(p.id)
  loop
    perform private.audit(p_operation.organization_id, 'run.deleted', 'bulk_operation', p_operation.id::text, v_row.about, null,
      jsonb_build_object('count', v_row.count, 'run_ids', v_row.ids));
  end loop;
end;
$$;

revoke all on function private.audit_bulk_deletion(public.bulk_operations, jsonb[]) from public, anon, authenticated, service_role;
comment on function private.audit_bulk_deletion(public.bulk_operations, jsonb[]) is
  'Writes into the audit log which runs [{id, flow_id, status, trigger}] a batch of a bulk operation deleted: one row for up to 90 of the same flow, status and trigger. When each was made, its UUIDv7 says.';
