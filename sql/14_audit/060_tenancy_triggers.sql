-- The tables that were there before the log. Later ones have their trigger beside them.
create trigger audit after insert or update or delete on public.organizations
  for each row execute function private.audit_row('id', 'id', '');
create trigger audit after insert or update or delete on public.organization_members
  for each row execute function private.audit_row('organization_id', 'user_id', '', 'member');
create trigger audit after insert or update or delete on public.workspaces
  for each row execute function private.audit_row('organization_id', 'id', '');
create trigger audit after insert or update or delete on public.plans
  for each row execute function private.audit_row('', 'id', '');
create trigger audit after insert or delete or update of email, display_name on public.profiles
  for each row execute function private.audit_row('', 'id', 'email,display_name');
-- Not whom it was sent to: a log that never forgets must not know addresses.
create trigger audit after insert or update or delete on public.invitations
  for each row execute function private.audit_row('organization_id', 'id', 'email');
