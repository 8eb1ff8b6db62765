create table private.security_events (
  id uuid primary key default private.uuid_v7(),
  kind text not null check (kind ~ '^[a-z]+\.[a-z_]+$'),
  organization_id uuid,
  user_id uuid,
  key_id uuid,
  ip inet,
  agent text check (length(agent) <= 400),
  request_id text check (length(request_id) <= 100),
  occurrences integer not null default 1 check (occurrences > 0),
  details jsonb not null default '{}',
  at timestamptz not null default private.now()
);
create index security_events_organization_id_idx on private.security_events (organization_id, id) where organization_id is not null;
create index security_events_at_idx on private.security_events (at);
alter table private.security_events enable row level security;
revoke all on table private.security_events from public, anon, authenticated, service_role;

comment on table private.security_events is
  'What may be an attack, or its beginning. Organizations read their own by public.list_security_events, operators all by engine.list_security_events. Kept for 90 days.';
comment on column private.security_events.id is 'UUIDv7.';
comment on column private.security_events.kind is
  'credential.refused, permission.denied, id.probed, mfa.required, signature.refused, address.refused, limit.blocked, key.suspended, ip.blocked or ip.unblocked; see docs/security.md.';
comment on column private.security_events.organization_id is 'The organization that it is about; null = not known, for operators only. No reference: an event outlives what it is about.';
comment on column private.security_events.user_id is 'The person who asked; null = nobody that is known.';
comment on column private.security_events.key_id is 'The API key that asked; null = none that is known.';
comment on column private.security_events.ip is 'The address of the client; null = not known.';
comment on column private.security_events.agent is 'The client''s User-Agent.';
comment on column private.security_events.request_id is 'The request, or the first of them.';
comment on column private.security_events.occurrences is 'How many alike are told by this row: functions gather them for a moment.';
comment on column private.security_events.details is 'What else is known. Never a credential.';
comment on column private.security_events.at is 'When it happened, or was told.';
