create function private.try_mail_event(p_event public.mail_events) returns text
language plpgsql
set search_path = ''
as $$
declare
  v_event public.mail_events;
begin
  begin
    v_event := private.apply_mail_event(p_event);
  exception
    when others then
      -- The receipt stays: private.keep_mail_events tries again.
      v_event := p_event;
      v_event.status := 'failed';
      v_event.error := left(sqlstate || ' ' || sqlerrm, 500);
  end;
  update public.mail_events e set
    status = v_event.status, error = v_event.error, mail_id = v_event.mail_id, organization_id = v_event.organization_id
  where e.id = p_event.id;
  return v_event.status;
end;
$$;

revoke all on function private.try_mail_event(public.mail_events) from public, anon, authenticated, service_role;
comment on function private.try_mail_event(public.mail_events) is
  'Applies an event and writes down what came of it: applied, pending or failed. Fails for no reason that lies in the event.';

create function engine.receive_mail_event(p_event jsonb) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
-- p_event: {provider, event_id, message_id, mail_id, type, detail, occurred_at}
declare
  v_event public.mail_events;
begin
  insert into public.mail_events (
    provider, provider_event_id, provider_message_id, tagged_mail_id, type, detail, occurred_at
  )
  values (
    p_event ->> 'provider', p_event ->> 'event_id', p_event ->> 'message_id', (p_event ->> 'mail_id')::uuid, p_event ->> 'type',
    nullif(p_event -> 'detail', 'null'), (p_event ->> 'occurred_at')::timestamptz
  )
  on conflict (provider, provider_event_id) do nothing
  returning * into v_event;
  if v_event.id is null then
    return '{"status": "duplicate"}';
  end if;
  return jsonb_build_object('status', private.try_mail_event(v_event));
end;
$$;

revoke all on function engine.receive_mail_event(jsonb) from public, anon, authenticated, service_role;
grant execute on function engine.receive_mail_event(jsonb) to service_role;
comment on function engine.receive_mail_event(jsonb) is
  'Keeps what a provider tells of a mail and applies it, in one transaction: a provider that is answered need not say it again, and one that says it again changes nothing. Answers {status}: applied, pending (no mail is known by it yet), failed (kept, and tried again) or duplicate.';

create function private.keep_mail_events() returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_event public.mail_events;
  v_applied integer := 0;
begin
  for v_event in
    select * from public.mail_events e
    where e.status in ('pending', 'failed') and e.received_at > v_now - interval '1 day'
    order by e.received_at
    limit 1000
    for update skip locked
  loop
    if private.try_mail_event(v_event) = 'applied' then
      v_applied := v_applied + 1;
    end if;
  end loop;
  -- Whoever sent it has long written down what the provider calls it: the message is of a flow, or of another project.
  -- What says that it is of ours waits for a sender that got no answer.
  update public.mail_events e set status = 'ignored' where e.id in (
    select p.id from public.mail_events p
    where p.status = 'pending'
      and p.received_at <= v_now - case when p.tagged_mail_id is null then interval '10 minutes' else interval '1 day' end
    order by p.received_at limit 5000
  );
  delete from public.mail_events e where e.id in (
    select o.id from public.mail_events o
    where o.status = 'ignored' and o.received_at <= v_now - interval '2 days'
    order by o.received_at limit 5000
  );
  delete from public.mail_events e where e.id in (
    select o.id from public.mail_events o
    where o.status = 'failed' and o.received_at <= v_now - interval '30 days'
    order by o.received_at limit 5000
  );
  return v_applied;
end;
$$;

revoke all on function private.keep_mail_events() from public, anon, authenticated, service_role;
comment on function private.keep_mail_events() is
  'The task mail-events, each minute: applies what could not be applied when it came, ignores what is of no mail of ours after ten minutes (a day where it says that it is), and forgets that. Answers how many were applied.';
