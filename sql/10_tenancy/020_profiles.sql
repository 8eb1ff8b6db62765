create table public.profiles (
  id uuid primary key references auth.users (id) on delete cascade,
  email text,
  display_name text check (length(display_name) <= 200),
  version integer not null default 1,
  created_at timestamptz not null default private.now(),
  updated_at timestamptz not null default private.now()
);
create trigger touch before update on public.profiles for each row execute function private.touch();
alter table public.profiles enable row level security;
revoke all on table public.profiles from public, anon, authenticated, service_role;
grant select on table public.profiles to authenticated, service_role;

comment on table public.profiles is 'A person: one row per user of Supabase Auth, made on the first call.';
comment on column public.profiles.id is 'The id of the user in auth.users.';
comment on column public.profiles.email is 'Copy of the address in auth.users, for member lists.';
comment on column public.profiles.display_name is 'Name for people, null = none given.';
comment on column public.profiles.version is 'Raised by every change; the ETag.';
comment on column public.profiles.created_at is 'First call.';
comment on column public.profiles.updated_at is 'Last change.';
