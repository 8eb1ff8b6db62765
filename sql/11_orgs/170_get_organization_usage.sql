create function public.get_organization_usage(p_organization_id uuid) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  perform private.require_permission(p_organization_id, 'org:read', 'organization');
  return (
    select jsonb_build_object('plan', p.id, 'limits', jsonb_agg(jsonb_build_object(
      'name', substr(l.name, 5), 'used', private.used_of(p_organization_id, l.name), 'limit', (to_jsonb(p) ->> l.name)::integer
    ) order by l.place))
    from public.organizations o
    join public.plans p on p.id = o.plan_id
    cross join unnest(array[
      'max_members', 'max_workspaces', 'max_flows', 'max_webhook_endpoints', 'max_schedules', 'max_api_keys', 'max_secrets',
      'max_webhook_subscriptions'
    ]) with ordinality as l (name, place)
    where o.id = p_organization_id
    group by p.*, p.id
  );
end;
$$;

revoke all on function public.get_organization_usage(uuid) from public, anon, authenticated, service_role;
grant execute on function public.get_organization_usage(uuid) to authenticated;
comment on function public.get_organization_usage(uuid) is
  'How much of each limit of its plan an organization uses: {plan, limits: [{name, used, limit}]}. Needs org:read.';
