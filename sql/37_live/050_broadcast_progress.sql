create function private.broadcast_progress(p_results jsonb, p_now timestamptz) returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_message record;
begin
  for v_message in
    with r as materialized (
      select x.* from rows from (
        jsonb_to_recordset(p_results) as (run_id uuid, scope text, steps jsonb, move jsonb, child jsonb)
      ) with ordinality as x (run_id, scope, steps, move, child, place)
      where exists (select 1 from private.live_watchers w where w.id = x.run_id and w.watched_until > p_now)
    ),
    steps as (
      select r.run_id, row_number() over (partition by r.run_id order by r.place, s.place) - 1 as place,
        jsonb_build_object(
          'id', concat_ws(':', s.node, nullif(coalesce(s.scope, r.scope, ''), ''), coalesce(s.attempt, 1)),
          'node_id', s.node,
          'scope', coalesce(s.scope, r.scope, ''),
          'attempt', coalesce(s.attempt, 1),
          'status', s.status,
          'handles', s.handles,
          'error', case when jsonb_typeof(s.error) = 'object' then jsonb_build_object(
            'code', s.error -> 'code', 'message', left(s.error ->> 'message', 500)
          ) end,
          'started_at', p_now - make_interval(secs => coalesce(s.started_ago, 0) / 1000000.0),
          'finished_at', p_now - make_interval(secs => coalesce(s.finished_ago, 0) / 1000000.0),
          'duration_ms', (coalesce(s.started_ago, 0) - coalesce(s.finished_ago, 0)) / 1000.0
        ) as step
      from r
      cross join lateral rows from (
        jsonb_to_recordset(case when jsonb_typeof(r.steps) = 'array' then r.steps else '[]' end) as (
          node text, scope text, attempt smallint, status text, handles text[], error jsonb, started_ago bigint,
          finished_ago bigint
        )
      ) with ordinality as s (node, scope, attempt, status, handles, error, started_ago, finished_ago, place)
    ),
    waits as (
      select r.run_id, jsonb_agg(jsonb_build_object(
        'node_id', coalesce(r.move, r.child) ->> 'node',
        'scope', coalesce(r.move ->> 'scope', r.scope, ''),
        'kind', case when r.move is null then '"run"' else r.move #> '{wait,kind}' end,
        'name', r.move #> '{wait,name}',
        'until', p_now + make_interval(secs => (r.move ->> 'delay_ms')::double precision / 1000)
      ) order by r.place) as waiting
      from r
      where jsonb_typeof(r.move -> 'wait') = 'object' or (r.child ->> 'wait')::boolean
      group by r.run_id
    ),
    -- Realtime takes messages of 256 KB: a settle with more steps makes several.
    parts as (
      select s.run_id, s.place / 200 as part, jsonb_agg(s.step order by s.place) as steps
      from steps s
      group by s.run_id, s.place / 200
    )
    select coalesce(p.run_id, w.run_id) as run_id, coalesce(p.steps, '[]') as steps, coalesce(w.waiting, '[]') as waiting
    from parts p
    full join waits w on w.run_id = p.run_id and p.part = 0
    order by coalesce(p.run_id, w.run_id), p.part
  loop
    perform private.send_live('run:' || v_message.run_id, 'progress', jsonb_build_object(
      'run_id', v_message.run_id, 'steps', v_message.steps, 'waiting', v_message.waiting
    ));
  end loop;
end;
$$;

revoke all on function private.broadcast_progress(jsonb, timestamptz) from public, anon, authenticated, service_role;
comment on function private.broadcast_progress(jsonb, timestamptz) is
  'Broadcasts what engine.settle_jobs(…, p_results) has recorded of runs that somebody watches: one message per run with its steps, without their outputs, and where it now waits. p_now is the moment of the settle. Called behind the insert of the steps, before runs end, and only while somebody watches anything: an index that is empty otherwise.';
