create function private.raise_alerts() returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_task record;
  v_alert private.system_alerts;
  v_raised integer := 0;
  v_resolved integer := 0;
begin
  -- Only the watch comes here, one at a time.
  for v_task in
    select t.name, t.alert_after, l.error, c.completed_at,
      private.task_attempt(t.name) - 1 as failures
    from private.system_tasks t
    left join lateral (
      select max(r.finished_at) as completed_at from private.system_task_runs r where r.name = t.name and r.status = 'completed'
    ) c on true
    left join lateral (
      select r.error from private.system_task_runs r
      where r.name = t.name and r.status = 'failed' order by r.id desc limit 1
    ) l on true
  loop
    select * into v_alert from private.system_alerts a where a.task = v_task.name and a.resolved_at is null;
    if v_alert.id is not null and v_task.failures = 0 then
      update private.system_alerts a set resolved_at = private.now(), recovery_job_id = case
        when v_alert.mail_job_id is not null then private.mail_operators(v_alert, 'recovered') end
      where a.id = v_alert.id;
      v_resolved := v_resolved + 1;
    elsif v_alert.id is not null and v_task.failures > v_alert.failures then
      update private.system_alerts a set failures = v_task.failures, error = v_task.error where a.id = v_alert.id;
    elsif v_alert.id is null and v_task.failures >= v_task.alert_after then
      insert into private.system_alerts (task, failures, error) values (v_task.name, v_task.failures, v_task.error)
      returning * into v_alert;
      update private.system_alerts a set mail_job_id = private.mail_operators(v_alert, 'failed') where a.id = v_alert.id;
      v_raised := v_raised + 1;
    end if;
  end loop;
  return jsonb_build_object('raised', v_raised, 'resolved', v_resolved);
end;
$$;

revoke all on function private.raise_alerts() from public, anon, authenticated, service_role;
comment on function private.raise_alerts() is
  'One alert, and one mail, from the failure that counts (alert_after) to the recovery, which is told too. Answers {raised, resolved}.';
