create function private.pick_mails(p_limit integer, p_last_tenant_id uuid) returns uuid[]
language plpgsql
set search_path = ''
as $$
-- By priority; within one, organizations take turns from the one behind p_last_tenant_id on, each giving an equal share of
-- the batch, and what is left goes to whoever has more. Costs an index look an organization, 100 at the most.
declare
  v_now timestamptz := private.now();
  v_ids uuid[] := '{}';
  v_tenants uuid[];
  v_tenant_id uuid;
  v_share integer;
  v_room integer;
begin
  foreach v_share in array '{10,50,100,200}'::integer[] loop
    continue when cardinality(v_ids) >= p_limit;
    v_tenants := '{}';
    v_tenant_id := p_last_tenant_id;
    for v_lap in 1..2 loop
      loop
        select m.tenant_id into v_tenant_id from public.mails m
        where m.status = 'queued' and m.priority = v_share and m.tenant_id > v_tenant_id and m.scheduled_for <= v_now
          and (v_lap = 1 or m.tenant_id <= p_last_tenant_id)
        order by m.tenant_id limit 1;
        exit when not found or cardinality(v_tenants) >= 100;
        v_tenants := v_tenants || v_tenant_id;
      end loop;
      -- The platform's own has the least id, which is behind none.
      v_tenant_id := private.platform_id();
      if v_lap = 1 then
        v_tenants := v_tenants || v_tenant_id;
      end if;
    end loop;
    for v_pass in 1..2 loop
      v_room := p_limit - cardinality(v_ids);
      exit when v_room <= 0;
      v_ids := v_ids || array(
        select m.id
        from unnest(v_tenants) with ordinality as t (tenant_id, place)
        cross join lateral (
          select q.id, q.scheduled_for from public.mails q
          where q.status = 'queued' and q.priority = v_share and q.tenant_id = t.tenant_id and q.scheduled_for <= v_now
            and q.id <> all (v_ids)
          order by q.scheduled_for, q.id
          limit case v_pass when 1 then ceil(v_room::numeric / cardinality(v_tenants)) else v_room end
          for update skip locked
        ) m
        order by t.place, m.scheduled_for, m.id
        limit v_room
      );
    end loop;
  end loop;
  return v_ids;
end;
$$;

revoke all on function private.pick_mails(integer, uuid) from public, anon, authenticated, service_role;
comment on function private.pick_mails(integer, uuid) is
  'Part of engine.claim_mails: locks up to p_limit queued mails that are due, the most urgent first, organizations in turn.';
