create function engine.get_callback(p_run_id uuid, p_node_id text, p_scope text default '') returns text
language sql
stable
security definer
set search_path = ''
as $$
  select case
    when exists (
      select 1 from public.run_steps s
      where s.run_id = r.id and s.node_id = p_node_id and s.scope = p_scope and s.status in ('completed', 'failed', 'skipped')
    ) or exists (
      select 1 from private.run_signals s
      where s.run_id = r.id and s.kind = 'callback' and s.name = concat_ws(':', p_node_id, nullif(p_scope, ''))
    ) or exists (
      select 1 from public.job_queue j
      where j.run_id = r.id and j.node_id = p_node_id and j.scope = p_scope and j.payload ? 'resolved'
    ) then 'done'
    when r.finished_at is not null or r.status = 'compensating' then 'finished'
    else 'open'
  end
  from public.runs r
  where r.id = p_run_id;
$$;

revoke all on function engine.get_callback(uuid, text, text) from public, anon, authenticated, service_role;
grant execute on function engine.get_callback(uuid, text, text) to service_role;
comment on function engine.get_callback(uuid, text, text) is
  'Whether a callback to a step is still open: open, done (it has been answered, or the step is over), finished (its run is); null = there is no such run. The caller has checked the signature.';
