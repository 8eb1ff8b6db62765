create function public.delete_secret(p_secret_id uuid, p_force boolean default false, p_if_version integer default null) returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_secret public.secrets := private.lock_secret(p_secret_id, 'secrets:write', p_if_version);
  v_flows jsonb;
begin
  if not coalesce(p_force, false) then
    v_flows := private.flows_reading_secret(v_secret.organization_id, v_secret.name);
    if jsonb_array_length(v_flows) > 0 then
      perform private.fail('conflict', format('Flows use this secret: %s', (
        select string_agg(format('%s (%s)', f.value ->> 'name', f.value ->> 'id'), ', ' order by f.ordinality)
        from jsonb_array_elements(v_flows) with ordinality f where f.ordinality <= 20
      )), 409);
    end if;
  end if;
  delete from public.secrets s where s.id = p_secret_id;
end;
$$;

revoke all on function public.delete_secret(uuid, boolean, integer) from public, anon, authenticated, service_role;
grant execute on function public.delete_secret(uuid, boolean, integer) to authenticated;
comment on function public.delete_secret(uuid, boolean, integer) is
  'Deletes a secret and all its values. 409, naming them, while the current versions of flows use it, unless p_force. Its access log stays. Needs secrets:write.';

create function public.list_secret_flows(p_secret_id uuid) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_secret public.secrets;
begin
  select * into v_secret from public.secrets s where s.id = p_secret_id;
  perform private.require_permission(v_secret.organization_id, 'secrets:read', 'secret');
  return private.flows_reading_secret(v_secret.organization_id, v_secret.name);
end;
$$;

revoke all on function public.list_secret_flows(uuid) from public, anon, authenticated, service_role;
grant execute on function public.list_secret_flows(uuid) to authenticated;
comment on function public.list_secret_flows(uuid) is 'The flows whose current version uses the secret, 100 at most: [{id, name}]. Needs secrets:read.';
