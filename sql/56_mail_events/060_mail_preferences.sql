create function private.wanted_mails(p_tenant_id uuid, p_email text) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select jsonb_object_agg(c.name, not exists (
      select from public.mail_suppressions s
      where s.tenant_id = p_tenant_id and s.address = lower(p_email) and s.scope in ('optional', c.name)
    ))
    from unnest('{alerts,digests,product}'::text[]) c (name)
  );
end;
$$;

revoke all on function private.wanted_mails(uuid, text) from public, anon, authenticated, service_role;
comment on function private.wanted_mails(uuid, text) is
  'Which of the mails that can be switched off an address wants from a tenant: {alerts, digests, product}, each true until its owner said otherwise.';

create function private.want_mails(
  p_organization_id uuid,
  p_email text,
  p_wanted jsonb,
  p_mail_id uuid default null,
  p_user_id uuid default null
) returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_tenant_id uuid := coalesce(p_organization_id, private.platform_id());
  v_wanted jsonb;
  v_off text[];
begin
  if jsonb_typeof(p_wanted) is distinct from 'object' or exists (
    select from jsonb_each(p_wanted) w where w.key not in ('alerts', 'digests', 'product') or jsonb_typeof(w.value) <> 'boolean'
  ) then
    perform private.fail('invalid_request', 'Give true or false for alerts, digests and product', 400);
  end if;
  v_wanted := private.wanted_mails(v_tenant_id, p_email) || p_wanted;
  v_off := array(select w.key from jsonb_each(v_wanted) w where w.value = 'false');
  -- A complaint stands for all of them: it is over when its author wants one again.
  delete from public.mail_suppressions s
  where s.tenant_id = v_tenant_id and s.address = lower(p_email) and s.scope <> 'everything'
    and case s.scope when 'optional' then cardinality(v_off) < 3 else s.scope <> all (v_off) end;
  insert into public.mail_suppressions (organization_id, tenant_id, address, scope, reason, mail_id, created_by)
  select p_organization_id, v_tenant_id, lower(p_email), o.scope, 'unsubscribed', p_mail_id, p_user_id
  from unnest(v_off) o (scope)
  where not exists (
    select from public.mail_suppressions s
    where s.tenant_id = v_tenant_id and s.address = lower(p_email) and s.scope = 'optional'
  )
  on conflict (tenant_id, address, scope) do nothing;
  return v_wanted;
end;
$$;

revoke all on function private.want_mails(uuid, text, jsonb, uuid, uuid) from public, anon, authenticated, service_role;
comment on function private.want_mails(uuid, text, jsonb, uuid, uuid) is
  'Writes down which mails the owner of an address wants: {alerts, digests, product}, each true or false; what is left out stays as it is. Answers all three.';
