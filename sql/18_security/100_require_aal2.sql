create function private.has_second_factor(p_user_id uuid) returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return exists (select 1 from auth.mfa_factors f where f.user_id = p_user_id and f.status = 'verified');
end;
$$;

revoke all on function private.has_second_factor(uuid) from public, anon, authenticated, service_role;
comment on function private.has_second_factor(uuid) is 'Whether the person has a second factor that is verified.';

create function private.must_show_factor(p_organization_id uuid) returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
-- Asked by the gate of every request: nothing is read for a session that has shown its factor.
declare
  v_claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
begin
  if v_claims ->> 'role' is distinct from 'authenticated' or v_claims ->> 'aal' = 'aal2' or v_claims ? 'millrace' then
    return false;
  end if;
  return private.has_second_factor((v_claims ->> 'sub')::uuid) or exists (
    select 1 from public.organizations o where o.id = p_organization_id and o.require_mfa <> 'off'
  );
end;
$$;

revoke all on function private.must_show_factor(uuid) from public, anon, authenticated, service_role;
comment on function private.must_show_factor(uuid) is
  'Whether the caller''s session (its claim aal) is too weak for sensitive operations in the organization: true for a person who has a second factor, or whose organization demands one, and has not shown it in this session. API keys and the service have none.';

create function private.require_aal2(p_organization_id uuid) returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_message text;
begin
  if not private.must_show_factor(p_organization_id) then
    return;
  end if;
  v_message := case when private.has_second_factor(auth.uid())
    then 'Show your second factor in this session first: supabase.auth.mfa.challengeAndVerify(), then try again'
    else 'The organization demands a second factor: set one up first with supabase.auth.mfa.enroll(), then verify it' end;
  perform private.fail('mfa_required', v_message, 403, jsonb_build_array(jsonb_build_object(
    'path', 'headers.authorization', 'code', case when private.has_second_factor(auth.uid()) then 'aal2' else 'enroll' end,
    'message', v_message
  )));
end;
$$;

revoke all on function private.require_aal2(uuid) from public, anon, authenticated, service_role;
comment on function private.require_aal2(uuid) is
  'Raises 403 mfa_required when private.must_show_factor: for sensitive operations, whichever way they come. The problem''s code says what to do: aal2 = show the factor, enroll = set one up.';
