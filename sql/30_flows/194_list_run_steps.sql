create function public.list_run_steps(
  p_run_id uuid,
  p_from timestamptz default null,
  p_after text default '',
  p_limit integer default 50,
  p_descending boolean default false,
  p_status text[] default null,
  p_node_id text default null
) returns jsonb
language sql
stable
set search_path = ''
as $$
  select private.run_steps_page(r.id, p_from, p_after, null, least(greatest(p_limit, 1), 100), p_descending, p_status, p_node_id)
  from public.runs r
  where r.id = p_run_id;
$$;

revoke all on function public.list_run_steps(uuid, timestamptz, text, integer, boolean, text[], text) from public, anon, authenticated, service_role;
grant execute on function public.list_run_steps(uuid, timestamptz, text, integer, boolean, text[], text) to authenticated;
comment on function public.list_run_steps(uuid, timestamptz, text, integer, boolean, text[], text) is
  'A page of the steps of a run in order: those after the step p_after that ended at p_from (null = from the first); with p_descending from the last one back; only those with one of these states, of this node. Answers {steps, more}; null when the caller sees no such run. Runs as the caller.';
