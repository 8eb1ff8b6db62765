create function engine.send_mails(p_mails jsonb) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
-- p_mails: [{organization_id, template, to, data, key}]
declare
  v_mail jsonb;
  v_added public.mails;
  v_queued integer := 0;
begin
  if jsonb_typeof(p_mails) is distinct from 'array' or jsonb_array_length(p_mails) > 1000 then
    perform private.fail('invalid_request', 'Mails come as a list of 1,000 at most', 400);
  end if;
  for v_mail in select e.value from jsonb_array_elements(p_mails) e loop
    v_added := private.add_mail((v_mail ->> 'organization_id')::uuid, v_mail ->> 'template', v_mail ->> 'to', v_mail -> 'data', v_mail ->> 'key');
    if v_added.status = 'queued' then
      v_queued := v_queued + 1;
    end if;
  end loop;
  if v_queued > 0 then
    perform private.wake_mails();
  end if;
  return jsonb_build_object('queued', v_queued);
end;
$$;

revoke all on function engine.send_mails(jsonb) from public, anon, authenticated, service_role;
grant execute on function engine.send_mails(jsonb) to service_role;
comment on function engine.send_mails(jsonb) is
  'private.send_mail for jobs and functions, for several mails at once: [{organization_id, template, to, data, key}]. Answers how many were queued; those with keys that are known were before.';
