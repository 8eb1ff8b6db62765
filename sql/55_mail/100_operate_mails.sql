create function private.mail_reply(p_mail public.mails) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return to_jsonb(p_mail) - '{tenant_id,batch_id,leased_until,is_unsure}'::text[];
end;
$$;

revoke all on function private.mail_reply(public.mails) from public, anon, authenticated, service_role;
comment on function private.mail_reply(public.mails) is 'A mail as routes answer it: without what only senders need.';

create function public.cancel_mail(p_mail_id uuid) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_mail public.mails;
begin
  select * into v_mail from public.mails m where m.id = p_mail_id for update;
  perform private.require_permission(v_mail.organization_id, 'mail:write', 'mail');
  if v_mail.status <> 'queued' then
    perform private.fail('conflict', format('The mail is %s: only one that is queued can be cancelled', v_mail.status), 409);
  end if;
  update public.mails m set status = 'cancelled', ended_at = private.now() where m.id = p_mail_id returning * into v_mail;
  delete from private.mail_data d using private.mail_templates t
  where d.mail_id = p_mail_id and t.name = v_mail.template and t.is_sensitive;
  perform private.audit(v_mail.organization_id, 'mail.cancelled', 'mail', p_mail_id::text, null, null,
    jsonb_build_object('template', v_mail.template));
  return private.mail_reply(v_mail);
end;
$$;

revoke all on function public.cancel_mail(uuid) from public, anon, authenticated, service_role;
grant execute on function public.cancel_mail(uuid) to authenticated;
comment on function public.cancel_mail(uuid) is 'Keeps a queued mail from being sent; 409 once it is on its way. Needs mail:write.';

create function public.resend_mail(p_mail_id uuid) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_mail public.mails;
  v_data jsonb;
  v_new public.mails;
begin
  select * into v_mail from public.mails m where m.id = p_mail_id for update;
  perform private.require_permission(v_mail.organization_id, 'mail:write', 'mail');
  if v_mail.ended_at is null or exists (
    select 1 from public.mails m where m.resent_from = p_mail_id and m.ended_at is null
  ) then
    perform private.fail('conflict', 'The mail is on its way', 409);
  end if;
  select d.data into v_data from private.mail_data d where d.mail_id = p_mail_id;
  if v_data is null then
    perform private.fail('conflict', 'What the mail said is forgotten: ask for a new one where it came from', 409);
  end if;
  v_new := private.add_mail(v_mail.organization_id, v_mail.template, v_mail.to_address, v_data,
    left(v_mail.key, 240) || ':again:' || private.uuid_v7(), null, v_mail.id);
  if v_new.status = 'queued' then
    perform private.wake_mails();
  end if;
  perform private.audit(v_mail.organization_id, 'mail.resent', 'mail', v_new.id::text, null, null,
    jsonb_build_object('template', v_mail.template, 'resent_from', p_mail_id));
  return private.mail_reply(v_new);
end;
$$;

revoke all on function public.resend_mail(uuid) from public, anon, authenticated, service_role;
grant execute on function public.resend_mail(uuid) to authenticated;
comment on function public.resend_mail(uuid) is
  'Queues a mail once more, to the same address, as a mail of its own; 409 while it, or another try of it, is on its way, or when what it said is forgotten. Needs mail:write.';
