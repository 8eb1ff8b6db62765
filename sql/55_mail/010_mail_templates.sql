create table private.mail_templates (
  name text primary key check (name ~ '^[a-z]+(_[a-z]+)*$'),
  category text not null check (category in ('transactional', 'alerts', 'digests', 'product')),
  priority smallint not null check (priority in (10, 50, 100, 200)),
  expires_after interval,
  is_sensitive boolean not null default false,
  is_branded boolean not null default false
);
alter table private.mail_templates enable row level security;
revoke all on table private.mail_templates from public, anon, authenticated, service_role;

comment on table private.mail_templates is 'Mails that the platform can send. What they look like and what they need is in shared/mail/templates.';
comment on column private.mail_templates.name is 'What private.send_mail calls it.';
comment on column private.mail_templates.category is 'What people may switch off: alerts, digests, product; transactional cannot be.';
comment on column private.mail_templates.priority is '10 = somebody waits for it, 50 = about a step somebody took, 100 = a notice, 200 = a digest. The lower goes first.';
comment on column private.mail_templates.expires_after is 'Not sent when so much later than it was to be; null = a week.';
comment on column private.mail_templates.is_sensitive is 'Its data opens something (a link, a code): it is forgotten as soon as the mail is out, and the mail is not sent a second time.';
comment on column private.mail_templates.is_branded is 'It wears the brand of the organization that it is about; otherwise the platform''s: accounts, and what is paid for.';
