create function private.is_suppressed(p_email text, p_category text) returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return false;
end;
$$;

revoke all on function private.is_suppressed(text, text) from public, anon, authenticated, service_role;
comment on function private.is_suppressed(text, text) is
  'Whether an address gets no mails of a category: it bounced, complained, or its owner switched them off.';
