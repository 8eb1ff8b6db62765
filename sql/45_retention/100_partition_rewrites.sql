create table private.partition_rewrites (
  kind text not null check (kind in ('runs', 'jobs')),
  week date not null check (extract(isodow from week) = 1),
  phase text not null default 'idle' check (phase in ('idle', 'copying', 'swapping')),
  position uuid not null default '00000000-0000-0000-0000-000000000000',
  referred uuid[] not null default '{}',
  copied bigint not null default 0,
  began_at timestamptz,
  looked_at timestamptz,
  rewritten_at timestamptz,
  tries integer not null default 0,
  error text,
  primary key (kind, week)
);
alter table private.partition_rewrites enable row level security;
revoke all on table private.partition_rewrites from public, anon, authenticated, service_role;

comment on table private.partition_rewrites is
  'Weekly partitions that retention has looked at, and how far it is with the one that it rewrites. What survives is copied to private.keep_<table>_<week>, which then takes the partition''s place.';
comment on column private.partition_rewrites.kind is 'runs (with their steps) or jobs.';
comment on column private.partition_rewrites.week is 'The Monday of the week, in UTC.';
comment on column private.partition_rewrites.phase is 'idle; copying = what survives is being copied; swapping = all is copied and the copy takes the place of the partition as soon as nobody is in the way.';
comment on column private.partition_rewrites.position is 'Rows up to this id are copied.';
comment on column private.partition_rewrites.referred is 'Runs that survive because one that has not ended refers to them.';
comment on column private.partition_rewrites.copied is 'Rows copied so far, of all tables of the kind.';
comment on column private.partition_rewrites.began_at is 'When the rewriting began; null = it is idle.';
comment on column private.partition_rewrites.looked_at is 'When it was last seen whether something of it has expired: once a day.';
comment on column private.partition_rewrites.rewritten_at is 'When it was last rewritten; null = never. Not again within six days.';
comment on column private.partition_rewrites.tries is 'How often somebody was in the way of the swap.';
comment on column private.partition_rewrites.error is 'Why the last rewriting was given up; null = it was not.';

create table private.partition_expired (
  kind text not null,
  week date not null,
  organization_id uuid not null,
  ended_before timestamptz not null,
  primary key (kind, week, organization_id),
  foreign key (kind, week) references private.partition_rewrites (kind, week) on delete cascade
);
alter table private.partition_expired enable row level security;
revoke all on table private.partition_expired from public, anon, authenticated, service_role;

comment on table private.partition_expired is
  'Organizations of which a rewriting leaves something out. Decided once when it begins, so that its batches agree.';
comment on column private.partition_expired.kind is 'runs or jobs.';
comment on column private.partition_expired.week is 'The Monday of the week.';
comment on column private.partition_expired.organization_id is 'The tenant, or private.platform_id().';
comment on column private.partition_expired.ended_before is 'What ended before this is left out.';

-- No key: two writers never wait for each other here.
create table private.partition_changes (
  kind text not null,
  week date not null,
  id uuid not null
);
create index partition_changes_idx on private.partition_changes (kind, week);
alter table private.partition_changes enable row level security;
revoke all on table private.partition_changes from public, anon, authenticated, service_role;

comment on table private.partition_changes is
  'Rows that were written in a partition while it is being rewritten, noted by a trigger: they are copied once more. Empty otherwise.';
comment on column private.partition_changes.kind is 'runs or jobs.';
comment on column private.partition_changes.week is 'The Monday of the week.';
comment on column private.partition_changes.id is 'The run or job.';

create function private.note_partition_change() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_argv[2] = 'run_id' then
    insert into private.partition_changes (kind, week, id)
    values (tg_argv[0], tg_argv[1]::date, case when tg_op = 'DELETE' then old.run_id else new.run_id end);
  else
    insert into private.partition_changes (kind, week, id)
    values (tg_argv[0], tg_argv[1]::date, case when tg_op = 'DELETE' then old.id else new.id end);
  end if;
  return null;
end;
$$;

revoke all on function private.note_partition_change() from public, anon, authenticated, service_role;
comment on function private.note_partition_change() is
  'Trigger on a partition that is being rewritten: notes which run or job was written. Arguments: kind, week, name of the key.';
