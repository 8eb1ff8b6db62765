create function public.list_secret_versions(
  p_secret_id uuid,
  p_after integer default null,
  p_limit integer default 50,
  p_descending boolean default true
) returns jsonb
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
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
      'number', v.number, 'is_current', v.number = v_secret.current_version, 'key_id', v.key_id,
      'created_by', v.created_by, 'created_at', v.created_at, 'destroyed_at', v.destroyed_at
    ) order by case when p_descending then -v.number else v.number end), '[]')
    from (
      select v.* from private.secret_versions v
      where v.secret_id = p_secret_id
        and (p_after is null or case when p_descending then v.number < p_after else v.number > p_after end)
      order by case when p_descending then -v.number else v.number end
      limit least(greatest(p_limit, 1), 100) + 1
    ) v
  );
end;
$$;

revoke all on function public.list_secret_versions(uuid, integer, integer, boolean) from public, anon, authenticated, service_role;
grant execute on function public.list_secret_versions(uuid, integer, integer, boolean) to authenticated;
comment on function public.list_secret_versions(uuid, integer, integer, boolean) is
  'The versions of a secret without their values, from after p_after, one more than p_limit when there are more. Needs secrets:read.';

create function public.list_secret_accesses(
  p_secret_id uuid,
  p_after uuid default null,
  p_limit integer default 50,
  p_descending boolean default true,
  p_kind text default null,
  p_run_id uuid default null
) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_limit integer := least(greatest(p_limit, 1), 100) + 1;
begin
  perform private.require_permission(
    (select s.organization_id from public.secrets s where s.id = p_secret_id), 'secrets:read', 'secret');
  return coalesce((
    select jsonb_agg(to_jsonb(a) - array['organization_id', 'secret_id', 'place'] order by a.place)
    from (
      select a.*, row_number() over (order by case when p_descending then a.id end desc, a.id) as place
      from private.secret_accesses a
      where a.secret_id = p_secret_id and (p_kind is null or a.kind = p_kind) and (p_run_id is null or a.run_id = p_run_id)
        and (p_after is null or case when p_descending then a.id < p_after else a.id > p_after end)
      order by case when p_descending then a.id end desc, a.id
      limit v_limit
    ) a
  ), '[]');
end;
$$;

revoke all on function public.list_secret_accesses(uuid, uuid, integer, boolean, text, uuid) from public, anon, authenticated, service_role;
grant execute on function public.list_secret_accesses(uuid, uuid, integer, boolean, text, uuid) to authenticated;
comment on function public.list_secret_accesses(uuid, uuid, integer, boolean, text, uuid) is
  'Who and what got the value of a secret, from after p_after, one more than p_limit when there are more. Needs secrets:read.';
