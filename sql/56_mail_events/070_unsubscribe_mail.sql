create function private.mail_preferences_reply(p_mail public.mails) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'organization', (select o.name from public.organizations o where o.id = p_mail.organization_id),
    'address', p_mail.to_address,
    'category', p_mail.category,
    'preferences', private.wanted_mails(p_mail.tenant_id, p_mail.to_address),
    'brand', private.mail_looks(p_mail.organization_id, (
      select t.is_branded from private.mail_templates t where t.name = p_mail.template
    )) -> 'brand'
  );
end;
$$;

revoke all on function private.mail_preferences_reply(public.mails) from public, anon, authenticated, service_role;
comment on function private.mail_preferences_reply(public.mails) is
  'What the page behind the links of a mail shows: {organization (null = the platform), address, category of the mail, preferences, brand (null = the platform''s)}.';

create function engine.get_mail_preferences(p_mail_id uuid) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_mail public.mails;
begin
  select * into v_mail from public.mails m where m.id = p_mail_id;
  return case when found then private.mail_preferences_reply(v_mail) end;
end;
$$;

revoke all on function engine.get_mail_preferences(uuid) from public, anon, authenticated, service_role;
grant execute on function engine.get_mail_preferences(uuid) to service_role;
comment on function engine.get_mail_preferences(uuid) is
  'Which mails the receiver of a mail wants of its tenant, for whoever holds its signed link. Null = the mail is forgotten.';

create function engine.set_mail_preferences(p_mail_id uuid, p_wanted jsonb) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_mail public.mails;
begin
  select * into v_mail from public.mails m where m.id = p_mail_id;
  if not found then
    return null;
  end if;
  perform private.want_mails(v_mail.organization_id, v_mail.to_address, p_wanted, p_mail_id);
  return private.mail_preferences_reply(v_mail);
end;
$$;

revoke all on function engine.set_mail_preferences(uuid, jsonb) from public, anon, authenticated, service_role;
grant execute on function engine.set_mail_preferences(uuid, jsonb) to service_role;
comment on function engine.set_mail_preferences(uuid, jsonb) is
  'What the receiver of a mail chose on the page behind its link: private.want_mails. Null = the mail is forgotten.';

create function engine.unsubscribe_mail(p_mail_id uuid) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_mail public.mails;
begin
  select * into v_mail from public.mails m where m.id = p_mail_id;
  if not found then
    return null;
  end if;
  if v_mail.category <> 'transactional' then
    perform private.want_mails(v_mail.organization_id, v_mail.to_address, jsonb_build_object(v_mail.category, false), p_mail_id);
  end if;
  return private.mail_preferences_reply(v_mail);
end;
$$;

revoke all on function engine.unsubscribe_mail(uuid) from public, anon, authenticated, service_role;
grant execute on function engine.unsubscribe_mail(uuid) to service_role;
comment on function engine.unsubscribe_mail(uuid) is
  'One click (RFC 8058): the receiver gets no more mails of this category from its tenant. Any number of clicks is one. Null = the mail is forgotten.';
