create function private.end_waits(p_now timestamptz) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_child record;
begin
  -- What waited until now, or will have soon: precise to the moment, though the clock ticks every ten seconds.
  update public.job_queue j set status = 'available'
  where j.id in (
    select o.id from public.job_queue o
    where o.status = 'waiting' and o.scheduled_for < p_now + interval '15 seconds'
      and o.payload -> 'wait' ->> 'kind' is distinct from 'run'
    order by o.scheduled_for limit 5000
    for update skip locked
  );
  -- A step that waits for a run goes on when that ends. Here only what was missed then; by themselves, so that a tenant
  -- with ever so many of them keeps nobody's timer waiting.
  update public.job_queue j set scheduled_for = p_now + interval '1 minute'
  where j.id in (
    select o.id from public.job_queue o
    where o.status = 'waiting' and o.scheduled_for < p_now + interval '15 seconds'
      and o.payload -> 'wait' ->> 'kind' = 'run'
    order by o.scheduled_for limit 1000
    for update skip locked
  );
  for v_child in
    select q as run from public.job_queue j
    join public.runs q on q.id = private.to_uuid(j.payload -> 'wait' ->> 'run_id')
    where j.status = 'waiting' and j.scheduled_for < p_now + interval '61 seconds'
      and j.payload -> 'wait' ->> 'kind' = 'run' and not j.payload ? 'resolved' and q.finished_at is not null
    limit 200
  loop
    perform private.resolve_parent(v_child.run);
  end loop;
end;
$$;

revoke all on function private.end_waits(timestamptz) from public, anon, authenticated, service_role;
comment on function private.end_waits(timestamptz) is
  'Part of engine.tick: makes tokens ready whose time has come, and those that wait for a run whose end they missed.';
