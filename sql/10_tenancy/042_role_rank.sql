create function private.role_rank(p_role text) returns integer
language sql
immutable
set search_path = ''
as $$
  select array_position(array['guest', 'viewer', 'member', 'developer', 'admin', 'owner'], p_role);
$$;

revoke all on function private.role_rank(text) from public, anon, authenticated, service_role;
comment on function private.role_rank(text) is
  'The order of the roles, guest 1 to owner 6; null for a word that is no role. Nobody gives a role above their own or touches who stands above them.';
