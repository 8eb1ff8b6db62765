-- The claim as it would be if organizations did not take turns: the oldest first, everything else the same.
create function engine.claim_unfair(p_worker_id uuid, p_limit integer) returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_ids uuid[];
begin
  perform private.keep_worker(p_worker_id, 'worker');
  select array_agg(c.id) into v_ids from (
    select j.id from public.job_queue j
    where j.status = 'available' and j.scheduled_for <= v_now
    order by j.id limit p_limit
    for update skip locked
  ) c;
  if v_ids is null then
    return '[]';
  end if;
  return private.lease_jobs(p_worker_id, v_ids, false, v_now);
end;
$$;
