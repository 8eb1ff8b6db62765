create table public.audit_events (
  id uuid not null default private.uuid_v7(),
  organization_id uuid not null,
  occurred_at timestamptz not null default private.now(),
  actor text not null,
  user_id uuid,
  key_id uuid,
  auth text not null,
  via text not null,
  ip text,
  agent text,
  request_id text,
  action text not null check (action ~ '^[a-z][a-z0-9_]{0,39}\.[a-z][a-z0-9_]{0,39}$'),
  target_type text not null,
  target_id text,
  before json,
  after json,
  details json,
  tx xid8 not null default pg_current_xact_id(),
  -- Every change pays for each index and check of this table: two indexes, and one check. What actor, auth and via may be is
  -- decided by private.audit, which alone writes them.
  primary key (organization_id, id)
) partition by range (id);
-- For the sealer: what is not sealed yet is what the newest transactions wrote.
create index audit_events_tx_idx on public.audit_events (tx);

-- Whatever no partition was made for lands here, so that an insert can not fail for want of one.
create table public.audit_events_default partition of public.audit_events default;

create function private.refuse_audit_change() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  -- Retention deletes rows whose seals it keeps, and says so for its own transaction.
  if tg_op = 'DELETE' and current_setting('millrace.audit_retention', true) = 'on' then
    return old;
  end if;
  perform private.fail('conflict', 'The audit log is append-only', 409);
  return null;
end;
$$;

revoke all on function private.refuse_audit_change() from public, anon, authenticated, service_role;
comment on function private.refuse_audit_change() is
  'Trigger: keeps the audit log append-only. Only private.drop_audit_batches, the way of retention, deletes rows.';

create trigger append_only before update or delete on public.audit_events
  for each row execute function private.refuse_audit_change();
create trigger no_truncate before truncate on public.audit_events
  for each statement execute function private.refuse_audit_change();
create trigger no_truncate before truncate on public.audit_events_default
  for each statement execute function private.refuse_audit_change();
alter table public.audit_events enable always trigger append_only;
alter table public.audit_events enable always trigger no_truncate;
alter table public.audit_events_default enable always trigger append_only;
alter table public.audit_events_default enable always trigger no_truncate;

alter table public.audit_events enable row level security;
alter table public.audit_events_default enable row level security;
revoke all on table public.audit_events, public.audit_events_default from public, anon, authenticated, service_role;
grant select on table public.audit_events to authenticated, service_role;

create policy auditors_see_audit_events on public.audit_events for select to authenticated
  using (organization_id = any ((select private.organizations_with('audit:read'))::uuid[]));

comment on table public.audit_events is
  'The audit log: who did what, when, from where. Append-only; partitioned by id, which is ordered by time; sealed by private.seal_audit, see docs/audit.md.';
comment on table public.audit_events_default is 'Audit rows for whose week there is no partition.';
comment on column public.audit_events.id is 'UUIDv7 of when it happened.';
comment on column public.audit_events.organization_id is 'The tenant, which may be gone; private.platform_id() = of the platform itself.';
comment on column public.audit_events.occurred_at is 'When it happened.';
comment on column public.audit_events.actor is 'user = a person; key = an API key; service = the project''s secret key: an operator or our own functions; system = SQL without a request: the clock, a migration, a person with psql; anonymous = nobody signed in.';
comment on column public.audit_events.user_id is 'The person; for a key who made it; null = there is none.';
comment on column public.audit_events.key_id is 'The API key; null = it was none.';
comment on column public.audit_events.auth is 'By what: jwt = an access token of Auth, key = an API key, secret_key, sql = a database connection, none.';
comment on column public.audit_events.via is 'function = our own functions, which prove ip, agent and request_id; data_api = nothing proves them, the caller may have made them up; sql = there was no request.';
comment on column public.audit_events.ip is 'Address of the caller; null = unknown.';
comment on column public.audit_events.agent is 'User agent of the caller, at most 400 characters; for sql the database user and the program.';
comment on column public.audit_events.request_id is 'The request; null = there was none.';
comment on column public.audit_events.action is 'thing.verb in the past tense: flow.updated, auth.refused.';
comment on column public.audit_events.target_type is 'The kind of thing it was done to: flow, member, secret.';
comment on column public.audit_events.target_id is 'Which one; null = none in particular.';
comment on column public.audit_events.before is 'What the changed columns held before; null = it did not exist, or nothing changed. Kept letter by letter, as the seal is over the text.';
comment on column public.audit_events.after is 'What they hold now; null = it does not exist any more, or nothing changed.';
comment on column public.audit_events.details is 'What else there is to say; null = nothing.';
comment on column public.audit_events.tx is 'The transaction that wrote it: how the sealer finds what became visible late. Not part of the seal.';
