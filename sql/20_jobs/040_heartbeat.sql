create function engine.heartbeat(p_worker_id uuid) returns boolean
language sql
security definer
set search_path = ''
as $$
  with kept as (
    update private.workers w set expires_at = private.now() + interval '30 seconds'
    where w.id = p_worker_id
    returning 1
  )
  select exists (select 1 from kept);
$$;

revoke all on function engine.heartbeat(uuid) from public, anon, authenticated, service_role;
grant execute on function engine.heartbeat(uuid) to service_role;
comment on function engine.heartbeat(uuid) is
  'Prolongs the lease of a worker by 30 seconds from now. False = the lease was lost and its jobs are given away.';
