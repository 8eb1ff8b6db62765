create table private.flags (
  name text primary key check (name ~ '^[a-z][a-z0-9_]{0,62}$'),
  description text not null default '' check (length(description) <= 1000),
  percentage smallint not null default 0 check (percentage between 0 and 100),
  since_version date,
  updated_at timestamptz not null default private.now()
);
create table private.flag_rules (
  flag text not null references private.flags (name) on delete cascade,
  organization_id uuid not null references public.organizations (id) on delete cascade,
  is_on boolean not null,
  primary key (organization_id, flag)
);
create index flag_rules_flag_idx on private.flag_rules (flag);
alter table private.flags enable row level security;
alter table private.flag_rules enable row level security;
revoke all on table private.flags, private.flag_rules from public, anon, authenticated, service_role;

comment on table private.flags is 'Features that are not there for everybody. Set by operators: engine.set_flag.';
comment on column private.flags.name is 'What code asks for.';
comment on column private.flags.description is 'What it switches, for operators.';
comment on column private.flags.percentage is 'How many of a hundred organizations have it: always the same ones, and those of a smaller share are among those of a larger one.';
comment on column private.flags.since_version is 'The first version of the API that has it; null = every version.';
comment on column private.flags.updated_at is 'When it was set.';
comment on table private.flag_rules is 'Organizations that have a flag, or have it not, whatever its share.';
comment on column private.flag_rules.flag is 'The flag.';
comment on column private.flag_rules.organization_id is 'The organization.';
comment on column private.flag_rules.is_on is 'Whether it has the feature.';
