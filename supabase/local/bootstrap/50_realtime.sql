-- Stand-in for the schema of Supabase Realtime: same table, same functions, same wide grants (row level security
-- decides). `realtime.ts` delivers what is inserted. https://supabase.com/docs/guides/realtime/broadcast
create schema if not exists realtime;
comment on schema realtime is 'Stand-in for Supabase Realtime, driven by the local stack of Millrace';

create table if not exists realtime.messages (
  topic          text not null,
  extension      text not null,
  payload        jsonb,
  event          text,
  private        boolean default false,
  updated_at     timestamp not null default now(),
  inserted_at    timestamp not null default now(),
  id             uuid not null default gen_random_uuid() primary key,
  broadcasted_at timestamp,
  -- Not in the real one, which follows the write-ahead log: the order within a transaction.
  place          bigint generated always as identity
);
create index if not exists messages_undelivered_idx on realtime.messages (place) where broadcasted_at is null;
create index if not exists messages_inserted_at_idx on realtime.messages (inserted_at);
alter table realtime.messages enable row level security;

create or replace function realtime.topic() returns text language sql stable as $$
  select nullif(current_setting('realtime.topic', true), '')::text
$$;

create or replace function realtime._announce() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  -- Delivered at commit only: the probes of an authorization, which are rolled back, announce nothing.
  perform pg_notify('realtime_messages', '');
  return null;
end
$$;
create or replace trigger announce after insert on realtime.messages
  for each statement execute function realtime._announce();

create or replace function realtime.send(payload jsonb, event text, topic text, private boolean default true)
returns void language plpgsql as $$
declare
  v_id uuid := gen_random_uuid();
begin
  begin
    perform set_config('realtime.topic', send.topic, true);
    insert into realtime.messages (id, payload, event, topic, private, extension)
    values (
      v_id, case when send.payload ? 'id' then send.payload else send.payload || jsonb_build_object('id', v_id) end,
      send.event, send.topic, send.private, 'broadcast'
    );
  exception when others then
    raise warning 'ErrorSendingBroadcastMessage: %', sqlerrm;
  end;
end
$$;

-- Its owner, of which the role `postgres` of a project is a member (or may make policies by another way).
do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'supabase_realtime_admin') then
    create role supabase_realtime_admin nologin noinherit;
  end if;
end
$$;
alter table realtime.messages owner to supabase_realtime_admin;

grant usage on schema realtime to anon, authenticated, service_role, supabase_realtime_admin;
grant select, insert, update on realtime.messages to anon, authenticated, service_role;
revoke execute on function realtime._announce() from public;
