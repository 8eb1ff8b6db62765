create function private.mail_operators(p_alert private.system_alerts, p_event text) returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_to text := private.setting('operator_email');
begin
  if v_to is null or to_regprocedure('private.enqueue_job(uuid, text, jsonb, jsonb)') is null then
    return null;
  end if;
  return private.enqueue_job(private.platform_id(), 'system.alert', jsonb_build_object(
    'alert_id', p_alert.id, 'event', p_event, 'to', v_to, 'task', p_alert.task, 'failures', p_alert.failures,
    'error', p_alert.error, 'opened_at', p_alert.opened_at
  ), '{"priority": 10}');
end;
$$;

revoke all on function private.mail_operators(private.system_alerts, text) from public, anon, authenticated, service_role;
comment on function private.mail_operators(private.system_alerts, text) is
  'Enqueues the mail about an alert: p_event failed or recovered. Answers the job; null = engine.configure was given no address.';
