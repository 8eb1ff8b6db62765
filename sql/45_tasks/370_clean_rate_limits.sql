create function private.clean_rate_limits() returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_gone integer := 0;
  v_some integer;
begin
  for v_round in 1..100 loop
    v_some := private.purge_rate_limits(10000);
    v_gone := v_gone + v_some;
    exit when v_some < 10000;
  end loop;
  return v_gone;
end;
$$;

revoke all on function private.clean_rate_limits() from public, anon, authenticated, service_role;
comment on function private.clean_rate_limits() is 'The task rate-limits: forgets all buckets that are full and unused. Answers how many.';
