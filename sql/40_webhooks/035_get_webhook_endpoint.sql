create function public.get_webhook_endpoint(p_endpoint_id uuid) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_organization_id uuid;
begin
  select e.organization_id into v_organization_id from public.webhook_endpoints e where e.id = p_endpoint_id;
  perform private.require_permission(v_organization_id, 'webhooks:read', 'webhook endpoint');
  return private.webhook_endpoint_reply(p_endpoint_id);
end;
$$;

revoke all on function public.get_webhook_endpoint(uuid) from public, anon, authenticated, service_role;
grant execute on function public.get_webhook_endpoint(uuid) to authenticated;
comment on function public.get_webhook_endpoint(uuid) is
  'A webhook endpoint with the last four characters of its valid secrets. Needs webhooks:read.';
