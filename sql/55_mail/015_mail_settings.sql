create table private.mail_settings (
  organization_id uuid primary key references public.organizations (id) on delete cascade,
  digest text not null default 'week' check (digest in ('week', 'day')),
  time_zone text not null default 'UTC' check (time_zone ~ '^[A-Za-z][A-Za-z0-9_+/-]{1,63}$'),
  brand_name text check (length(brand_name) >= 1 and length(brand_name) <= 80 and brand_name !~ '[[:cntrl:]<>]'),
  logo_url text check (length(logo_url) <= 2000 and logo_url ~ '^https://[^[:space:][:cntrl:]<>"\\@]+$'),
  color text check (color ~ '^#[0-9a-f]{6}$'),
  reply_to text check (length(reply_to) <= 320 and reply_to ~ '^[^\s<>@,;"\\]{1,64}@[^\s<>@,;"\\]{1,255}$'),
  version integer not null default 1,
  updated_at timestamptz not null default private.now()
);
create trigger touch before update on private.mail_settings for each row execute function private.touch();
alter table private.mail_settings enable row level security;
revoke all on table private.mail_settings from public, anon, authenticated, service_role;

comment on table private.mail_settings is 'How an organization wants the mails that it gets. No row = as it is usual.';
comment on column private.mail_settings.organization_id is 'The tenant.';
comment on column private.mail_settings.digest is 'How often its owners are told what its flows did: week or day. That they want no digest at all stands in private.digest_opt_outs.';
comment on column private.mail_settings.time_zone is 'IANA name: in which digests come in the morning, and dates are written.';
comment on column private.mail_settings.brand_name is 'What stands at the head instead of the platform''s name; null = that.';
comment on column private.mail_settings.logo_url is 'An image over https instead of the name; null = none.';
comment on column private.mail_settings.color is 'Colour of buttons and links, #rrggbb; null = the platform''s.';
comment on column private.mail_settings.reply_to is 'Where answers go; null = as the platform has it.';
comment on column private.mail_settings.version is 'Raised by every change; the ETag.';
comment on column private.mail_settings.updated_at is 'Last change.';
