create function engine.expired_run_archives(p_limit integer default 100) returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', e.id, 'path', e.path)), '[]')
  from (
    select a.id, a.path
    from public.organizations o
    cross join lateral private.kept_days('archives', o.id) as d (days)
    join public.run_archives a on a.organization_id = o.id
    where a.week + 7 + d.days <= (private.now() at time zone 'UTC')::date
    order by a.id
    limit p_limit
  ) e;
$$;

revoke all on function engine.expired_run_archives(integer) from public, anon, authenticated, service_role;
grant execute on function engine.expired_run_archives(integer) to service_role;
comment on function engine.expired_run_archives(integer) is
  'Archives that are older than their plan keeps, [{id, path}], p_limit at most.';

create function engine.remove_run_archives(p_ids uuid[]) returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_removed integer;
begin
  delete from public.run_archives a where a.id = any (p_ids);
  get diagnostics v_removed = row_count;
  return v_removed;
end;
$$;

revoke all on function engine.remove_run_archives(uuid[]) from public, anon, authenticated, service_role;
grant execute on function engine.remove_run_archives(uuid[]) to service_role;
comment on function engine.remove_run_archives(uuid[]) is
  'Takes archives out of the list, whose objects are gone already. Answers how many.';
