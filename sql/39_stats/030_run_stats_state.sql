create table private.run_stats_state (
  id boolean primary key default true check (id),
  counted_to uuid not null,
  looked_at uuid not null
);
alter table private.run_stats_state enable row level security;
revoke all on table private.run_stats_state from public, anon, authenticated, service_role;

comment on table private.run_stats_state is 'How far the counting of runs has come: one row, or none before it began.';
comment on column private.run_stats_state.id is 'True: there is one row.';
comment on column private.run_stats_state.counted_to is 'Runs whose id is not above this one are counted in run_stats_daily and flow_version_runs.';
comment on column private.run_stats_state.looked_at is 'The last run of run_stats_open that was looked at again; the next look goes on behind it.';

create table private.run_stats_open (
  run_id uuid primary key,
  organization_id uuid not null,
  flow_id uuid not null,
  day date not null,
  status text not null
);
alter table private.run_stats_open enable row level security;
revoke all on table private.run_stats_open from public, anon, authenticated, service_role;

comment on table private.run_stats_open is 'Runs that were counted before they ended. They are looked at again, in turns, until they have.';
comment on column private.run_stats_open.run_id is 'The run.';
comment on column private.run_stats_open.organization_id is 'The tenant.';
comment on column private.run_stats_open.flow_id is 'The flow.';
comment on column private.run_stats_open.day is 'The day it is counted on.';
comment on column private.run_stats_open.status is 'The status it is counted with.';
