create view engine.dead_letters with (security_invoker = true) as
select
  h.id,
  h.organization_id,
  h.type,
  h.payload,
  h.error ->> 'code' as error_code,
  h.error ->> 'message' as error_message,
  h.error -> 'details' as error_details,
  h.attempts,
  h.max_attempts,
  h.created_at,
  h.started_at,
  h.completed_at
from public.job_history h
where h.status = 'dead' and h.replayed_as is null;
revoke all on table engine.dead_letters from public, anon, authenticated, service_role;
grant select on table engine.dead_letters to service_role;

comment on view engine.dead_letters is
  'Jobs that were given up and that nobody has repeated. select engine.retry_job(id) repeats one, engine.replay_dead_letters() many; engine.discard_dead_letters() deletes them.';

create view engine.queue_depth with (security_invoker = true) as
select
  d.type,
  d.status,
  sum(d.jobs)::bigint as jobs,
  min(d.oldest) as oldest,
  case when d.status = 'queued' then extract(epoch from (select private.now()) - min(d.oldest))::bigint end as oldest_seconds
from (
  select
    q.type,
    case
      when q.status in ('running', 'paused', 'blocked') then q.status
      when q.status = 'waiting' and q.run_id is not null then 'waiting'
      when q.scheduled_for > (select private.now()) then 'delayed'
      else 'queued'
    end as status,
    count(*) as jobs,
    min(case when q.scheduled_for = 'infinity' then q.created_at when q.status = 'running' then q.started_at else q.scheduled_for end) as oldest
  from public.job_queue q
  group by 1, 2
  union all
  select l.type, 'running', count(*), min(l.started_at) from private.leased_jobs() l group by 1
) d
group by d.type, d.status;
revoke all on table engine.queue_depth from public, anon, authenticated, service_role;
grant select on table engine.queue_depth to service_role;

comment on view engine.queue_depth is 'How much work of each type there is in each state, over all organizations.';

create view engine.queue_organizations with (security_invoker = true) as
select
  d.organization_id,
  o.name,
  o.plan_id,
  coalesce(t.weight, 1) as weight,
  t.max_running,
  sum(d.queued)::bigint as queued,
  sum(d.delayed)::bigint as delayed,
  sum(d.blocked)::bigint as blocked,
  sum(d.waiting)::bigint as waiting,
  sum(d.running)::bigint as running,
  sum(d.dead_letters)::bigint as dead_letters,
  min(d.oldest_due_at) as oldest_due_at,
  extract(epoch from (select private.now()) - min(d.oldest_due_at))::bigint as oldest_due_seconds
from (
  select
    q.organization_id,
    count(*) filter (where q.status = 'available' and q.scheduled_for <= (select private.now())) as queued,
    count(*) filter (where q.status = 'available' and q.scheduled_for > (select private.now())
      or q.status = 'waiting' and q.run_id is null) as delayed,
    count(*) filter (where q.status = 'blocked') as blocked,
    count(*) filter (where q.status = 'paused' or q.status = 'waiting' and q.run_id is not null) as waiting,
    count(*) filter (where q.status = 'running') as running,
    0 as dead_letters,
    min(q.scheduled_for) filter (where q.status = 'available' and q.scheduled_for <= (select private.now())) as oldest_due_at
  from public.job_queue q
  group by 1
  union all
  select l.organization_id, 0, 0, 0, 0, count(*), 0, null from private.leased_jobs() l group by 1
  union all
  select h.organization_id, 0, 0, 0, 0, 0, count(*), null
  from public.job_history h where h.status = 'dead' and h.replayed_as is null group by 1
) d
left join public.organizations o on o.id = d.organization_id
left join private.job_turns t on t.organization_id = d.organization_id
group by d.organization_id, o.name, o.plan_id, t.weight, t.max_running;
revoke all on table engine.queue_organizations from public, anon, authenticated, service_role;
grant select on table engine.queue_organizations to service_role;

comment on view engine.queue_organizations is 'How much work each organization has, steps of runs and jobs together.';

create view engine.workers with (security_invoker = true) as
select
  w.id,
  w.kind,
  w.expires_at > (select private.now()) as is_alive,
  (select count(*) from public.job_queue q where q.worker_id = w.id) as steps,
  (select coalesce(sum(cardinality(l.organization_ids)), 0) from private.job_leases l where l.worker_id = w.id) as jobs,
  w.started_at,
  w.expires_at
from private.workers w;
revoke all on table engine.workers from public, anon, authenticated, service_role;
grant select on table engine.workers to service_role;

comment on view engine.workers is 'Isolates that hold work, and how much.';
