create function private.organizations_of_week(p_parent text, p_week date) returns setof uuid
language plpgsql
stable
set search_path = ''
as $$
declare
  v_query text;
  v_id uuid;
begin
  -- From one organization to the next by the index: as many probes as there are organizations, not rows.
  select format(
    'select t.organization_id from public.%I t where t.id >= %L and t.id < %L and t.organization_id > $1 order by t.organization_id limit 1',
    p_parent, w.low, w.high
  ) into v_query from private.week_range(p_week) w;
  if p_parent = 'job_history' then
    -- No id is below the platform's.
    v_query := replace(v_query, '> $1', '>= $1');
  end if;
  execute v_query into v_id using '00000000-0000-0000-0000-000000000000'::uuid;
  v_query := replace(v_query, '>= $1', '> $1');
  while v_id is not null loop
    return next v_id;
    execute v_query into v_id using v_id;
  end loop;
end;
$$;

revoke all on function private.organizations_of_week(text, date) from public, anon, authenticated, service_role;
comment on function private.organizations_of_week(text, date) is 'The organizations that have rows of a week in a table.';

create function private.find_expired(p_kind text, p_week date) returns table (organization_id uuid, ended_before timestamptz)
language plpgsql
stable
set search_path = ''
as $$
declare
  v_parent text := (select t.parent from private.retained_tables(p_kind) t limit 1);
  v_query text;
  v_found boolean;
begin
  select format(
    'select exists (select 1 from public.%I t where t.organization_id = $1 and t.id >= %L and t.id < %L and t.%I < $2)',
    v_parent, w.low, w.high, case p_kind when 'runs' then 'finished_at' else 'completed_at' end
  ) into v_query from private.week_range(p_week) w;
  for organization_id, ended_before in
    select o.id,
      case when p_kind = 'runs' and private.archives_runs(o.id)
        then least(private.now() - make_interval(days => d.days), coalesce(w.archived_until, '-infinity'))
        else private.now() - make_interval(days => d.days) end
    from private.organizations_of_week(v_parent, p_week) as o (id)
    cross join lateral private.kept_days(p_kind, o.id) as d (days)
    left join private.run_archive_weeks w on w.organization_id = o.id and w.week = p_week
    where (p_week + 7)::timestamp at time zone 'UTC' + make_interval(days => d.days) <= private.now()
  loop
    execute v_query into v_found using organization_id, ended_before;
    if v_found then
      return next;
    end if;
  end loop;
end;
$$;

revoke all on function private.find_expired(text, date) from public, anon, authenticated, service_role;
comment on function private.find_expired(text, date) is
  'Organizations with something of a week that has fallen out of retention: the whole week has to be past it, what is dropped has to have ended before it too, and where the plan archives runs, to be archived.';

create function private.note_expired(p_kind text, p_week date) returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_referred uuid[] := '{}';
begin
  delete from private.partition_expired e where e.kind = p_kind and e.week = p_week;
  insert into private.partition_expired (kind, week, organization_id, ended_before)
  select p_kind, p_week, f.organization_id, f.ended_before from private.find_expired(p_kind, p_week) f;
  if not found then
    return false;
  end if;
  if p_kind = 'runs' then
    -- Every run that has not ended has a token.
    select coalesce(array_agg(distinct x.id), '{}') into v_referred
    from private.week_range(p_week) w
    cross join (select distinct j.run_id from public.job_queue j where j.run_id is not null) q
    join public.runs r on r.id = q.run_id
    cross join lateral (values (r.retry_of), (r.parent_run_id)) as x (id)
    where x.id >= w.low and x.id < w.high;
  end if;
  update private.partition_rewrites r set referred = v_referred where r.kind = p_kind and r.week = p_week;
  return true;
end;
$$;

revoke all on function private.note_expired(text, date) from public, anon, authenticated, service_role;
comment on function private.note_expired(text, date) is
  'Decides what of a week goes, for private.survives. False = nothing.';
