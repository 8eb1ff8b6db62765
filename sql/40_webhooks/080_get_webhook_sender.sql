create function engine.get_webhook_sender(p_endpoint_id uuid, p_user_id uuid) returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select jsonb_build_object(
    'slug', e.slug,
    'organization_id', e.organization_id,
    'provider', e.provider,
    'config', e.config,
    'signature_required', e.signature_required,
    'secret', (
      select case when s.secret is null then private.sealed_webhook_secret(s) else to_jsonb(s.secret) end
      from private.webhook_secrets s
      where s.endpoint_id = e.id and s.expires_at is null
      order by s.created_at desc, s.id desc limit 1
    )
  )
  from public.webhook_endpoints e
  join public.organizations o on o.id = e.organization_id and o.suspended_at is null and o.deletes_at is null
  join public.organization_members m on m.organization_id = e.organization_id and m.user_id = p_user_id
  join private.role_permissions rp on rp.role = m.role and rp.permission = 'webhooks:write'
  where e.id = p_endpoint_id;
$$;

revoke all on function engine.get_webhook_sender(uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function engine.get_webhook_sender(uuid, uuid) to service_role;
comment on function engine.get_webhook_sender(uuid, uuid) is
  'What it takes to send a test event to an endpoint as its provider would: slug, adapter, settings and the current secret (text, or sealed: {id, envelope in hex}). Null = there is no such endpoint, or the user p_user_id does not hold webhooks:write in its organization.';
