create function private.try_lock_run(p_run_id uuid) returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_tokens integer;
begin
  perform 1 from public.runs r where r.id = p_run_id and r.finished_at is null for update skip locked;
  if not found then
    return false;
  end if;
  select count(*) into v_tokens from (
    select 1 from public.job_queue j where j.run_id = p_run_id for update skip locked
  ) l;
  return v_tokens = (select count(*) from public.job_queue j where j.run_id = p_run_id);
end;
$$;

revoke all on function private.try_lock_run(uuid) from public, anon, authenticated, service_role;
comment on function private.try_lock_run(uuid) is
  'Locks a run that has not ended, and all its tokens, without waiting. False = someone else is at it, or it has ended.';
