create function private.bulk_reply(p_operation public.bulk_operations) returns jsonb
language sql
stable
set search_path = ''
as $$
  select to_jsonb(p_operation) - '{position,busy,worked_at,api_key_id}'::text[];
$$;

revoke all on function private.bulk_reply(public.bulk_operations) from public, anon, authenticated, service_role;
comment on function private.bulk_reply(public.bulk_operations) is 'A bulk operation as callers see it.';
