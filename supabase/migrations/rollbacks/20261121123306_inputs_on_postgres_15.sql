-- The way back from 20261121123306_inputs_on_postgres_15.sql. Written by `deno task db:diff` and never edited; change sql/ instead.

set check_function_bodies = off;

drop function "private"."input_is_valid"(text, text);

create or replace function engine.add_ip_block (
  p_network text,
  p_reason  text,
  p_until   timestamp with time zone,
  p_by      text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_block private.ip_blocks;
begin
  if not pg_input_is_valid(p_network, 'inet') then
    perform private.fail('invalid_request', 'The network must be an address or a network in CIDR form', 400);
  end if;
  if p_until <= private.now() then
    perform private.fail('invalid_request', 'The end must lie in the future', 400);
  end if;
  v_block := private.block_ip(p_network::inet, p_reason, p_until, p_by);
  perform private.audit(null, 'ip.blocked', 'ip_block', v_block.id::text, null, to_jsonb(v_block));
  return to_jsonb(v_block);
end;
$function$;

create or replace function engine.gate_key (
  p_secret_hash     text,
  p_route           text default 'default'::text,
  p_organization_id uuid default null::uuid,
  p_ip              text default null::text,
  p_operation       text default null::text,
  p_cached          text default null::text
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_now timestamptz := private.now();
  v_row record;
begin
  perform private.require_open_ip(case when pg_input_is_valid(p_ip, 'inet') then p_ip::inet end);
  if coalesce(p_route, '') not in ('default', 'read', 'write', 'run') then
    perform private.fail('invalid_request', 'Unknown route class', 400);
  end if;

  -- One look by the hash. What is unknown, revoked or over is answered alike.
  select k.id, k.organization_id, k.mode, k.scopes, k.ip_allow, k.requests_per_minute, k.request_burst, k.created_by,
    k.last_used_at, o.suspended_at, o.deletes_at, p as plan
  into v_row
  from private.api_key_hashes h
  join public.api_keys k on k.id = h.key_id
  join public.organizations o on o.id = k.organization_id
  join public.plans p on p.id = o.plan_id
  where h.secret_hash = decode(case when p_secret_hash ~ '^[0-9a-f]{64}$' then p_secret_hash else '' end, 'hex')
    and k.revoked_at is null and (k.expires_at is null or k.expires_at > v_now);
  if not found then
    perform private.fail('unauthorized', 'The API key is not valid', 401);
  end if;
  if p_organization_id <> v_row.organization_id then
    perform private.fail('not_found', 'No such organization', 404);
  end if;
  if cardinality(v_row.ip_allow) > 0 and not coalesce(p_ip::inet <<= any (v_row.ip_allow::cidr[]), false) then
    perform private.fail('ip_not_allowed', 'The API key may not be used from this address', 403);
  end if;

  -- At most once a minute, waiting for nobody: whoever holds the row is at the same, or changes the key.
  if v_row.last_used_at is null or v_row.last_used_at < v_now - interval '1 minute' then
    perform set_config('synchronous_commit', 'off', true);
    update public.api_keys k set last_used_at = v_now
    where k.id = (select u.id from public.api_keys u where u.id = v_row.id for no key update skip locked);
  end if;

  return jsonb_build_object(
    'user_id', v_row.created_by,
    'key', jsonb_build_object('id', v_row.id, 'mode', v_row.mode),
    'organization_id', v_row.organization_id,
    'role', null,
    -- Suspended, it can be looked at; about to be deleted, it can be read.
    'permissions', to_jsonb(array(
      select s.scope from unnest(v_row.scopes) as s (scope)
      where (v_row.suspended_at is null or s.scope = 'org:read') and (v_row.deletes_at is null or s.scope like '%:read')
    )),
    'suspended', v_row.suspended_at is not null,
    'plan', (v_row.plan).id,
    'limits', to_jsonb(v_row.plan) - '{id,name,retention_days,archives_runs}'::text[],
    'flags', private.flags_of(v_row.organization_id),
    'api_version', private.api_version_of(v_row.organization_id, v_row.id),
    'generation', case when p_cached is not null then private.generation_of(v_row.organization_id, p_cached) end,
    'rate', private.take_request_tokens(private.request_buckets(
      'key:' || v_row.id, v_row.organization_id, v_row.plan, p_route, p_operation, v_row.requests_per_minute, v_row.request_burst
    ))
  );
end;
$function$;

create or replace function engine.get_webhook_endpoint (
  p_slug  text,
  p_test  boolean default false,
  p_count integer default null::integer,
  p_ips   jsonb   default null::jsonb
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_endpoint record;
  v_ahead jsonb;
  v_count integer := coalesce(p_count, 1);
  v_blocked jsonb;
begin
  select
    e.id, e.organization_id, e.flow_id, e.provider, e.config, e.mapping, e.signature_required, e.wait_seconds, e.trigger_node,
    p.hook_requests_per_minute, p.max_concurrent_runs, v.id as version_id, v.timeout_seconds
  into v_endpoint
  from public.webhook_endpoints e
  join public.organizations o on o.id = e.organization_id
  join public.plans p on p.id = o.plan_id
  -- The version that may be run before the event is kept: no mapping and no limit of the flow has a say.
  left join public.flows f on f.id = e.flow_id and f.is_active and f.deleted_at is null and e.mapping is null and not p_test
  left join public.flow_versions v on v.id = f.current_version_id and v.run_limits is null
  where e.slug = p_slug and (e.is_active or (p_test and e.signature_required)) and o.suspended_at is null and o.deletes_at is null;
  if not found then
    return null;
  end if;
  -- From blocked addresses nothing is taken, no token of the endpoint's either. Mostly there is no block at all.
  if p_ips is not null and exists (select 1 from private.ip_blocks b) then
    select jsonb_agg(i.blocked order by i.n), v_count - count(*) filter (where i.blocked) into v_blocked, v_count
    from (
      select d.n, private.ip_block_until(case when pg_input_is_valid(d.ip, 'inet') then d.ip::inet end) is not null as blocked
      from jsonb_array_elements_text(p_ips) with ordinality as d (ip, n)
    ) i;
    if v_count <= 0 then
      return jsonb_build_object('blocked', v_blocked);
    end if;
  end if;
  -- What a flow that only computes needs to be run before its event is kept. Such a run takes no place under the limit of
  -- the organization; where that has none left the event goes the usual way.
  if v_endpoint.version_id is not null and (
    v_endpoint.max_concurrent_runs is null or (
      select count(*) from (
        select 1 from private.run_slots s where s.limit_key = 'org:' || v_endpoint.organization_id
        limit v_endpoint.max_concurrent_runs
      ) taken
    ) < v_endpoint.max_concurrent_runs
  ) then
    v_ahead := jsonb_build_object(
      'version_id', v_endpoint.version_id, 'trigger_node', v_endpoint.trigger_node, 'received_at', private.now(),
      'timeout_seconds', v_endpoint.timeout_seconds
    );
    if p_count is null then
      v_ahead := v_ahead || jsonb_build_object('event_id', private.uuid_v7(), 'run_id', private.uuid_v7());
    end if;
  end if;
  return jsonb_build_object(
    'id', v_endpoint.id,
    'organization_id', v_endpoint.organization_id,
    'flow_id', v_endpoint.flow_id,
    'provider', v_endpoint.provider,
    'config', v_endpoint.config,
    'mapping', v_endpoint.mapping,
    'signature_required', v_endpoint.signature_required,
    'wait_seconds', v_endpoint.wait_seconds,
    'ahead', v_ahead,
    'secrets', (
      select coalesce(jsonb_agg(
        case when s.secret is null then jsonb_build_object('id', s.id, 'envelope', encode(s.envelope, 'hex')) else to_jsonb(s.secret) end
        order by s.created_at desc
      ), '[]')
      from private.webhook_secrets s
      where s.endpoint_id = v_endpoint.id and (s.expires_at is null or s.expires_at > private.now())
    )
  ) || private.take_many_tokens(
    'hook:' || v_endpoint.id, v_endpoint.hook_requests_per_minute, 60, v_endpoint.hook_requests_per_minute, v_count
  ) || case when v_blocked @> 'true' then jsonb_build_object('blocked', v_blocked) else '{}' end;
end;
$function$;

create or replace function engine.list_ip_blocks (
  p_limit        integer default 101,
  p_before       uuid    default null::uuid,
  p_after        uuid    default null::uuid,
  p_ascending    boolean default false,
  p_is_automatic boolean default null::boolean,
  p_network      text    default null::text
)
  returns jsonb
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
begin
  if not pg_input_is_valid(p_network, 'inet') then
    perform private.fail('invalid_request', 'The filter network must be an address or a network in CIDR form', 400);
  end if;
  -- Not more than some thousands: they are sorted, whatever the order.
  return (
    select coalesce(jsonb_agg(to_jsonb(b) order by
      case when p_ascending then b.id end, case when not p_ascending then b.id end desc), '[]')
    from (
      select * from private.ip_blocks o
      where (o.blocked_until is null or o.blocked_until > private.now())
        and (p_before is null or o.id < p_before) and (p_after is null or o.id > p_after)
        and (p_is_automatic is null or o.is_automatic = p_is_automatic)
        and (p_network is null or o.network && p_network::inet)
      order by case when p_ascending then o.id end, case when not p_ascending then o.id end desc
      limit least(greatest(p_limit, 1), 101)
    ) b
  );
end;
$function$;

create or replace function engine.note_refusals (
  p_refusals jsonb
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
-- What functions refused before, or after, the database heard of the request: gathered for a moment, told by one call that no
-- answer waits for.
declare
  v_now timestamptz := private.now();
  v_after integer := coalesce(private.setting('ip_block_after')::integer, 50);
  v_window integer := coalesce(private.setting('ip_block_window_seconds')::integer, 600);
  v_seconds integer := coalesce(private.setting('ip_block_seconds')::integer, 3600);
  v_row record;
  v_taken jsonb;
begin
  if jsonb_typeof(p_refusals) is distinct from 'array' or jsonb_array_length(p_refusals) > 1000 then
    perform private.fail('invalid_request', 'Give at most 1,000 refusals', 400);
  end if;
  insert into private.security_events (kind, organization_id, user_id, key_id, ip, agent, request_id, occurrences, details)
  select r.kind, r.organization_id, r.user_id, r.key_id,
    case when pg_input_is_valid(r.ip, 'inet') then host(r.ip::inet)::inet end,
    left(r.agent, 400), left(r.request_id, 100), greatest(r.occurrences, 1), coalesce(r.details, '{}')
  from jsonb_to_recordset(p_refusals) as r (
    kind text, organization_id uuid, user_id uuid, key_id uuid, ip text, agent text, request_id text, occurrences integer,
    details jsonb
  )
  where r.kind in ('credential.refused', 'permission.denied', 'id.probed', 'mfa.required', 'signature.refused', 'address.refused');

  -- In the order of the buckets: two calls at once never wait for each other.
  for v_row in
    select private.ip_network(r.ip::inet) as network, sum(greatest(r.occurrences, 1))::integer as refused
    from jsonb_to_recordset(p_refusals) as r (kind text, ip text, occurrences integer, counts boolean)
    where r.counts and r.kind = 'credential.refused' and pg_input_is_valid(r.ip, 'inet')
    group by 1 order by private.ip_bucket(private.ip_network(r.ip::inet)) collate "C"
  loop
    continue when v_after = 0 or private.ip_is_ours(v_row.network);
    v_taken := private.take_many_tokens(
      'refused:' || private.ip_bucket(v_row.network), v_after, v_window, v_after, v_row.refused
    );
    if coalesce(v_taken -> 'refused', 'null') <> 'null' or not (v_taken #>> '{rate,allowed}')::boolean then
      perform private.block_ip(v_row.network, format('%s refused credentials in %s seconds', v_after, v_window),
        v_now + make_interval(secs => v_seconds), 'system', true);
    end if;
  end loop;

  -- What the caller of this may refuse by itself from now on.
  return (
    select coalesce(jsonb_agg(jsonb_build_object('ip', i.ip, 'until', case when i.until < 'infinity' then i.until end)), '[]')
    from (
      select d.ip, private.ip_block_until(d.ip::inet) as until
      from (
        select distinct r.ip from jsonb_to_recordset(p_refusals) as r (ip text) where pg_input_is_valid(r.ip, 'inet')
      ) d
    ) i
    where i.until is not null
  );
end;
$function$;

create or replace function engine.schema_version()
  returns jsonb
  language sql
  immutable
  set search_path to ''
  AS $function$
  select '{"version": "20261121114643", "serves_from": "20261121090449"}'::jsonb;
$function$;

create or replace function engine.set_blocking_settings (
  p_settings jsonb
)
  returns jsonb
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_before jsonb := engine.blocking_settings();
begin
  if exists (
    select 1 from jsonb_array_elements_text(coalesce(p_settings -> 'ip_never_block', '[]')) t (network)
    where not pg_input_is_valid(t.network, 'inet')
  ) then
    perform private.fail('invalid_request', 'Each of ip_never_block must be an address or a network in CIDR form', 400);
  end if;
  insert into private.settings as s (name, value)
  select e.name, e.value
  from (values
    ('ip_block_after', p_settings ->> 'ip_block_after'),
    ('ip_block_window_seconds', p_settings ->> 'ip_block_window_seconds'),
    ('ip_block_seconds', p_settings ->> 'ip_block_seconds'),
    ('ip_never_block', (
      select coalesce(string_agg(t.network, ','), '') from jsonb_array_elements_text(p_settings -> 'ip_never_block') t (network)
    ))
  ) e (name, value)
  where e.value is not null and p_settings ? e.name
  on conflict (name) do update set value = excluded.value, updated_at = private.now();
  perform private.audit(null, 'blocking_settings.updated', 'settings', 'blocking', v_before, engine.blocking_settings());
  return engine.blocking_settings();
end;
$function$;

create or replace function private.activity_thing (
  p_organization_id uuid,
  p_kind            text,
  p_id              text
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_id uuid := case when pg_input_is_valid(p_id, 'uuid') then p_id::uuid end;
  v_name text;
begin
  case p_kind
    when 'flow' then
      return (
        select jsonb_build_object('name', t.name, 'is_there', t.deleted_at is null) from public.flows t
        where t.id = v_id and t.organization_id = p_organization_id
      );
    when 'workspace' then
      select t.name into v_name from public.workspaces t where t.id = v_id and t.organization_id = p_organization_id;
    when 'organization' then
      select t.name into v_name from public.organizations t where t.id = v_id and t.id = p_organization_id;
    when 'schedule' then
      select t.name into v_name from public.schedules t where t.id = v_id and t.organization_id = p_organization_id;
    when 'webhook_endpoint' then
      select t.name into v_name from public.webhook_endpoints t where t.id = v_id and t.organization_id = p_organization_id;
    when 'entity' then
      select t.name into v_name from public.entities t where t.id = v_id and t.organization_id = p_organization_id and t.deleted_at is null;
    when 'key' then
      select t.name into v_name from public.api_keys t where t.id = v_id and t.organization_id = p_organization_id;
    when 'secret' then
      select t.name into v_name from public.secrets t where t.id = v_id and t.organization_id = p_organization_id;
    when 'member' then
      -- Also who has left: the row of the log tells that they were here.
      select coalesce(t.display_name, t.email, '') into v_name from public.profiles t where t.id = v_id;
      return jsonb_build_object('name', nullif(v_name, ''), 'is_there', exists (
        select 1 from public.organization_members m where m.organization_id = p_organization_id and m.user_id = v_id
      ));
    when 'run' then
      return jsonb_build_object('name', null, 'is_there', exists (
        select 1 from public.runs t where t.id = v_id and t.organization_id = p_organization_id
      ));
    when 'bulk_operation' then
      return jsonb_build_object('name', null, 'is_there', exists (
        select 1 from public.bulk_operations t where t.id = v_id and t.organization_id = p_organization_id
      ));
    when 'invitation' then
      return jsonb_build_object('name', null, 'is_there', exists (
        select 1 from public.invitations t where t.id = v_id and t.organization_id = p_organization_id
      ));
    else null;
  end case;
  return jsonb_build_object('name', v_name, 'is_there', v_name is not null);
end;
$function$;

create or replace function private.audit (
  p_organization_id uuid,
  p_action          text,
  p_target_type     text,
  p_target_id       text,
  p_before          jsonb default null::jsonb,
  p_after           jsonb default null::jsonb,
  p_details         jsonb default null::jsonb
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
-- This runs inside of every change. Each expression and statement of PL/pgSQL costs its own start in every transaction, and so
-- do functions that are called: hence as few of them as can be.
declare
  v_claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
  v_headers jsonb;
  v_actor text := 'system';
begin
  if v_claims is not null then
    v_headers := nullif(current_setting('request.headers', true), '')::jsonb;
    v_actor := case
      when v_claims ->> 'role' = 'service_role' then 'service'
      when v_claims #>> '{millrace,key}' is not null then 'key'
      when pg_input_is_valid(v_claims ->> 'sub', 'uuid') then 'user'
      else 'anonymous'
    end;
  end if;

  insert into public.audit_events (
    organization_id, actor, user_id, key_id, auth, via, ip, agent, request_id, action, target_type, target_id, before, after, details
  )
  values (
    coalesce(p_organization_id, private.platform_id()), v_actor,
    case v_actor when 'user' then (v_claims ->> 'sub')::uuid when 'key' then private.caller_user_id() end,
    case v_actor when 'key' then private.caller_key_id() end,
    case v_actor when 'user' then 'jwt' when 'key' then 'key' when 'service' then 'secret_key' when 'system' then 'sql' else 'none' end,
    case
      when v_actor = 'system' then 'sql'
      -- x-millrace-proof is HMAC-SHA-256 (RFC 2104), in hex, over three headers (shared/audit/request_proof.ts). The setting holds
      -- the two padded keys, 64 bytes each: inner, then outer. Without it nothing is proven.
      when (
        select v_headers ->> 'x-millrace-proof' = encode(sha256(
          decode(right(s.value, 128), 'hex') || sha256(decode(left(s.value, 128), 'hex') || convert_to(
            coalesce(v_headers ->> 'x-request-id', '') || E'\n' || coalesce(v_headers ->> 'x-millrace-ip', '') || E'\n'
              || coalesce(v_headers ->> 'x-millrace-agent', ''), 'UTF8'
          ))
        ), 'hex')
        from private.settings s where s.name = 'request_proof_key' and v_headers ? 'x-millrace-proof'
      ) then 'function'
      else 'data_api'
    end,
    case when pg_input_is_valid(v_headers ->> 'x-millrace-ip', 'inet') then host((v_headers ->> 'x-millrace-ip')::inet) end,
    case v_actor when 'system' then concat_ws(' ', session_user, nullif(current_setting('application_name'), ''))
      else left(v_headers ->> 'x-millrace-agent', 400) end,
    left(v_headers ->> 'x-request-id', 100),
    p_action, p_target_type, left(p_target_id, 400),
    case when octet_length(p_before::text) > 4096 then private.audit_value(p_before) else p_before::text::json end,
    case when octet_length(p_after::text) > 4096 then private.audit_value(p_after) else p_after::text::json end,
    case when octet_length(p_details::text) > 4096 then private.audit_value(p_details) else p_details::text::json end
  );
end;
$function$;

create or replace function private.audit_where (
  p_filter    jsonb,
  p_after     uuid,
  p_ascending boolean
)
  returns text
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_ip text := p_filter ->> 'ip';
  v_where text := '';
begin
  if v_ip is not null then
    if not pg_input_is_valid(v_ip, 'inet') then
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
$function$;

create or replace function private.client_ip()
  returns inet
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_text text := private.request_header('x-millrace-ip');
begin
  return case when pg_input_is_valid(v_text, 'inet') then host(v_text::inet)::inet end;
end;
$function$;

create or replace function private.ip_is_ours (
  p_network inet
)
  returns boolean
  language plpgsql
  stable
  security definer
  set search_path to ''
  AS $function$
declare
  v_ours inet[] := array[
    '127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', '100.64.0.0/10', '0.0.0.0/8',
    '::1/128', 'fc00::/7', 'fe80::/10', '::ffff:0:0/96'
  ]::inet[];
begin
  select v_ours || coalesce(array_agg(t.text::inet), '{}') into v_ours
  from regexp_split_to_table(coalesce(private.setting('ip_never_block'), ''), '[\s,]+') as t (text)
  where pg_input_is_valid(t.text, 'inet');
  return exists (select 1 from unnest(v_ours) as o (network) where o.network && p_network);
end;
$function$;

create or replace function private.is_own_table (
  p_table regclass
)
  returns boolean
  language sql
  stable
  set search_path to ''
  AS $function$
  select exists (
    select 1
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.oid = p_table
      and (
        n.nspname in ('engine', 'private', 'pg_catalog', 'information_schema', 'cron', 'net', 'realtime', 'vault')
        or n.nspname like 'pg\_%'
        or n.nspname = 'public' and (
          c.relname = any ('{
            analytics_daily,api_keys,audit_events,bulk_operations,entities,entity_moves,flow_edge_stats,flow_version_runs,
            flow_versions,flows,invitations,job_history,job_queue,mails,organization_members,organizations,plans,profiles,
            run_archives,run_stats_daily,run_steps,runs,schedule_firings,schedules,secrets,usage_hourly,webhook_attempts,
            webhook_deliveries,webhook_endpoints,webhook_events,webhook_messages,webhook_subscriptions,workspaces
          }'::text[])
          -- Weeks of a table of ours.
          or c.relispartition and c.relname ~ '^(runs|run_steps|job_history|audit_events)_(default|\d{4}w\d{2})$'
        )
      )
  );
$function$;

create or replace function private.limit_struck (
  p_key           text,
  p_strikes       integer,
  p_blocked_until timestamp with time zone
)
  returns void
  language plpgsql
  security definer
  set search_path to ''
  AS $function$
declare
  v_kind text := split_part(p_key, ':', 1);
  v_id uuid := case when pg_input_is_valid(split_part(p_key, ':', 2), 'uuid') then split_part(p_key, ':', 2)::uuid end;
  v_organization_id uuid;
  v_details jsonb := jsonb_build_object('bucket', p_key, 'strikes', p_strikes, 'blocked_until', p_blocked_until);
begin
  if v_kind = 'key' then
    select k.organization_id into v_organization_id from public.api_keys k where k.id = v_id;
  end if;
  perform private.security_event('limit.blocked', v_organization_id, v_details, case when v_kind = 'user' then v_id end,
    case when v_kind = 'key' then v_id end);
  if v_organization_id is null then
    return;
  end if;
  -- The ninth block in a row lasts an hour. Whoever hammers through that has nobody who looks after it.
  if p_strikes >= 10 then
    update public.api_keys k set expires_at = private.now()
    where k.id = v_id and k.revoked_at is null and (k.expires_at is null or k.expires_at > private.now());
    if found then
      perform private.security_event('key.suspended', v_organization_id, v_details, null, v_id);
    end if;
  end if;
end;
$function$;

create or replace function private.limit_subject_id (
  p_subject_kind text,
  p_subject_id   text
)
  returns text
  language plpgsql
  immutable
  set search_path to ''
  AS $function$
begin
  if p_subject_kind in ('ip', 'refused') and pg_input_is_valid(p_subject_id, 'inet') then
    return private.ip_bucket(p_subject_id::inet);
  end if;
  return p_subject_id;
end;
$function$;

create or replace function private.put_webhook_secret (
  p_endpoint_id uuid,
  p_secret      text,
  p_sealed      jsonb
)
  returns uuid
  language plpgsql
  set search_path to ''
  AS $function$
declare
  v_id uuid;
begin
  if p_sealed is null then
    insert into private.webhook_secrets (endpoint_id, secret) values (p_endpoint_id, p_secret) returning id into v_id;
    return v_id;
  end if;
  if jsonb_typeof(p_sealed) <> 'object' or not pg_input_is_valid(coalesce(p_sealed ->> 'id', ''), 'uuid')
    or length(coalesce(p_sealed ->> 'last_four', '')) <> 4
  then
    perform private.fail('invalid_request', 'The secret is not encrypted as it must be', 400);
  end if;
  insert into private.webhook_secrets (id, endpoint_id, envelope, key_id, last_four)
  values (
    (p_sealed ->> 'id')::uuid, p_endpoint_id, private.read_envelope(p_sealed ->> 'envelope', p_sealed ->> 'key_id'),
    p_sealed ->> 'key_id', p_sealed ->> 'last_four'
  )
  on conflict do nothing
  returning id into v_id;
  if v_id is null then
    perform private.fail('conflict', 'There is a secret of this id already', 409);
  end if;
  return v_id;
end;
$function$;

create or replace function private.request_headers()
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_text text := nullif(current_setting('request.headers', true), '');
begin
  return case when pg_input_is_valid(v_text, 'jsonb') then v_text::jsonb end;
end;
$function$;

create or replace function private.security_events_page (
  p_organization_id uuid,
  p_filter          jsonb,
  p_limit           integer,
  p_before          uuid,
  p_after           uuid,
  p_ascending       boolean
)
  returns jsonb
  language plpgsql
  stable
  set search_path to ''
  AS $function$
declare
  v_where text;
  v_page jsonb;
begin
  if p_filter ? 'ip' and not pg_input_is_valid(p_filter ->> 'ip', 'inet') then
    perform private.fail('invalid_request', 'The filter ip must be an address or a network in CIDR form', 400);
  end if;
  -- The statement says only what is asked for: the plan goes along the ids and stops at the end of the page.
  select coalesce(string_agg(' and ' || c.condition, ''), '') into v_where
  from (values
    (p_organization_id is not null, 'o.organization_id = $1'),
    (p_before is not null, 'o.id < $4'),
    (p_after is not null, 'o.id > $5'),
    (p_filter ? 'kind', 'o.kind = $2 ->> ''kind'''),
    (p_filter ? 'user_id', 'o.user_id = ($2 ->> ''user_id'')::uuid'),
    (p_filter ? 'key_id', 'o.key_id = ($2 ->> ''key_id'')::uuid'),
    (p_filter ? 'ip', 'o.ip <<= ($2 ->> ''ip'')::inet'),
    (p_filter ? 'after', 'o.at >= ($2 ->> ''after'')::timestamptz'),
    (p_filter ? 'before', 'o.at < ($2 ->> ''before'')::timestamptz')
  ) as c (is_asked, condition)
  where c.is_asked;
  execute format(
    'select coalesce(jsonb_agg(to_jsonb(e) || jsonb_build_object(''ip'', host(e.ip)) order by e.id %1$s), ''[]'')
     from (select * from private.security_events o where true %2$s order by o.id %1$s limit $3) e',
    case when p_ascending then 'asc' else 'desc' end, v_where
  ) into v_page using p_organization_id, p_filter, least(greatest(p_limit, 1), 101), p_before, p_after;
  return v_page;
end;
$function$;

reset check_function_bodies;
