create function private.prune_idempotency_keys() returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_gone integer;
begin
  delete from private.idempotency_keys k where k.ctid in (
    select o.ctid from private.idempotency_keys o where o.created_at < private.now() - interval '24 hours' for update skip locked
  );
  get diagnostics v_gone = row_count;
  return v_gone;
end;
$$;

revoke all on function private.prune_idempotency_keys() from public, anon, authenticated, service_role;
comment on function private.prune_idempotency_keys() is
  'The task idempotency-keys: forgets those older than 24 hours, all that engine.tick, which takes 1,000 at a time, has left. Answers how many.';
