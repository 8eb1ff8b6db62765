create function private.mail_settings_reply(p_organization_id uuid) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_settings private.mail_settings;
begin
  select * into v_settings from private.mail_settings s where s.organization_id = p_organization_id;
  return jsonb_build_object(
    'organization_id', p_organization_id,
    'digest', case
      when exists (select from private.digest_opt_outs x where x.organization_id = p_organization_id) then 'off'
      else coalesce(v_settings.digest, 'week')
    end,
    'time_zone', coalesce(v_settings.time_zone, 'UTC'),
    'brand', jsonb_build_object(
      'name', v_settings.brand_name, 'logo_url', v_settings.logo_url, 'color', v_settings.color, 'reply_to', v_settings.reply_to
    ),
    'version', coalesce(v_settings.version, 1), 'updated_at', v_settings.updated_at
  );
end;
$$;

revoke all on function private.mail_settings_reply(uuid) from public, anon, authenticated, service_role;
comment on function private.mail_settings_reply(uuid) is 'The mail settings of an organization as the API shows them, with what is usual where nothing is set.';

create function public.get_mail_settings(p_organization_id uuid) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  perform private.require_permission(p_organization_id, 'mail:read', 'organization');
  return private.mail_settings_reply(p_organization_id);
end;
$$;

revoke all on function public.get_mail_settings(uuid) from public, anon, authenticated, service_role;
grant execute on function public.get_mail_settings(uuid) to authenticated;
comment on function public.get_mail_settings(uuid) is
  'How an organization wants its mails: {digest: off, week or day, time_zone, brand: {name, logo_url, color, reply_to}, version}. Needs mail:read.';

create function private.fits_time_zone(p_time_zone text) returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return p_time_zone ~ '^[A-Za-z][A-Za-z0-9_+/-]{1,63}$' and (private.now() at time zone p_time_zone) is not null;
exception when invalid_parameter_value then
  return false;
end;
$$;

revoke all on function private.fits_time_zone(text) from public, anon, authenticated, service_role;
comment on function private.fits_time_zone(text) is 'Whether Postgres knows a time zone of this name.';

create function public.update_mail_settings(p_organization_id uuid, p_changes jsonb, p_if_version integer default null) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_settings private.mail_settings;
  v_brand jsonb := coalesce(nullif(p_changes -> 'brand', 'null'), '{}');
  v_before jsonb;
  v_bad text;
begin
  perform private.require_permission(p_organization_id, 'mail:write', 'organization');
  if jsonb_typeof(p_changes) is distinct from 'object' or jsonb_typeof(v_brand) <> 'object' then
    perform private.fail('invalid_request', 'The mail settings must be an object, and so must their brand', 400);
  end if;
  select min(k.name) into v_bad
  from (
    select c.key from jsonb_object_keys(p_changes) as c (key) where c.key <> all ('{digest,time_zone,brand}')
    union all
    select 'brand.' || b.key from jsonb_object_keys(v_brand) as b (key) where b.key <> all ('{name,logo_url,color,reply_to}')
  ) as k (name);
  if v_bad is not null then
    perform private.fail('invalid_request', format('The mail settings have no %s', left(v_bad, 100)), 400);
  elsif p_changes ? 'digest' and coalesce(p_changes ->> 'digest', '') not in ('off', 'week', 'day') then
    perform private.fail('invalid_request', 'The digest is off, week or day', 400);
  elsif p_changes ? 'time_zone' and not coalesce(private.fits_time_zone(p_changes ->> 'time_zone'), false) then
    perform private.fail('invalid_request', 'There is no time zone of this name', 400);
  end if;
  insert into private.mail_settings (organization_id) values (p_organization_id) on conflict do nothing;
  select * into v_settings from private.mail_settings s where s.organization_id = p_organization_id for update;
  if p_if_version is not null and p_if_version <> v_settings.version then
    perform private.fail('version_mismatch', 'The mail settings have changed since you read them', 412);
  end if;
  v_before := private.mail_settings_reply(p_organization_id) - '{organization_id,version,updated_at}'::text[];
  begin
    update private.mail_settings s set
      digest = case when p_changes ->> 'digest' in ('week', 'day') then p_changes ->> 'digest' else s.digest end,
      time_zone = coalesce(p_changes ->> 'time_zone', s.time_zone),
      brand_name = case when v_brand ? 'name' then v_brand ->> 'name' else s.brand_name end,
      logo_url = case when v_brand ? 'logo_url' then v_brand ->> 'logo_url' else s.logo_url end,
      color = case when v_brand ? 'color' then lower(v_brand ->> 'color') else s.color end,
      reply_to = case when v_brand ? 'reply_to' then v_brand ->> 'reply_to' else s.reply_to end
    where s.organization_id = p_organization_id;
  exception when check_violation then
    perform private.fail('invalid_request', 'A setting of the mails is out of range', 400);
  end;
  if p_changes ->> 'digest' = 'off' then
    insert into private.digest_opt_outs (organization_id, user_id) values (p_organization_id, private.caller_user_id())
    on conflict (organization_id) do nothing;
  elsif p_changes ? 'digest' then
    delete from private.digest_opt_outs x where x.organization_id = p_organization_id;
  end if;
  perform private.audit(p_organization_id, 'mail_settings.updated', 'mail_settings', p_organization_id::text, v_before,
    private.mail_settings_reply(p_organization_id) - '{organization_id,version,updated_at}'::text[]);
  return private.mail_settings_reply(p_organization_id);
end;
$$;

revoke all on function public.update_mail_settings(uuid, jsonb, integer) from public, anon, authenticated, service_role;
grant execute on function public.update_mail_settings(uuid, jsonb, integer) to authenticated;
comment on function public.update_mail_settings(uuid, jsonb, integer) is
  'Changes how an organization wants its mails: {digest, time_zone, brand: {name, logo_url, color, reply_to}}; what is not named stays, null clears a part of the brand. Mails that wait keep the looks they were asked for with. Needs mail:write.';
