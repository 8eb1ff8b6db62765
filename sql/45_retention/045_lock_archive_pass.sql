create function private.lock_archive_pass(p_organization_id uuid, p_week date, p_pass_id uuid) returns private.run_archive_weeks
language plpgsql
set search_path = ''
as $$
declare
  v_week private.run_archive_weeks;
begin
  select * into v_week from private.run_archive_weeks w
  where w.organization_id = p_organization_id and w.week = p_week for update;
  if v_week.pass_until is null or v_week.pass_id is distinct from p_pass_id then
    perform private.fail('conflict', 'Somebody else archives these runs, or has', 409);
  end if;
  return v_week;
end;
$$;

revoke all on function private.lock_archive_pass(uuid, date, uuid) from public, anon, authenticated, service_role;
comment on function private.lock_archive_pass(uuid, date, uuid) is
  'Locks the pass under way for an organization and week; 409 when it is not the caller''s any more.';
