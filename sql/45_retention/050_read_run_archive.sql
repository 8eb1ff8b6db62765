create function engine.read_run_archive(
  p_organization_id uuid,
  p_week date,
  p_pass_id uuid,
  p_position jsonb default null,
  p_bytes integer default 2097152
) returns jsonb
language plpgsql
security definer
set search_path = ''
-- What a timestamp looks like must not depend on who asks.
set timezone = 'UTC'
as $$
declare
  v_week private.run_archive_weeks;
  v_run public.runs;
  v_page jsonb;
  v_line text;
  v_lines text[] := '{}';
  v_runs uuid[] := '{}';
  v_begins boolean[] := '{}';
  v_bytes integer := 0;
  v_position jsonb := p_position;
  v_last uuid := (p_position ->> 'run_id')::uuid;
  v_low uuid;
  v_high uuid;
begin
  select w.low, w.high into v_low, v_high from private.week_range(p_week) w;
  select * into v_week from private.run_archive_weeks w where w.organization_id = p_organization_id and w.week = p_week;
  if v_week.pass_until is null or v_week.pass_id is distinct from p_pass_id then
    perform private.fail('conflict', 'Somebody else archives these runs, or has', 409);
  end if;
  while v_bytes < p_bytes and cardinality(v_lines) < 1000 loop
    if v_position ? 'step' then
      -- The run has further steps.
      v_page := private.run_steps_page(
        v_last, (v_position ->> 'ended')::timestamptz, v_position ->> 'step', null, 1000
      );
      v_line := jsonb_build_object('run_id', v_last, 'steps', v_page -> 'steps', 'more_steps', v_page -> 'more')::text;
      v_begins := v_begins || false;
    else
      select * into v_run from public.runs r
      where r.organization_id = p_organization_id
        and r.id >= v_low and r.id < v_high and (v_last is null or r.id > v_last)
        and r.finished_at >= v_week.archived_until and r.finished_at < v_week.pass_until
      order by r.id limit 1;
      if not found then
        v_position := null;
        exit;
      end if;
      v_last := v_run.id;
      v_page := private.run_steps_page(v_last, null, null, null, 100);
      v_line := (to_jsonb(v_run) || jsonb_build_object(
        'steps', v_page -> 'steps', 'more_steps', v_page -> 'more', 'active', '[]'::jsonb, 'waiting_for', null
      ))::text;
      v_begins := v_begins || true;
    end if;
    v_position := jsonb_build_object('run_id', v_last) || case when (v_page ->> 'more')::boolean then jsonb_build_object(
      'ended', v_page -> 'steps' -> -1 -> 'finished_at', 'step', v_page -> 'steps' -> -1 -> 'id'
    ) else '{}' end;
    v_lines := v_lines || v_line;
    v_runs := v_runs || v_last;
    v_bytes := v_bytes + octet_length(v_line);
  end loop;
  return jsonb_build_object(
    'lines', to_jsonb(v_lines), 'run_ids', to_jsonb(v_runs), 'begins', to_jsonb(v_begins), 'position', v_position
  );
end;
$$;

revoke all on function engine.read_run_archive(uuid, date, uuid, jsonb, integer) from public, anon, authenticated, service_role;
grant execute on function engine.read_run_archive(uuid, date, uuid, jsonb, integer) to service_role;
comment on function engine.read_run_archive(uuid, date, uuid, jsonb, integer) is
  'The next lines of a pass behind p_position, some p_bytes and a thousand at most: {lines: [text], run_ids: of each line, begins: whether the run begins with it, position: behind the last one, null = these were all}. The first line of a run is what GET /runs/{id} answers; one with more steps goes on with {run_id, steps, more_steps}.';
