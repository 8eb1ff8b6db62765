create function private.change_actor(p_claims text[]) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_claims jsonb := private.json_setting('request.jwt.claims');
  v_key_id text := v_claims #>> '{millrace,key}';
begin
  return jsonb_build_object(
    'user_id', case when v_key_id is null then v_claims ->> 'sub' else private.caller_user_id()::text end,
    -- In a security definer function, current_user is its owner; these two are not touched by that.
    'role', coalesce(nullif(current_setting('role', true), 'none'), session_user),
    'email', v_claims ->> 'email',
    'claims', (
      select coalesce(jsonb_object_agg(c.key, c.value), '{}') from jsonb_each(v_claims) c where c.key = any (p_claims)
    )
  ) || case when v_key_id is null then '{}' else jsonb_build_object('key_id', v_key_id) end;
end;
$$;

revoke all on function private.change_actor(text[]) from public, anon, authenticated, service_role;
comment on function private.change_actor(text[]) is
  'Who writes, to be asked inside a trigger: {user_id, role, email, claims}. user_id and email come from the token, null without one; for an API key user_id is who made it, and key_id stands beside it; role is the database role: authenticated, anon, service_role, or who is logged in; claims = those of the token that are named.';
