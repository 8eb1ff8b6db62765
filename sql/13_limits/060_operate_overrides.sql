create function private.limit_subject_id(p_subject_kind text, p_subject_id text) returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  if p_subject_kind in ('ip', 'refused') and private.input_is_valid(p_subject_id, 'inet') then
    return private.ip_bucket(p_subject_id::inet);
  end if;
  return p_subject_id;
end;
$$;

revoke all on function private.limit_subject_id(text, text) from public, anon, authenticated, service_role;
comment on function private.limit_subject_id(text, text) is 'The name that a subject has in keys of private.rate_limits: for an address see private.ip_bucket, else its id.';

create function engine.list_rate_limit_overrides(
  p_subject_kind text default null,
  p_subject_id text default null
) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(to_jsonb(o) order by o.subject_kind, o.subject_id, o.scope), '[]')
    from (
      select * from private.rate_limit_overrides r
      where (p_subject_kind is null or r.subject_kind = p_subject_kind) and (p_subject_id is null or r.subject_id = private.limit_subject_id(r.subject_kind, p_subject_id))
      order by r.subject_kind, r.subject_id, r.scope limit 1000
    ) o
  );
end;
$$;

revoke all on function engine.list_rate_limit_overrides(text, text) from public, anon, authenticated, service_role;
grant execute on function engine.list_rate_limit_overrides(text, text) to service_role;
comment on function engine.list_rate_limit_overrides(text, text) is 'The limits that operators gave by hand, a thousand at the most, of all subjects or of one.';

create function engine.set_rate_limit_override(p_override jsonb, p_by text) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_row private.rate_limit_overrides;
  v_before jsonb;
begin
  select to_jsonb(o) into v_before from private.rate_limit_overrides o
  where o.subject_kind = p_override ->> 'subject_kind' and o.subject_id = private.limit_subject_id(o.subject_kind, p_override ->> 'subject_id')
    and o.scope = coalesce(p_override ->> 'scope', '*');
  insert into private.rate_limit_overrides as o
    (subject_kind, subject_id, scope, request_limit, window_seconds, burst, reason, expires_at, created_by)
  values (
    p_override ->> 'subject_kind', private.limit_subject_id(p_override ->> 'subject_kind', p_override ->> 'subject_id'), coalesce(p_override ->> 'scope', '*'),
    (p_override ->> 'request_limit')::integer, coalesce((p_override ->> 'window_seconds')::integer, 60),
    coalesce((p_override ->> 'burst')::integer, (p_override ->> 'request_limit')::integer),
    p_override ->> 'reason', (p_override ->> 'expires_at')::timestamptz, p_by
  )
  on conflict (subject_kind, subject_id, scope) do update set
    request_limit = excluded.request_limit, window_seconds = excluded.window_seconds, burst = excluded.burst,
    reason = excluded.reason, expires_at = excluded.expires_at, created_by = excluded.created_by, created_at = private.now()
  returning * into v_row;
  perform private.audit(null, 'rate_limit_override.set', v_row.subject_kind, v_row.subject_id, v_before, to_jsonb(v_row));
  return to_jsonb(v_row);
end;
$$;

revoke all on function engine.set_rate_limit_override(jsonb, text) from public, anon, authenticated, service_role;
grant execute on function engine.set_rate_limit_override(jsonb, text) to service_role;
comment on function engine.set_rate_limit_override(jsonb, text) is
  'Sets the limit of a subject by hand: {subject_kind, subject_id, scope, request_limit, window_seconds, burst, reason, expires_at}; scope * and a window of 60 s when absent, burst the limit. p_by = which operator. Answers the row.';

create function engine.remove_rate_limit_override(p_subject_kind text, p_subject_id text, p_scope text default '*') returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_row private.rate_limit_overrides;
begin
  delete from private.rate_limit_overrides o
  where o.subject_kind = p_subject_kind and o.subject_id = private.limit_subject_id(p_subject_kind, p_subject_id) and o.scope = p_scope
  returning * into v_row;
  if not found then
    perform private.fail('not_found', 'No such override', 404);
  end if;
  perform private.audit(null, 'rate_limit_override.removed', p_subject_kind, p_subject_id, to_jsonb(v_row));
end;
$$;

revoke all on function engine.remove_rate_limit_override(text, text, text) from public, anon, authenticated, service_role;
grant execute on function engine.remove_rate_limit_override(text, text, text) to service_role;
comment on function engine.remove_rate_limit_override(text, text, text) is 'Takes a limit that was given by hand away: the plan''s counts again. 404 when there is none.';
