create table private.digests (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  day date not null,
  job_id uuid not null,
  queued_at timestamptz not null default private.now(),
  primary key (organization_id, day)
);
alter table private.digests enable row level security;
revoke all on table private.digests from public, anon, authenticated, service_role;

comment on table private.digests is 'Daily digests that were queued: one for an organization and day, however often the task runs. Kept for 90 days.';
comment on column private.digests.organization_id is 'The tenant.';
comment on column private.digests.day is 'The day, UTC, that the digest is about.';
comment on column private.digests.job_id is 'The job digest.mail that sends it.';
comment on column private.digests.queued_at is 'When it was queued.';

create table private.digest_opt_outs (
  organization_id uuid primary key references public.organizations (id) on delete cascade,
  user_id uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default private.now()
);
create index digest_opt_outs_user_id_idx on private.digest_opt_outs (user_id);
alter table private.digest_opt_outs enable row level security;
revoke all on table private.digest_opt_outs from public, anon, authenticated, service_role;

comment on table private.digest_opt_outs is 'Organizations that want no daily digest.';
comment on column private.digest_opt_outs.organization_id is 'The tenant.';
comment on column private.digest_opt_outs.user_id is 'Who said so; null = the account is gone.';
comment on column private.digest_opt_outs.created_at is 'When.';
