create function public.suppress_address(
  p_organization_id uuid,
  p_address text,
  p_note text default null,
  p_idempotency_key text default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_suppression public.mail_suppressions;
  v_reply jsonb;
begin
  perform private.require_permission(p_organization_id, 'mail:write', 'organization');
  v_reply := private.idempotent_reply(p_organization_id, 'suppress_address', p_idempotency_key,
    jsonb_build_array(lower(p_address), p_note));
  if v_reply is not null then
    return v_reply;
  end if;
  begin
    insert into public.mail_suppressions (organization_id, tenant_id, address, scope, reason, note, created_by)
    values (p_organization_id, p_organization_id, lower(p_address), 'everything', 'manual', p_note, private.caller_user_id())
    on conflict (tenant_id, address, scope) do nothing
    returning * into v_suppression;
  exception
    when check_violation or not_null_violation then
      perform private.fail('invalid_request', 'This is no e-mail address, or the note is longer than 500 characters', 400);
  end;
  if v_suppression.id is null then
    perform private.fail('conflict', 'The address is on the list already', 409);
  end if;
  perform private.audit(p_organization_id, 'mail_suppression.created', 'mail_suppression', v_suppression.id::text, null, null,
    jsonb_build_object('reason', 'manual'));
  return private.keep_reply(p_organization_id, 'suppress_address', p_idempotency_key, to_jsonb(v_suppression) - 'tenant_id');
end;
$$;

revoke all on function public.suppress_address(uuid, text, text, text) from public, anon, authenticated, service_role;
grant execute on function public.suppress_address(uuid, text, text, text) to authenticated;
comment on function public.suppress_address(uuid, text, text, text) is
  'Puts an address on the list of those who get no mail of the organization at all; 409 when it is there already. Needs mail:write.';

create function public.lift_suppression(p_suppression_id uuid) returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_suppression public.mail_suppressions;
begin
  select * into v_suppression from public.mail_suppressions s where s.id = p_suppression_id for update;
  perform private.require_permission(v_suppression.organization_id, 'mail:write', 'suppression');
  if v_suppression.scope <> 'everything' then
    perform private.fail('conflict', 'The receiver wants no such mails: only they can change that, by the link in any mail', 409);
  end if;
  delete from public.mail_suppressions s where s.id = p_suppression_id;
  perform private.audit(v_suppression.organization_id, 'mail_suppression.deleted', 'mail_suppression', p_suppression_id::text,
    null, null, jsonb_build_object('reason', v_suppression.reason));
end;
$$;

revoke all on function public.lift_suppression(uuid) from public, anon, authenticated, service_role;
grant execute on function public.lift_suppression(uuid) to authenticated;
comment on function public.lift_suppression(uuid) is
  'Takes an address off the list that bounced or was put there by hand; 409 for what its owner said. Needs mail:write.';
