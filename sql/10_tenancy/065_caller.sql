create function private.caller_key_id() returns uuid
language plpgsql
stable
set search_path = ''
as $$
begin
  return (nullif(current_setting('request.jwt.claims', true), '')::jsonb #>> '{millrace,key}')::uuid;
end;
$$;

revoke all on function private.caller_key_id() from public, anon, authenticated, service_role;
comment on function private.caller_key_id() is
  'The API key by which the caller acts, as its token says; null for people and the service. Says nothing about whether the key still holds: organizations_with and require_permission do.';

create function private.caller_user_id() returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_key_id uuid := private.caller_key_id();
begin
  if v_key_id is null then
    return auth.uid();
  end if;
  return (select k.created_by from public.api_keys k where k.id = v_key_id);
end;
$$;

revoke all on function private.caller_user_id() from public, anon, authenticated, service_role;
comment on function private.caller_user_id() is
  'For columns like created_by: the signed-in person; for an API key, who made the key (null when that account is gone); null for the service. Never a reason to allow something.';

create function private.require_person() returns uuid
language plpgsql
stable
set search_path = ''
as $$
begin
  if private.caller_key_id() is not null then
    perform private.fail('forbidden', 'This needs a person: an API key cannot do it', 403);
  end if;
  if auth.uid() is null then
    perform private.fail('unauthorized', 'Sign in first', 401);
  end if;
  return auth.uid();
end;
$$;

revoke all on function private.require_person() from public, anon, authenticated, service_role;
comment on function private.require_person() is
  'The signed-in person. 403 for an API key, which has no profile, vote or inbox; 401 for nobody.';
