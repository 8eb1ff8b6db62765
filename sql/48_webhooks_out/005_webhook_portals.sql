create table private.webhook_portals (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  secret_hash bytea not null unique check (octet_length(secret_hash) = 32),
  application text not null check (application ~ '^[A-Za-z0-9._:-]{1,100}$'),
  event_types text[] not null check (cardinality(event_types) >= 1 and cardinality(event_types) <= 64),
  flow_ids uuid[] check (cardinality(flow_ids) >= 1 and cardinality(flow_ids) <= 100),
  resource_ids text[] check (cardinality(resource_ids) >= 1 and cardinality(resource_ids) <= 100),
  can_write boolean not null,
  max_subscriptions smallint not null check (max_subscriptions >= 1 and max_subscriptions <= 100),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  created_by uuid references public.profiles (id) on delete set null,
  created_by_key uuid references public.api_keys (id) on delete cascade,
  created_at timestamptz not null default private.now()
);
create index webhook_portals_organization_id_idx on private.webhook_portals (organization_id);
create index webhook_portals_created_by_idx on private.webhook_portals (created_by);
create index webhook_portals_created_by_key_idx on private.webhook_portals (created_by_key);
create index webhook_portals_expires_at_idx on private.webhook_portals (expires_at);
alter table private.webhook_portals enable row level security;
revoke all on table private.webhook_portals from public, anon, authenticated, service_role;

comment on table private.webhook_portals is
  'Portal tokens: what lets a customer of a tenant manage the webhook subscriptions of one application, for an hour at most. Forgotten a day after their end.';
comment on column private.webhook_portals.id is 'UUIDv7. The subject of the tokens that requests with it act by.';
comment on column private.webhook_portals.organization_id is 'The tenant.';
comment on column private.webhook_portals.secret_hash is 'SHA-256 of the token.';
comment on column private.webhook_portals.application is 'Whose subscriptions it sees: those with this application, and no others.';
comment on column private.webhook_portals.event_types is 'What its subscriptions may be told of. Never *: types to come are not its.';
comment on column private.webhook_portals.flow_ids is 'Its subscriptions are told of these flows only; null = of all.';
comment on column private.webhook_portals.resource_ids is 'Its subscriptions are told of these things only; null = of all.';
comment on column private.webhook_portals.can_write is 'False = it may look and change nothing.';
comment on column private.webhook_portals.max_subscriptions is 'It makes no further subscription when the application has so many.';
comment on column private.webhook_portals.expires_at is 'From when it opens nothing.';
comment on column private.webhook_portals.revoked_at is 'Null = in force; set = revoked, for good.';
comment on column private.webhook_portals.created_by is 'The person who made it, or who made the key that did; null = the account is gone.';
comment on column private.webhook_portals.created_by_key is 'The API key that made it, with which it ends; null = a person did.';
comment on column private.webhook_portals.created_at is 'Made.';

create function private.caller_portal() returns private.webhook_portals
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_id uuid := (nullif(current_setting('request.jwt.claims', true), '')::jsonb #>> '{millrace,portal}')::uuid;
  v_portal private.webhook_portals;
begin
  if v_id is not null then
    -- Its own row decides, not what the caller's token was minted with.
    select w.* into v_portal
    from private.webhook_portals w
    join public.organizations o on o.id = w.organization_id and o.suspended_at is null
    left join public.api_keys k on k.id = w.created_by_key
    where w.id = v_id and w.revoked_at is null and w.expires_at > private.now()
      and k.revoked_at is null and (k.expires_at is null or k.expires_at > private.now());
  end if;
  return v_portal;
end;
$$;

revoke all on function private.caller_portal() from public, anon, authenticated, service_role;
comment on function private.caller_portal() is 'The portal token by which the caller acts, while it holds; its id is null for everybody else.';

create function private.portal_organization() returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (private.caller_portal()).organization_id;
end;
$$;

revoke all on function private.portal_organization() from public, anon, authenticated, service_role;
grant execute on function private.portal_organization() to authenticated;
comment on function private.portal_organization() is 'The organization of the portal token by which the caller acts, for policies; null for everybody else.';

create function private.portal_application() returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (private.caller_portal()).application;
end;
$$;

revoke all on function private.portal_application() from public, anon, authenticated, service_role;
grant execute on function private.portal_application() to authenticated;
comment on function private.portal_application() is 'The application of the portal token by which the caller acts, for policies; null for everybody else.';

create function private.require_webhooks(p_organization_id uuid, p_application text, p_permission text, p_what text) returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_portal private.webhook_portals := private.caller_portal();
begin
  if v_portal.id is null then
    perform private.require_permission(p_organization_id, p_permission, p_what);
    return;
  end if;
  -- A portal learns nothing of other applications: the same answer as for a thing that does not exist.
  if (p_organization_id, p_application) is distinct from (v_portal.organization_id, v_portal.application) then
    perform private.fail('not_found', format('No such %s', p_what), 404);
  end if;
  if p_permission not like '%:read' then
    if not v_portal.can_write then
      perform private.fail('forbidden', 'The portal token may look and change nothing', 403);
    end if;
    if exists (select from public.organizations o where o.id = p_organization_id and o.deletes_at is not null) then
      perform private.fail('forbidden', 'This organization is to be deleted: until then it can only be read', 403);
    end if;
  end if;
end;
$$;

revoke all on function private.require_webhooks(uuid, text, text, text) from public, anon, authenticated, service_role;
comment on function private.require_webhooks(uuid, text, text, text) is
  'What private.require_permission is for members and API keys, for what belongs to a webhook subscription: a portal token passes for its own application, to write only where it may.';
