create function public.get_run_progress(
  p_run_id uuid,
  p_since timestamptz default null,
  p_seen text[] default '{}',
  p_limit integer default 100
) returns jsonb
language sql
stable
set search_path = ''
as $$
  -- Steps are recorded when they are settled, and two branches settle in any order: a step may appear that ended before
  -- one that was seen already. But none will appear that ended before the oldest lease that is running now began.
  select jsonb_build_object(
    'id', r.id,
    'status', r.status,
    'output', r.output,
    'error', r.error,
    'started_at', r.started_at,
    'finished_at', r.finished_at,
    'complete_until', coalesce(
      (select min(j.started_at) from public.job_queue j where j.run_id = r.id and j.status = 'running'), private.now()
    ),
    'waiting', (
      select coalesce(jsonb_agg(w.wait order by w.id), '[]')
      from (
        select j.id, jsonb_build_object(
          'node_id', j.node_id,
          'scope', j.scope,
          'kind', j.payload #> '{wait,kind}',
          'name', j.payload #> '{wait,name}',
          'data', j.payload #> '{wait,data}',
          'run_id', j.payload #> '{wait,run_id}',
          -- Whoever waits for a run is looked after every minute: that is no moment to tell.
          'until', case when isfinite(j.scheduled_for) and j.payload #>> '{wait,kind}' <> 'run' then j.scheduled_for end
        ) as wait
        from public.job_queue j
        where j.run_id = r.id and j.payload ? 'wait' and not j.payload ? 'resolved'
          and (j.status = 'waiting' or (j.status in ('available', 'paused') and j.scheduled_for > private.now()))
        order by j.id
        limit 100
      ) w
    )
  ) || private.run_steps_page(r.id, p_since, '', coalesce(p_seen, '{}'), least(greatest(p_limit, 1), 100))
  from public.runs r
  where r.id = p_run_id;
$$;

revoke all on function public.get_run_progress(uuid, timestamptz, text[], integer) from public, anon, authenticated, service_role;
grant execute on function public.get_run_progress(uuid, timestamptz, text[], integer) to authenticated;
comment on function public.get_run_progress(uuid, timestamptz, text[], integer) is
  'What is new about a run: its state, where it waits for something to happen (100 at most), and the steps that ended at p_since or later and whose key is not among p_seen. Whoever follows a run asks again with p_since = complete_until less a margin for clocks, and p_seen = the keys of what has been seen since then. Null when the caller sees no such run. Runs as the caller.';
