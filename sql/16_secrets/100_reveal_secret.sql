create function public.request_secret_reveal(p_secret_id uuid, p_number integer default null) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_secret public.secrets;
  v_ticket uuid;
begin
  select * into v_secret from public.secrets s where s.id = p_secret_id;
  perform private.require_permission(v_secret.organization_id, 'secrets:write', 'secret');
  perform private.require_aal2(v_secret.organization_id);
  v_secret.current_version := coalesce(p_number, v_secret.current_version);
  if not exists (
    select 1 from private.secret_versions v
    where v.secret_id = p_secret_id and v.number = v_secret.current_version and v.envelope is not null
  ) then
    perform private.fail('not_found', 'No such version, or it is destroyed', 404);
  end if;
  perform private.note_secret_access(v_secret, 'reveal', null, null, private.caller_user_id(), private.caller_key_id(), 1);
  perform private.audit(v_secret.organization_id, 'secret.revealed', 'secret', p_secret_id::text, null, null,
    jsonb_build_object('name', v_secret.name, 'number', v_secret.current_version));
  delete from private.secret_tickets t where t.expires_at < private.now();
  insert into private.secret_tickets (secret_id, number, expires_at)
  values (p_secret_id, v_secret.current_version, private.now() + interval '30 seconds')
  returning ticket into v_ticket;
  return jsonb_build_object('ticket', v_ticket, 'number', v_secret.current_version);
end;
$$;

revoke all on function public.request_secret_reveal(uuid, integer) from public, anon, authenticated, service_role;
grant execute on function public.request_secret_reveal(uuid, integer) to authenticated;
comment on function public.request_secret_reveal(uuid, integer) is
  'Judges whether the caller may see a value (secrets:write), writes that down, and gives a ticket that only the functions can redeem. p_number null = the current version.';

create function engine.redeem_secret_ticket(p_ticket uuid) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_ticket private.secret_tickets;
begin
  delete from private.secret_tickets t where t.ticket = p_ticket returning * into v_ticket;
  if v_ticket.ticket is null or v_ticket.expires_at < private.now() then
    return null;
  end if;
  return (
    select jsonb_build_object('organization_id', v.organization_id, 'secret_id', v.secret_id, 'number', v.number,
      'envelope', replace(encode(v.envelope, 'base64'), E'\n', ''))
    from private.secret_versions v
    where v.secret_id = v_ticket.secret_id and v.number = v_ticket.number and v.envelope is not null
  );
end;
$$;

revoke all on function engine.redeem_secret_ticket(uuid) from public, anon, authenticated, service_role;
grant execute on function engine.redeem_secret_ticket(uuid) to service_role;
comment on function engine.redeem_secret_ticket(uuid) is
  'The encrypted value that a ticket stands for, once: {organization_id, secret_id, number, envelope}; null when there is none.';
