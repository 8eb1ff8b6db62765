create function private.audit_where(p_filter jsonb, p_after uuid, p_ascending boolean) returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  v_ip text := p_filter ->> 'ip';
  v_where text := '';
begin
  if v_ip is not null then
    if not private.input_is_valid(v_ip, 'inet') then
      perform private.fail('invalid_request', 'The filter ip must be an address', 400);
    end if;
    v_where := v_where || format(' and e.ip = %L', host(v_ip::inet));
  end if;
  -- The statement says only what is asked for: the plan goes along (organization_id, id) and stops at the end of the page.
  if p_after is not null then
    v_where := v_where || format(' and e.id %s %L', case when p_ascending then '>' else '<' end, p_after);
  end if;
  if p_filter ? 'from' then
    v_where := v_where || format(' and e.id >= %L', private.uuid_v7_floor((p_filter ->> 'from')::timestamptz));
  end if;
  if p_filter ? 'to' then
    v_where := v_where || format(' and e.id < %L', private.uuid_v7_floor((p_filter ->> 'to')::timestamptz));
  end if;
  if p_filter ? 'actions' then
    v_where := v_where || format(
      ' and (e.action = any (%1$L::text[]) or split_part(e.action, ''.'', 1) || ''.*'' = any (%1$L::text[]))',
      array(select jsonb_array_elements_text(p_filter -> 'actions'))
    );
  end if;
  if p_filter ? 'target_types' then
    v_where := v_where || format(
      ' and e.target_type = any (%L::text[])', array(select jsonb_array_elements_text(p_filter -> 'target_types'))
    );
  end if;
  return v_where || (
    select coalesce(string_agg(format(' and e.%I::text = %L', f.name, p_filter ->> f.name), ''), '')
    from unnest(array['actor', 'user_id', 'key_id', 'via', 'target_type', 'target_id', 'request_id']) as f (name)
    where p_filter ? f.name
  );
end;
$$;

revoke all on function private.audit_where(jsonb, uuid, boolean) from public, anon, authenticated, service_role;
comment on function private.audit_where(jsonb, uuid, boolean) is
  'The conditions of a filter of the audit log, as SQL over public.audit_events e that begins with and: {actor, user_id, key_id, via, actions: [flow.updated, flow.*], target_type, target_types, target_id, ip, request_id, from, to}; behind the row p_after.';
