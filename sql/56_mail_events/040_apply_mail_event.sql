create function private.find_told_mail(p_event public.mail_events) returns public.mails
language plpgsql
set search_path = ''
as $$
declare
  v_mail public.mails;
begin
  select * into v_mail from public.mails m
  where m.provider_message_id = p_event.provider_message_id and m.provider = p_event.provider
  limit 1 for update;
  if not found and p_event.tagged_mail_id is not null then
    -- Its sender got no answer: the event is the answer. While the sender may still write down what it got, it is left to.
    select * into v_mail from public.mails m
    where m.id = p_event.tagged_mail_id and m.provider_message_id is null
      and (m.leased_until is null or m.leased_until <= private.now())
    for update;
  end if;
  return v_mail;
end;
$$;

revoke all on function private.find_told_mail(public.mail_events) from public, anon, authenticated, service_role;
comment on function private.find_told_mail(public.mail_events) is
  'Part of private.apply_mail_event: locks the mail that an event tells of; null = it is none of ours, or its sender has not written it down yet.';

create function private.apply_mail_event(p_event public.mail_events) returns public.mail_events
language plpgsql
set search_path = ''
as $$
declare
  v_event public.mail_events := p_event;
  v_mail public.mails := private.find_told_mail(p_event);
  v_is_hard boolean := p_event.type = 'bounced' and coalesce(p_event.detail ->> 'type', '') = 'Permanent';
  v_was_hard boolean;
  v_arrived boolean;
  v_status text;
  v_error jsonb;
begin
  if v_mail.id is null then
    return v_event;
  end if;
  v_event.mail_id := v_mail.id;
  v_event.organization_id := v_mail.organization_id;
  v_event.status := 'applied';
  v_event.error := null;

  -- Whatever the order, and however often: the status is the highest of what was ever told. Opens, clicks and complaints
  -- are proofs of arrival too.
  v_was_hard := v_mail.status = 'bounced' and coalesce(v_mail.error ->> 'code', '') = 'hard_bounce';
  v_arrived := p_event.type in ('delivered', 'opened', 'clicked', 'complained');
  v_status := case
    when p_event.type = 'complained' or v_mail.status = 'complained' then 'complained'
    when v_is_hard or v_was_hard then 'bounced'
    when v_arrived or v_mail.delivered_at is not null then 'delivered'
    when p_event.type = 'bounced' or v_mail.status = 'bounced' then 'bounced'
    when p_event.type = 'suppressed' or v_mail.status = 'suppressed' then 'suppressed'
    when p_event.type = 'failed' or v_mail.error ->> 'code' = 'provider_failed' then 'failed'
    else 'sent'
  end;
  v_error := case
    when v_status in ('sent', 'delivered') then null
    when v_status = v_mail.status and not (v_status = 'bounced' and v_is_hard and not v_was_hard) then v_mail.error
    else jsonb_build_object(
      'code', case p_event.type
        when 'complained' then 'complaint' when 'suppressed' then 'provider_suppressed' when 'failed' then 'provider_failed'
        else case when v_is_hard then 'hard_bounce' else 'soft_bounce' end
      end,
      'message', coalesce(p_event.detail ->> 'message', case when p_event.type = 'complained'
        then 'The receiver called it spam' else 'The provider gave no reason' end)
    )
  end;

  update public.mails m set
    status = v_status,
    error = v_error,
    provider = p_event.provider,
    provider_message_id = p_event.provider_message_id,
    delivered_at = case when v_arrived then least(m.delivered_at, p_event.occurred_at) else m.delivered_at end,
    opened_at = case when p_event.type = 'opened' then least(m.opened_at, p_event.occurred_at) else m.opened_at end,
    clicked_at = case when p_event.type = 'clicked' then least(m.clicked_at, p_event.occurred_at) else m.clicked_at end,
    opens = m.opens + (p_event.type = 'opened')::integer,
    clicks = m.clicks + (p_event.type = 'clicked')::integer,
    sent_at = coalesce(m.sent_at, least(p_event.occurred_at, private.now())),
    ended_at = coalesce(m.ended_at, private.now()),
    is_unsure = false,
    leased_until = null
  where m.id = v_mail.id;

  if v_mail.ended_at is null then
    -- It is out, though nobody told its sender: what opens something is of no use any more, but to thieves.
    delete from private.mail_data d using private.mail_templates t
    where d.mail_id = v_mail.id and t.name = v_mail.template and t.is_sensitive;
  end if;
  if v_is_hard then
    perform private.suppress(v_mail, 'everything', 'bounced', p_event.detail ->> 'message');
  elsif p_event.type = 'complained' then
    perform private.suppress(v_mail, 'optional', 'complained', p_event.detail ->> 'message');
  end if;
  if v_mail.organization_id is not null and v_status in ('bounced', 'complained') and v_status <> v_mail.status then
    perform private.publish_event(v_mail.organization_id, 'email.' || v_status, jsonb_build_object(
      'id', v_mail.id, 'to', v_mail.to_address, 'template', v_mail.template,
      'reason', case when v_status = 'bounced' then v_error ->> 'message' end
    ), v_mail.id::text);
  end if;
  return v_event;
end;
$$;

revoke all on function private.apply_mail_event(public.mail_events) from public, anon, authenticated, service_role;
comment on function private.apply_mail_event(public.mail_events) is
  'Does to its mail what an event says, and to the list of those who get none. Any order of the same events, doubled or not, comes to the same end; the caller sees to it that each is applied once, for opens and clicks are counted. Gives the event back as it stands now; still pending = no mail is known by it.';
