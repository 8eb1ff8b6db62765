create view engine.stuck with (security_invoker = true) as
select
  s.problem,
  s.id,
  s.organization_id,
  s.type,
  s.since,
  extract(epoch from (select private.now()) - s.since)::bigint as seconds,
  case s.problem
    when 'not_claimed' then 'It is due, and no worker takes it: see engine.workers, and whether engine.configure was called'
    when 'worker_lost' then 'Its worker is gone, and the tick has not given it away: see cron.job_run_details for millrace-tick'
    when 'long_running' then 'A worker has had it for more than 15 minutes: engine.cancel_job asks it to stop'
    when 'ignores_cancel' then 'It was asked to stop more than a minute ago and goes on: its handler does not look at its signal'
    when 'blocked' then 'It waits for others with its concurrency key, and none of them is at work: the tick should let it go'
    else 'The time of its run is over, and the tick has not ended it: see cron.job_run_details for millrace-tick'
  end as why
from (
  select
    case when q.deadline_at < (select private.now()) - interval '1 minute' then 'past_deadline' else 'not_claimed' end as problem,
    q.id, q.organization_id, q.type,
    case when q.deadline_at < (select private.now()) - interval '1 minute' then q.deadline_at else q.scheduled_for end as since
  from public.job_queue q
  where q.deadline_at < (select private.now()) - interval '1 minute'
    or q.scheduled_for < (select private.now()) - interval '1 minute'
      and (q.status = 'available' or q.status = 'waiting' and q.run_id is null)
  union all
  select 'worker_lost', q.id, q.organization_id, q.type, coalesce(w.expires_at, q.started_at)
  from public.job_queue q
  left join private.workers w on w.id = q.worker_id
  where q.worker_id is not null and (w.id is null or w.expires_at < (select private.now()) - interval '1 minute')
  union all
  select
    case
      when w.id is null or w.expires_at < (select private.now()) - interval '1 minute' then 'worker_lost'
      when s.cancel_requested_at < (select private.now()) - interval '1 minute' then 'ignores_cancel'
      else 'long_running'
    end,
    l.id, l.organization_id, l.type,
    case
      when w.id is null then l.started_at
      when w.expires_at < (select private.now()) - interval '1 minute' then w.expires_at
      when s.cancel_requested_at < (select private.now()) - interval '1 minute' then s.cancel_requested_at
      else l.started_at
    end
  from private.leased_jobs() l
  left join private.workers w on w.id = l.worker_id
  left join private.job_states s on s.job_id = l.id
  where w.id is null or w.expires_at < (select private.now()) - interval '1 minute'
    or s.cancel_requested_at < (select private.now()) - interval '1 minute'
    or l.started_at < (select private.now()) - interval '15 minutes'
  union all
  select 'blocked', q.id, q.organization_id, q.type, q.scheduled_for
  from public.job_queue q
  where q.status = 'blocked' and q.scheduled_for < (select private.now()) - interval '1 minute'
    and not exists (
      select 1 from private.leased_jobs() l
      where l.organization_id = q.organization_id and l.concurrency_key = q.concurrency_key
    )
) s;
revoke all on table engine.stuck from public, anon, authenticated, service_role;
grant select on table engine.stuck to service_role;

comment on view engine.stuck is 'Work that is older than it should be, and why. Empty = all is well.';
