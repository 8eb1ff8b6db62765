create table private.mail_pace (
  provider text primary key check (provider in ('resend', 'smtp')),
  next_at timestamptz not null default '-infinity',
  last_tenant_id uuid not null default '00000000-0000-0000-0000-000000000000'
) with (fillfactor = 50);
alter table private.mail_pace enable row level security;
revoke all on table private.mail_pace from public, anon, authenticated, service_role;

comment on table private.mail_pace is 'How fast providers of mail are asked, by all senders together. Not unlogged: after a crash the pace goes on.';
comment on column private.mail_pace.provider is 'resend or smtp.';
comment on column private.mail_pace.next_at is 'When it may be asked next; -infinity = it never was.';
comment on column private.mail_pace.last_tenant_id is 'Whose mails were taken last: the next in the order of ids goes first.';
