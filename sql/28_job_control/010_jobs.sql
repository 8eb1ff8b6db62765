-- What the views below read as their caller.
grant select on table private.job_leases, private.job_states, private.job_counts, private.job_turns, private.workers to service_role;
grant execute on function private.leased_jobs(uuid[]) to service_role;
-- Which dead letter a job repeats. Few have an entry.
create index job_history_replayed_as_idx on public.job_history (replayed_as) where replayed_as is not null;

create view engine.jobs with (security_invoker = true) as
select
  j.id,
  j.organization_id,
  j.type,
  j.payload,
  case
    when j.status in ('running', 'paused', 'blocked') then j.status
    when j.status = 'waiting' and j.run_id is not null then 'waiting'
    when j.scheduled_for > (select private.now()) then 'delayed'
    else 'queued'
  end as status,
  j.priority,
  j.attempts,
  j.max_attempts,
  nullif(j.scheduled_for, 'infinity') as scheduled_for,
  j.started_at,
  null::timestamptz as completed_at,
  j.error_message,
  j.created_at,
  (select s.progress from private.job_states s where s.job_id = j.id) as progress,
  (select s.cancel_requested_at from private.job_states s where s.job_id = j.id) as cancel_requested_at,
  null::jsonb as result,
  null::jsonb as error,
  j.unique_key,
  j.concurrency_key,
  j.expires_at,
  j.worker_id,
  j.run_id,
  (select h.id from public.job_history h where h.replayed_as = j.id) as replay_of,
  null::uuid as replayed_as
from public.job_queue j
union all
select
  l.id, l.organization_id, l.type, l.payload, 'running', l.priority, l.attempts, l.max_attempts, l.scheduled_for, l.started_at,
  null, l.error_message, l.created_at,
  (select s.progress from private.job_states s where s.job_id = l.id),
  (select s.cancel_requested_at from private.job_states s where s.job_id = l.id),
  null, null, l.unique_key, l.concurrency_key, l.expires_at, l.worker_id, null,
  (select h.id from public.job_history h where h.replayed_as = l.id), null
from private.leased_jobs() l
union all
select
  h.id, h.organization_id, h.type, h.payload, h.status, h.priority, h.attempts, h.max_attempts, h.scheduled_for, h.started_at,
  h.completed_at, h.error ->> 'message', h.created_at, null, null, h.result, h.error, h.unique_key, h.concurrency_key, null,
  null, null, coalesce(h.replay_of, (select o.id from public.job_history o where o.replayed_as = h.id)), h.replayed_as
from public.job_history h;
revoke all on table engine.jobs from public, anon, authenticated, service_role;
grant select on table engine.jobs to service_role;

comment on view engine.jobs is
  'Every job wherever it is: in the queue, held by a worker, ended. The steps that runs are at are among them, as flow.step.';
