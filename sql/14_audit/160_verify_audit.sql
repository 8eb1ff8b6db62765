create function private.audit_facts(p_organization_id uuid) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_state private.audit_seal_state;
  v_last private.audit_batches;
begin
  select * into v_state from private.audit_seal_state;
  select * into v_last from private.audit_batches b order by b.number desc limit 1;
  return jsonb_build_object(
    'last_number', v_state.last_number, 'last_link', encode(v_state.last_link, 'hex'),
    'number', v_last.number, 'link', encode(v_last.link, 'hex'),
    'gap', (
      select jsonb_build_object('number', b.number, 'is_cut', p.number is null)
      from private.audit_batches b left join private.audit_batches p on p.number = b.number - 1
      where b.number > 1 and p.link is distinct from b.previous_link order by b.number limit 1
    ),
    'dropped', (
      select coalesce(jsonb_object_agg(d.organization_id, d.through), '{}')
      from (
        select e.organization_id, max((e.details ->> 'through')::bigint) as through from public.audit_events e
        where e.action = 'audit.dropped' and e.actor in ('system', 'service')
          and (p_organization_id is null or e.organization_id = p_organization_id)
        group by e.organization_id
      ) d
    )
  ) || (
    -- Rows without a seal: new ones, or such as somebody has put in.
    with sealed as materialized (
      select b.organization_id, unnest(b.row_ids) as id from private.audit_batches b
      where p_organization_id is null or b.organization_id = p_organization_id
    ),
    loose as materialized (
      select e.id, e.organization_id, e.tx < v_state.sealed_below or e.occurred_at < v_state.seen_at - interval '1 hour' as is_inserted
      from public.audit_events e
      where (p_organization_id is null or e.organization_id = p_organization_id)
        and not exists (select 1 from sealed s where s.organization_id = e.organization_id and s.id = e.id)
    )
    select jsonb_build_object(
      'unsealed', count(*) filter (where is_inserted is not true),
      'inserted', coalesce(jsonb_agg(jsonb_build_object('id', l.id, 'organization_id', l.organization_id) order by l.id)
        filter (where l.is_inserted), '[]')
    )
    from loose l
  );
end;
$$;

revoke all on function private.audit_facts(uuid) from public, anon, authenticated, service_role;
comment on function private.audit_facts(uuid) is
  'What verifying needs besides the seals, of one tenant or all: {last_number, last_link: the end as the sealer knows it; number, link: as it is; gap: the first seal that does not continue the one before it {number, is_cut}; dropped: organization → sequence number up to which retention says it has dropped; unsealed: how many rows are too new; inserted: rows that are not}.';

create function public.verify_audit(p_organization_id uuid, p_after bigint default 0) returns jsonb
language plpgsql
security definer
set search_path = ''
set statement_timeout = '20s'
as $$
begin
  perform private.require_permission(p_organization_id, 'audit:read', 'organization');
  return jsonb_build_object('lines', (
    select coalesce(jsonb_agg(to_jsonb(c) order by c.number), '[]')
    from private.check_audit_batches(p_after, private.audit_slice_end(p_after, p_organization_id, 100000), p_organization_id) c
  ));
end;
$$;

revoke all on function public.verify_audit(uuid, bigint) from public, anon, authenticated, service_role;
grant execute on function public.verify_audit(uuid, bigint) to authenticated;
comment on function public.verify_audit(uuid, bigint) is
  'Hashes rows of the organization''s audit log again, those of the seals behind the number p_after, some 100,000: {lines: see private.check_audit_batches}, none = these were all. Needs audit:read.';

create function public.verify_audit_end(p_organization_id uuid) returns jsonb
language plpgsql
security definer
set search_path = ''
set statement_timeout = '20s'
as $$
begin
  perform private.require_permission(p_organization_id, 'audit:read', 'organization');
  perform private.note_audit_read(p_organization_id, 'audit.verified', '{}');
  return private.audit_facts(p_organization_id);
end;
$$;

revoke all on function public.verify_audit_end(uuid) from public, anon, authenticated, service_role;
grant execute on function public.verify_audit_end(uuid) to authenticated;
comment on function public.verify_audit_end(uuid) is 'What verifying the organization''s audit log needs besides its seals: see private.audit_facts. Needs audit:read.';
