create table private.secret_notices (
  secret_id uuid not null references public.secrets (id) on delete cascade,
  kind text not null check (kind in ('expiry', 'rotation')),
  due_at timestamptz not null,
  days_before integer not null check (days_before >= 0),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  created_at timestamptz not null default private.now(),
  primary key (secret_id, kind, due_at, days_before)
);
create index secret_notices_organization_id_idx on private.secret_notices (organization_id);
alter table private.secret_notices enable row level security;
revoke all on table private.secret_notices from public, anon, authenticated, service_role;

comment on table private.secret_notices is 'Which warnings were sent, so that each is sent once. Another date of expiry, or a new value, begins anew.';
comment on column private.secret_notices.secret_id is 'The secret.';
comment on column private.secret_notices.kind is 'expiry, or rotation = the reminder to set a new value.';
comment on column private.secret_notices.due_at is 'The date that was warned of.';
comment on column private.secret_notices.days_before is 'Which warning: 14, 3, 1, or 0 = it has come.';
comment on column private.secret_notices.organization_id is 'The tenant.';
comment on column private.secret_notices.created_at is 'When the mail was queued.';
