create function private.request_buckets(
  p_subject text,
  p_organization_id uuid,
  p_plan public.plans,
  p_route text,
  p_operation text default null,
  p_requests_per_minute integer default null,
  p_request_burst integer default null
) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_buckets jsonb := jsonb_build_array(
    jsonb_build_object(
      'key', p_subject || ':' || p_route, 'window_seconds', 60,
      'limit', least(p_requests_per_minute, (p_plan).requests_per_minute),
      'burst', least(p_request_burst, (p_plan).request_burst)
    ),
    jsonb_build_object(
      'key', 'org:' || p_organization_id, 'name', 'organization', 'window_seconds', 60,
      'limit', (p_plan).organization_requests_per_minute, 'burst', (p_plan).organization_request_burst
    )
  );
begin
  if p_operation is null then
    return v_buckets;
  end if;
  return v_buckets || (
    select coalesce(jsonb_agg(jsonb_build_object(
      'key', p_subject || ':' || p_operation, 'limit', o.request_limit, 'window_seconds', o.window_seconds, 'burst', o.burst
    )), '[]')
    from private.rate_limit_overrides o
    where o.subject_kind = 'operation' and o.subject_id = p_operation and o.scope = '*'
      and (o.expires_at is null or o.expires_at > private.now())
  );
end;
$$;

revoke all on function private.request_buckets(text, uuid, public.plans, text, text, integer, integer) from public, anon, authenticated, service_role;
comment on function private.request_buckets(text, uuid, public.plans, text, text, integer, integer) is
  'The buckets that a request takes from, for private.take_request_tokens: of the caller (p_subject: user:<id> or key:<id>) for the route class, of the organization for all that its members and keys do, and of the caller for p_operation where operators limit that. p_requests_per_minute and p_request_burst are a key''s own limits, null = the plan''s, which they never exceed.';
