create function public.delete_flow(p_flow_id uuid, p_if_version integer default null) returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_flow public.flows := private.lock_flow(p_flow_id, 'flows:write', p_if_version);
begin
  update public.flows f set deleted_at = private.now(), is_active = false where f.id = v_flow.id;
end;
$$;

revoke all on function public.delete_flow(uuid, integer) from public, anon, authenticated, service_role;
grant execute on function public.delete_flow(uuid, integer) to authenticated;
comment on function public.delete_flow(uuid, integer) is
  'Deletes a flow: it and its versions vanish, runs that are under way end by themselves. Needs flows:write.';
