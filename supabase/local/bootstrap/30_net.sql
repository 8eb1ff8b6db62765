-- Stand-in for the extension pg_net: same tables, same signatures, same wide grants (every API role can call it and
-- read its tables, as on a hosted project). `net_dispatcher.ts` sends what is queued after the commit.
-- https://supabase.github.io/pg_net/
create schema if not exists net;
comment on schema net is 'Stand-in for pg_net, driven by the local stack of Millrace';

create sequence if not exists net.http_request_queue_id_seq;
create unlogged table if not exists net.http_request_queue (
  id                   bigint not null default nextval('net.http_request_queue_id_seq'),
  method               text not null,
  url                  text not null,
  headers              jsonb,
  body                 bytea,
  timeout_milliseconds integer not null
);

create unlogged table if not exists net._http_response (
  id           bigint,
  status_code  integer,
  content_type text,
  headers      jsonb,
  content      text,
  timed_out    boolean,
  error_msg    text,
  created      timestamptz not null default now()
);
create index if not exists _http_response_created_idx on net._http_response (created);

-- Percent-encodes everything outside RFC 3986's unreserved characters.
create or replace function net._urlencode_string(string text) returns text language sql immutable as $$
  select coalesce(string_agg(
    case
      when byte between 48 and 57 or byte between 65 and 90 or byte between 97 and 122 or byte in (45, 46, 95, 126)
        then chr(byte)
      else '%' || upper(lpad(to_hex(byte), 2, '0'))
    end, '' order by position), '')
  from (
    select get_byte(bytes, position) as byte, position
    from (select convert_to(string, 'UTF8') as bytes) as encoded,
      generate_series(0, octet_length(bytes) - 1) as position
  ) as parts
$$;

create or replace function net._enqueue(
  p_method text, p_url text, p_params jsonb, p_headers jsonb, p_body bytea, p_timeout_milliseconds integer
) returns bigint language plpgsql as $$
declare
  v_query text;
  v_id    bigint;
begin
  select string_agg(net._urlencode_string(key) || '=' || net._urlencode_string(value), '&')
  into v_query
  from jsonb_each_text(coalesce(p_params, '{}'));

  insert into net.http_request_queue (method, url, headers, body, timeout_milliseconds)
  values (
    p_method,
    p_url || coalesce(case when position('?' in p_url) > 0 then '&' else '?' end || v_query, ''),
    p_headers, p_body, p_timeout_milliseconds
  )
  returning id into v_id;
  -- Delivered at commit only, as the real worker sees the row.
  perform pg_notify('net_request', '');
  return v_id;
end
$$;

create or replace function net.http_get(
  url text, params jsonb default '{}', headers jsonb default '{}', timeout_milliseconds integer default 5000
) returns bigint language sql security definer set search_path = '' as $$
  select net._enqueue('GET', url, params, headers, null, timeout_milliseconds)
$$;

create or replace function net.http_post(
  url text, body jsonb default '{}', params jsonb default '{}',
  headers jsonb default '{"Content-Type": "application/json"}', timeout_milliseconds integer default 5000
) returns bigint language plpgsql security definer set search_path = '' as $$
declare
  v_content_type text;
begin
  select value into v_content_type from jsonb_each_text(http_post.headers) where lower(key) = 'content-type';
  if v_content_type is null then
    http_post.headers := coalesce(http_post.headers, '{}') || '{"Content-Type": "application/json"}';
  elsif split_part(v_content_type, ';', 1) <> 'application/json' then
    raise exception 'Content-Type header must be "application/json"';
  end if;
  return net._enqueue('POST', url, params, headers, convert_to(body::text, 'UTF8'), timeout_milliseconds);
end
$$;

create or replace function net.http_delete(
  url text, params jsonb default '{}', headers jsonb default '{}', timeout_milliseconds integer default 5000,
  body jsonb default null
) returns bigint language sql security definer set search_path = '' as $$
  select net._enqueue('DELETE', url, params, headers, convert_to(body::text, 'UTF8'), timeout_milliseconds)
$$;

grant usage on schema net to anon, authenticated, service_role;
grant all on all tables in schema net to anon, authenticated, service_role;
grant all on all sequences in schema net to anon, authenticated, service_role;
