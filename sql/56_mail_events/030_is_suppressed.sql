create function private.is_suppressed(p_tenant_id uuid, p_email text, p_category text) returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return exists (
    select from public.mail_suppressions s
    where s.tenant_id = p_tenant_id and s.address = lower(p_email) and case s.scope
      -- Mailboxes come back. What cannot be switched off is risked again after a week: else a bounced sign-in link would
      -- lock somebody out for good.
      when 'everything' then s.reason = 'manual' or p_category <> 'transactional' or s.created_at > private.now() - interval '7 days'
      when 'optional' then p_category <> 'transactional'
      else s.scope = p_category
    end
  );
end;
$$;

revoke all on function private.is_suppressed(uuid, text, text) from public, anon, authenticated, service_role;
comment on function private.is_suppressed(uuid, text, text) is
  'Whether an address gets no mails of a category from a tenant (an organization, or the platform''s id): it bounced there, its owner complained or switched them off, or somebody of the tenant put it on the list.';

create function private.suppress(p_mail public.mails, p_scope text, p_reason text, p_note text) returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into public.mail_suppressions as s (organization_id, tenant_id, address, scope, reason, note, mail_id)
  values (p_mail.organization_id, p_mail.tenant_id, lower(p_mail.to_address), p_scope, p_reason, left(p_note, 500), p_mail.id)
  on conflict (tenant_id, address, scope) do update
    set note = excluded.note, mail_id = excluded.mail_id, created_at = excluded.created_at
    where s.reason = 'bounced' and excluded.reason = 'bounced';
end;
$$;

revoke all on function private.suppress(public.mails, text, text, text) from public, anon, authenticated, service_role;
comment on function private.suppress(public.mails, text, text, text) is
  'Puts the receiver of a mail on the list of its tenant. Who is there stays as they are, but for the time of the last bounce.';
