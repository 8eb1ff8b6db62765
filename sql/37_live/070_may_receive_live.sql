create function private.may_receive_live(p_topic text) returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_parts text[] := regexp_match(p_topic, '^(run|org):([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(:runs)?$');
begin
  -- A run's topic has no tail, an organization's has one.
  if v_parts is null or (v_parts[1] = 'org') <> (v_parts[3] is not null) then
    return false;
  end if;
  if v_parts[1] = 'org' then
    return v_parts[2]::uuid = any (private.organizations_with('runs:read'));
  end if;
  return exists (
    select 1 from public.runs r
    where r.id = v_parts[2]::uuid and r.organization_id = any (private.organizations_with('runs:read'))
  );
end;
$$;

revoke all on function private.may_receive_live(text) from public, anon, authenticated, service_role;
grant execute on function private.may_receive_live(text) to authenticated;
comment on function private.may_receive_live(text) is
  'Whether the caller may join a Realtime topic of ours: run:<id> of a run it may read, or org:<id>:runs of an organization whose runs it may read. False for every other topic. What the policies on realtime.messages ask.';
