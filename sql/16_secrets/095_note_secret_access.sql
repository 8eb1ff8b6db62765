create function private.note_secret_access(
  p_secret public.secrets,
  p_kind text,
  p_run_id uuid,
  p_node_id text,
  p_user_id uuid,
  p_key_id uuid,
  p_uses integer
) returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into private.secret_accesses as a
    (organization_id, secret_id, number, kind, run_id, node_id, user_id, key_id, minute, uses, last_at)
  values (p_secret.organization_id, p_secret.id, p_secret.current_version, p_kind, p_run_id, p_node_id, p_user_id, p_key_id,
    date_trunc('minute', private.now()), greatest(p_uses, 1), private.now())
  on conflict on constraint secret_accesses_by_minute
    do update set uses = a.uses + excluded.uses, last_at = excluded.last_at;
end;
$$;

revoke all on function private.note_secret_access(public.secrets, text, uuid, text, uuid, uuid, integer) from public, anon, authenticated, service_role;
comment on function private.note_secret_access(public.secrets, text, uuid, text, uuid, uuid, integer) is
  'Counts a reading of the version that the record names as current, in the row of its reader and minute.';
