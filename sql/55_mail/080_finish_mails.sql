create function engine.finish_mails(p_batch_id uuid, p_results jsonb) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
-- p_results: [{id, outcome, provider, message_id, subject, error, delay_seconds}]; outcome sent, failed (for good), retry (it
-- was surely not taken), back (the same, and it was not even tried) or unsure (nobody knows: the same provider is asked again)
declare
  v_now timestamptz := private.now();
  v_changed integer;
  v_retried integer;
begin
  with result as (
    select r.* from jsonb_to_recordset(p_results) as r (
      id uuid, outcome text, provider text, message_id text, subject text, error jsonb, delay_seconds double precision
    )
  ),
  done as (
    update public.mails m set
      status = case r.outcome
        when 'sent' then 'sent' when 'failed' then 'failed' when 'unsure' then 'sending'
        else case when m.attempts >= 12 and r.outcome = 'retry' then 'failed' when v_now + make_interval(secs => r.delay_seconds) >= m.expires_at then 'expired'
          else 'queued' end
      end,
      attempts = m.attempts - case r.outcome when 'back' then 1 else 0 end,
      ended_at = case when r.outcome = 'unsure' or (r.outcome = 'back' or r.outcome = 'retry' and m.attempts < 12)
        and v_now + make_interval(secs => r.delay_seconds) < m.expires_at then null else v_now end,
      sent_at = case when r.outcome = 'sent' then v_now end,
      provider = coalesce(r.provider, m.provider),
      provider_message_id = r.message_id,
      subject = coalesce(left(r.subject, 300), m.subject),
      error = case when r.outcome <> 'sent' then r.error end,
      batch_id = case when r.outcome in ('retry', 'back') then null else m.batch_id end,
      is_unsure = r.outcome = 'unsure',
      leased_until = case when r.outcome = 'unsure' then v_now + make_interval(secs => r.delay_seconds) end,
      scheduled_for = case when r.outcome in ('retry', 'back') then v_now + make_interval(secs => r.delay_seconds) else m.scheduled_for end
    from result r
    where m.id = r.id and m.batch_id = p_batch_id and m.status = 'sending'
    returning m.id, m.template, m.status
  ),
  forgotten as (
    -- What opens something is of no use any more, but to thieves.
    delete from private.mail_data d using done, private.mail_templates t
    where d.mail_id = done.id and done.status not in ('queued', 'sending') and t.name = done.template and t.is_sensitive
  )
  select count(*), count(*) filter (where d.status = 'queued') into v_changed, v_retried from done d;
  if v_retried > 0 then
    perform private.wake_mails();
  end if;
  return jsonb_build_object('changed', v_changed);
end;
$$;

revoke all on function engine.finish_mails(uuid, jsonb) from public, anon, authenticated, service_role;
grant execute on function engine.finish_mails(uuid, jsonb) to service_role;
comment on function engine.finish_mails(uuid, jsonb) is
  'What became of a batch: [{id, outcome, provider, message_id, subject, error, delay_seconds}]. A mail that is not of the batch any more is left alone: {changed} says how many were.';
