create function private.json_setting(p_name text) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_value jsonb;
begin
  v_value := nullif(current_setting(p_name, true), '')::jsonb;
  return case when jsonb_typeof(v_value) = 'object' then v_value else '{}' end;
exception when data_exception then
  return '{}';
end;
$$;

revoke all on function private.json_setting(text) from public, anon, authenticated, service_role;
comment on function private.json_setting(text) is
  'A setting of the session that holds a JSON object, such as request.jwt.claims; {} when it is not set or holds something else.';

create function private.change_actor(p_claims text[]) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_claims jsonb := private.json_setting('request.jwt.claims');
begin
  return jsonb_build_object(
    'user_id', v_claims ->> 'sub',
    -- In a security definer function, current_user is its owner; these two are not touched by that.
    'role', coalesce(nullif(current_setting('role', true), 'none'), session_user),
    'email', v_claims ->> 'email',
    'claims', (
      select coalesce(jsonb_object_agg(c.key, c.value), '{}') from jsonb_each(v_claims) c where c.key = any (p_claims)
    )
  );
end;
$$;

revoke all on function private.change_actor(text[]) from public, anon, authenticated, service_role;
comment on function private.change_actor(text[]) is
  'Who writes, to be asked inside a trigger: {user_id, role, email, claims}. user_id and email come from the token, null without one; role is the database role: authenticated, anon, service_role, or who is logged in; claims = those of the token that are named.';

create function private.causing_run(p_organization_id uuid) returns public.runs
language plpgsql
stable
set search_path = ''
as $$
declare
  v_id uuid := private.to_uuid(nullif(current_setting('millrace.run_id', true), ''));
  v_run public.runs;
begin
  if v_id is null and current_setting('request.headers', true) like '%idempotency-key%' then
    -- An HTTP request node names its run and node in this header, unless it is told not to.
    v_id := private.to_uuid(left(private.json_setting('request.headers') ->> 'idempotency-key', 36));
  end if;
  if v_id is not null then
    select * into v_run from public.runs r
    where r.id = v_id and r.organization_id = p_organization_id and r.finished_at is null;
  end if;
  return v_run;
end;
$$;

revoke all on function private.causing_run(uuid) from public, anon, authenticated, service_role;
comment on function private.causing_run(uuid) is
  'The run of the organization that makes the present change, null when none does or nobody can tell: the setting millrace.run_id names it, or the Idempotency-Key of the request that PostgREST serves. Only a run that is under way is believed.';
