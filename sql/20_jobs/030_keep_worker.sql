create function private.keep_worker(p_worker_id uuid, p_kind text) returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_is_listening boolean;
begin
  -- Writes only when a third of the lease is used up: calls that follow each other closely cost one read, and lock nothing.
  select w.is_listening into v_is_listening from private.workers w
  where w.id = p_worker_id and w.expires_at > v_now + interval '20 seconds';
  if not found then
    insert into private.workers as w (id, kind, expires_at)
    values (p_worker_id, p_kind, v_now + interval '30 seconds')
    on conflict (id) do update set expires_at = greatest(w.expires_at, excluded.expires_at)
    returning w.is_listening into v_is_listening;
  end if;
  return v_is_listening;
end;
$$;

revoke all on function private.keep_worker(uuid, text) from public, anon, authenticated, service_role;
comment on function private.keep_worker(uuid, text) is 'Registers a worker, or prolongs its lease to 30 seconds from now. Answers whether it listens for work.';
