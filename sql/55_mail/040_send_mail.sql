create function private.add_mail(
  p_organization_id uuid,
  p_template text,
  p_to text,
  p_data jsonb,
  p_key text,
  p_scheduled_for timestamptz default null,
  p_resent_from uuid default null
) returns public.mails
language plpgsql
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_due timestamptz := greatest(p_scheduled_for, v_now);
  v_tenant_id uuid := coalesce(p_organization_id, private.platform_id());
  v_template private.mail_templates;
  v_suppressed boolean;
  v_mail public.mails;
begin
  select * into v_template from private.mail_templates t where t.name = p_template;
  if not found then
    perform private.fail('invalid_request', format('There is no mail template %s', p_template), 400);
  end if;
  v_suppressed := private.is_suppressed(v_tenant_id, p_to, v_template.category);
  insert into public.mails (
    organization_id, tenant_id, template, category, key, to_address, status, priority, scheduled_for, expires_at,
    resent_from, ended_at
  )
  values (
    p_organization_id, v_tenant_id, p_template, v_template.category, p_key, p_to,
    case when v_suppressed then 'suppressed' else 'queued' end, v_template.priority, v_due,
    v_due + coalesce(v_template.expires_after, interval '7 days'), p_resent_from, case when v_suppressed then v_now end
  )
  on conflict (tenant_id, template, key) do nothing
  returning * into v_mail;
  if v_mail.id is not null and not v_suppressed then
    insert into private.mail_data (mail_id, data, looks, forget_at)
    values (v_mail.id, p_data, private.mail_looks(p_organization_id, v_template.is_branded), v_mail.expires_at + case when v_template.is_sensitive then interval '1 hour' else interval '7 days' end);
  end if;
  return v_mail;
exception
  when check_violation or not_null_violation then
    perform private.fail('invalid_request', format('A mail that can not be sent: %s', sqlerrm), 400);
end;
$$;

revoke all on function private.add_mail(uuid, text, text, jsonb, text, timestamptz, uuid) from public, anon, authenticated, service_role;
comment on function private.add_mail(uuid, text, text, jsonb, text, timestamptz, uuid) is
  'Part of private.send_mail: writes the row. Null = there is one with this key.';

create function private.mail_looks(p_organization_id uuid, p_branded boolean) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object('time_zone', s.time_zone) || case
      when p_branded and coalesce(s.brand_name, s.logo_url, s.color, s.reply_to) is not null then jsonb_build_object('brand',
        jsonb_build_object('name', s.brand_name, 'logo_url', s.logo_url, 'color', s.color, 'reply_to', s.reply_to))
      else '{}' end
    from private.mail_settings s where s.organization_id = p_organization_id
  );
end;
$$;

revoke all on function private.mail_looks(uuid, boolean) from public, anon, authenticated, service_role;
comment on function private.mail_looks(uuid, boolean) is
  'How mails of an organization look now: {time_zone, brand}, the brand only where p_branded. Null = nothing is set.';

create function private.wake_mails() returns void
language plpgsql
set search_path = ''
as $$
begin
  -- One job sends all that is due. It may end just before the caller commits; then the task mails, each minute, or the next
  -- mail calls one.
  if not exists (
    select 1 from public.job_queue j
    where j.organization_id = private.platform_id() and j.status = 'available' and j.priority = 10 and j.type = 'mail.send'
      and j.scheduled_for <= private.now()
  ) and not exists (
    select 1 from public.job_queue j
    where j.organization_id = private.platform_id() and j.status = 'blocked' and j.concurrency_key = 'mail.send'
  ) then
    perform private.enqueue_job(null, 'mail.send', '{}', '{"priority": 10, "concurrency_key": "mail.send", "concurrency_limit": 2}');
  end if;
end;
$$;

revoke all on function private.wake_mails() from public, anon, authenticated, service_role;
comment on function private.wake_mails() is 'Sees to it that a job mail.send is there. It waits for nobody: two may be there, which does no harm.';

create function private.send_mail(p_organization_id uuid, p_template text, p_to text, p_data jsonb, p_key text) returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_mail public.mails := private.add_mail(p_organization_id, p_template, p_to, p_data, p_key);
begin
  if v_mail.id is null then
    return (
      select m.id from public.mails m
      where m.tenant_id = coalesce(p_organization_id, private.platform_id()) and m.template = p_template and m.key = p_key
    );
  end if;
  if v_mail.status = 'queued' then
    perform private.wake_mails();
  end if;
  return v_mail.id;
end;
$$;

revoke all on function private.send_mail(uuid, text, text, jsonb, text) from public, anon, authenticated, service_role;
comment on function private.send_mail(uuid, text, text, jsonb, text) is
  'Queues a mail to one address, in the transaction of the caller, once for each organization, template and p_key, ever. p_organization_id null = the platform''s own. p_data as the template''s schema in shared/mail/templates has it; what does not fit makes the mail fail, not the caller. Answers the mail, or the one that has the key.';
