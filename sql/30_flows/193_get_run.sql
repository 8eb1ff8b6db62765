create function public.get_run(p_run_id uuid, p_step_limit integer default 100) returns jsonb
language sql
stable
set search_path = ''
as $$
  select to_jsonb(r)
    || private.run_steps_page(r.id, null, null, null, least(greatest(p_step_limit, 1), 100))
    || jsonb_build_object('active', case when r.finished_at is null then private.run_tokens(r.id) else '[]'::jsonb end)
  from public.runs r
  where r.id = p_run_id;
$$;

revoke all on function public.get_run(uuid, integer) from public, anon, authenticated, service_role;
grant execute on function public.get_run(uuid, integer) to authenticated;
comment on function public.get_run(uuid, integer) is
  'A run with its first steps in order (more = there are further ones, see list_run_steps) and, while it has not ended, its tokens, all of one moment. Null when the caller sees no such run. Runs as the caller.';

create function public.get_latest_run(p_flow_id uuid) returns jsonb
language sql
stable
set search_path = ''
as $$
  select public.get_run(r.id)
  from public.runs r
  where r.flow_id = p_flow_id
  order by r.id desc
  limit 1;
$$;

revoke all on function public.get_latest_run(uuid) from public, anon, authenticated, service_role;
grant execute on function public.get_latest_run(uuid) to authenticated;
comment on function public.get_latest_run(uuid) is
  'The newest run of a flow, as get_run gives it. Null when the caller sees none. Runs as the caller.';
