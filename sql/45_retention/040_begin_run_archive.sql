create function engine.begin_run_archive(p_organization_id uuid, p_week date) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_week private.run_archive_weeks;
begin
  update private.run_archive_weeks w set pass_id = gen_random_uuid(), attempts = w.attempts + 1
  where w.organization_id = p_organization_id and w.week = p_week and w.pass_until is not null
  returning * into v_week;
  if not found then
    return null;
  end if;
  return jsonb_build_object(
    'pass_id', v_week.pass_id,
    'position', v_week.position,
    'name', to_char(p_week, 'IYYY"w"IW'),
    'part', (
      select coalesce(max(a.part), 0) + 1 from public.run_archives a
      where a.organization_id = p_organization_id and a.week = p_week
    )
  );
end;
$$;

revoke all on function engine.begin_run_archive(uuid, date) from public, anon, authenticated, service_role;
grant execute on function engine.begin_run_archive(uuid, date) to service_role;
comment on function engine.begin_run_archive(uuid, date) is
  'Takes the pass that archives an organization''s runs of a week, away from whoever had it: {pass_id, position: behind what is confirmed already, name of the week, part: number of the next object}. Null = nothing is to be archived.';
