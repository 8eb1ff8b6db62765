create function private.keep_mails() returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_given_up integer;
begin
  with late as (
    select m.id from public.mails m where m.status = 'queued' and m.expires_at <= v_now order by m.expires_at limit 5000 for update skip locked
  )
  update public.mails m set status = 'expired', ended_at = v_now from late where m.id = late.id;
  -- Nobody will ever know: SMTP has no keys, and Resend forgets its own after a day.
  with lost as (
    select m.id from public.mails m
    where m.status = 'sending' and m.leased_until <= v_now
      and (m.provider = 'smtp' or m.created_at < v_now - interval '20 hours' or m.expires_at <= v_now)
    order by m.leased_until limit 5000 for update skip locked
  )
  update public.mails m set
    status = 'failed', ended_at = v_now, is_unsure = false, leased_until = null,
    error = jsonb_build_object('code', 'outcome_unknown', 'message', 'The provider was asked, and its answer is not known: it may have been sent')
  from lost where m.id = lost.id;
  get diagnostics v_given_up = row_count;
  delete from private.mail_data d where d.ctid in (
    select o.ctid from private.mail_data o where o.forget_at <= v_now order by o.forget_at limit 5000
  );
  delete from public.mails m where m.ctid in (
    select o.ctid from public.mails o where o.ended_at < v_now - interval '90 days' limit 5000
  );
  if exists (
    select 1 from public.mails m where m.status = 'queued' and m.scheduled_for <= v_now
    union all
    select 1 from public.mails m where m.status = 'sending' and m.leased_until <= v_now
  ) then
    perform private.wake_mails();
  end if;
  return v_given_up;
end;
$$;

revoke all on function private.keep_mails() from public, anon, authenticated, service_role;
comment on function private.keep_mails() is
  'The task mails, each minute: sees to it that what is due has a sender, ends what came too late or will never be known, forgets what mails said after a week and that they were sent after 90 days. Answers how many were given up.';
