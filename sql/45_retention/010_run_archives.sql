create table public.run_archives (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  week date not null check (extract(isodow from week) = 1),
  part integer not null check (part > 0),
  path text not null unique,
  runs integer not null check (runs >= 0),
  lines integer not null check (lines > 0),
  bytes bigint not null check (bytes > 0),
  raw_bytes bigint not null check (raw_bytes > 0),
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  first_run_id uuid not null,
  last_run_id uuid not null,
  member_offsets bigint[] not null,
  member_run_ids uuid[] not null,
  created_at timestamptz not null default private.now(),
  unique (organization_id, week, part),
  constraint members_have_places check (
    member_offsets[1] = 0 and array_ndims(member_offsets) = 1 and cardinality(member_offsets) = cardinality(member_run_ids)
  )
);
create index run_archives_newest_idx on public.run_archives (organization_id, id);
create trigger append_only before update on public.run_archives
  for each row execute function private.refuse_change();
alter table public.run_archives enable always trigger append_only;
alter table public.run_archives enable row level security;
revoke all on table public.run_archives from public, anon, authenticated, service_role;
grant select on table public.run_archives to authenticated, service_role;

create policy members_see_run_archives on public.run_archives for select to authenticated
  using (organization_id = any ((select private.organizations_with('runs:read'))::uuid[]));

comment on table public.run_archives is
  'Objects in Storage that hold runs which fell out of retention: gzip members one behind the other, of JSON lines. A row is written after its object, never changed.';
comment on column public.run_archives.id is 'UUIDv7.';
comment on column public.run_archives.organization_id is 'The tenant.';
comment on column public.run_archives.week is 'The Monday, in UTC, of the week in which the runs were asked for.';
comment on column public.run_archives.part is '1, 2, 3 … within the organization and week.';
comment on column public.run_archives.path is 'Where the object lies in the bucket run-archives; the end of its name is the beginning of its hash.';
comment on column public.run_archives.runs is 'Runs that begin in it.';
comment on column public.run_archives.lines is 'Lines: one for a run, and further ones for a run with more than a hundred steps or 4 MiB of outputs.';
comment on column public.run_archives.bytes is 'Size of the object.';
comment on column public.run_archives.raw_bytes is 'Size of the lines, unpacked.';
comment on column public.run_archives.sha256 is 'SHA-256 of the object, in hex.';
comment on column public.run_archives.first_run_id is 'The first run of which it holds a line; they are in the order of their ids.';
comment on column public.run_archives.last_run_id is 'The last run of which it holds a line.';
comment on column public.run_archives.member_offsets is 'At which byte each gzip member begins: one can be read without the others.';
comment on column public.run_archives.member_run_ids is 'The first run that begins in each member; null = none does, it goes on with the one before.';
comment on column public.run_archives.created_at is 'When it was confirmed.';
