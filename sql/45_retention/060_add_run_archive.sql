create function engine.add_run_archive(
  p_organization_id uuid,
  p_week date,
  p_pass_id uuid,
  p_archive jsonb,
  p_position jsonb,
  p_more boolean
) returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_id uuid;
begin
  perform private.lock_archive_pass(p_organization_id, p_week, p_pass_id);
  insert into public.run_archives (
    organization_id, week, part, path, runs, lines, bytes, raw_bytes, sha256, first_run_id, last_run_id, member_offsets,
    member_run_ids
  )
  select p_organization_id, p_week, a.part, a.path, a.runs, a.lines, a.bytes, a.raw_bytes, a.sha256, a.first_run_id,
    a.last_run_id, a.member_offsets, a.member_run_ids
  from jsonb_to_record(p_archive) as a (
    part integer, path text, runs integer, lines integer, bytes bigint, raw_bytes bigint, sha256 text, first_run_id uuid,
    last_run_id uuid, member_offsets bigint[], member_run_ids uuid[]
  )
  returning id into v_id;
  update private.run_archive_weeks w set position = p_position
  where w.organization_id = p_organization_id and w.week = p_week;
  if p_more then
    perform private.enqueue_run_archive(p_organization_id, p_week);
  end if;
  return v_id;
end;
$$;

revoke all on function engine.add_run_archive(uuid, date, uuid, jsonb, jsonb, boolean) from public, anon, authenticated, service_role;
grant execute on function engine.add_run_archive(uuid, date, uuid, jsonb, jsonb, boolean) to service_role;
comment on function engine.add_run_archive(uuid, date, uuid, jsonb, jsonb, boolean) is
  'Confirms an object that lies in Storage: its row (p_archive names the columns), and that the pass has come to p_position. p_more = there are further runs: another job goes on. 409 when the pass is somebody else''s by now.';
