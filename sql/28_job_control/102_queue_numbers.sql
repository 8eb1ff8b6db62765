create function private.queue_numbers(p_organization_id uuid)
returns table (type text, status text, jobs bigint, oldest_due_at timestamptz)
language plpgsql
stable
set search_path = ''
as $$
declare
  v_whose text := case when p_organization_id is null then 'true' else format('q.organization_id = %L::uuid', p_organization_id) end;
begin
  -- What is ready is found by its index; the rest is little beside it.
  return query execute replace($sql$
    select q.type, case when q.scheduled_for > (select private.now()) then 'delayed' else 'queued' end, count(*),
      min(q.scheduled_for) filter (where q.scheduled_for <= (select private.now()))
    from public.job_queue q where q.status = 'available' and WHOSE group by 1, 2
    union all
    select q.type, case when q.run_id is not null then 'waiting' else 'delayed' end, count(*), null
    from public.job_queue q where q.status = 'waiting' and WHOSE group by 1, 2
    union all
    select q.type, q.status, count(*), null
    from public.job_queue q where q.status in ('running', 'paused', 'blocked') and WHOSE group by 1, 2
    union all
    select q.type, 'running', count(*), null from private.leased_jobs() q where WHOSE group by 1
    union all
    select q.type, 'dead_letters', count(*), null
    from public.job_history q where q.status = 'dead' and q.replayed_as is null and WHOSE group by 1
  $sql$, 'WHOSE', v_whose);
end;
$$;

revoke all on function private.queue_numbers(uuid) from public, anon, authenticated, service_role;
comment on function private.queue_numbers(uuid) is
  'How many jobs of each type are in each state, dead letters among them, and since when the oldest is due: of an organization, or of all (null).';
