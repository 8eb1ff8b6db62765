create function engine.finish_run_archive(p_organization_id uuid, p_week date, p_pass_id uuid) returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.lock_archive_pass(p_organization_id, p_week, p_pass_id);
  update private.run_archive_weeks w set
    archived_until = w.pass_until, pass_until = null, pass_id = null, position = null, warned_at = null, attempts = 0
  where w.organization_id = p_organization_id and w.week = p_week;
end;
$$;

revoke all on function engine.finish_run_archive(uuid, date, uuid) from public, anon, authenticated, service_role;
grant execute on function engine.finish_run_archive(uuid, date, uuid) to service_role;
comment on function engine.finish_run_archive(uuid, date, uuid) is
  'Ends a pass whose objects are all confirmed: retention may drop what it archived. 409 when the pass is somebody else''s by now.';
