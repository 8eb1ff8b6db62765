-- Use is no change: last_used_at is never recorded.
create trigger audit after insert or delete or update of
  name, scopes, ip_allow, requests_per_minute, request_burst, expires_at, revoked_at, rotated_at on public.api_keys
  for each row execute function private.audit_row('organization_id', 'id', '', 'key');
