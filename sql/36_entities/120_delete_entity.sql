create function public.delete_entity(p_entity_id uuid, p_if_version integer default null) returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.lock_entity(p_entity_id, p_if_version);
  update public.entities e set
    deleted_at = private.now(),
    name = 'deleted',
    external_key = null,
    data = '{}',
    run_id = null
  where e.id = p_entity_id;
end;
$$;

revoke all on function public.delete_entity(uuid, integer) from public, anon, authenticated, service_role;
grant execute on function public.delete_entity(uuid, integer) to authenticated;
comment on function public.delete_entity(uuid, integer) is
  'Deletes an entity: name, key and data are erased at once, nobody sees it or its journey any more, and no run moves it. What it added to the edge statistics stays. Needs runs:execute.';
