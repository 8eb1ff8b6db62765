create table private.job_turns (
  organization_id uuid primary key,
  virtual_time bigint not null,
  weight smallint not null default 1,
  max_running integer,
  is_active boolean not null default true,
  head timestamptz not null default '-infinity',
  head_until timestamptz not null default '-infinity'
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
create index job_turns_active_idx on private.job_turns (virtual_time, organization_id) where is_active;
alter table private.job_turns enable row level security;
revoke all on table private.job_turns from public, anon, authenticated, service_role;

comment on table private.job_turns is
  'Whose turn it is: a row for each organization that had work. While more is ready than a claim takes, the least virtual time comes first, and what is taken adds to it (start-time fair queueing: Goyal, Vin, Cheng 1997, https://doi.org/10.1109/90.649569). While all is taken anyway, nothing is written here.';
comment on column private.job_turns.organization_id is 'The tenant.';
comment on column private.job_turns.virtual_time is 'What it has had, in thousandths of a job by weight. One that comes back begins where the others are: nobody saves up turns.';
comment on column private.job_turns.weight is 'queue_weight of its plan, as of the last look; above 0, which public.plans checks: a check here would be read and compiled anew in every claim.';
comment on column private.job_turns.max_running is 'max_concurrent_jobs of its plan, as of the last look; null = no limit.';
comment on column private.job_turns.is_active is 'False = nothing was ready at the last look. Who enqueues sets it; what slips through, the next claim with room finds.';
comment on column private.job_turns.head is 'Of priority 100 nothing was ready that was due before this moment, so that claims step over no dead rows.';
comment on column private.job_turns.head_until is 'When head is forgotten: what became visible late is found then.';

-- Sequences, since they are written without waiting and are not taken back with a transaction.
create sequence private.job_clock as bigint minvalue 0 start 0;
revoke all on sequence private.job_clock from public, anon, authenticated, service_role;
comment on sequence private.job_clock is 'The virtual time of whoever was served last: where an organization begins that had no work.';

create sequence private.next_discovery as bigint minvalue 0 start 0;
revoke all on sequence private.next_discovery from public, anon, authenticated, service_role;
comment on sequence private.next_discovery is
  'When claims may look again for organizations that have work and no turn, in microseconds since 1970. Looking takes a twentieth of the time at the most.';
