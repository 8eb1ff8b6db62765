create function private.watch_live(p_id uuid) returns timestamptz
language plpgsql
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
begin
  -- Whoever comes sweeps a little: no clock is needed for it.
  delete from private.live_watchers w where w.id in (
    select o.id from private.live_watchers o where o.watched_until < v_now limit 100 for update skip locked
  );
  -- Many may watch the same: only the first of half a minute writes.
  insert into private.live_watchers as w (id, watched_until)
  values (p_id, v_now + interval '2 minutes')
  on conflict (id) do update set watched_until = excluded.watched_until
    where w.watched_until < excluded.watched_until - interval '30 seconds';
  return v_now + interval '90 seconds';
end;
$$;

revoke all on function private.watch_live(uuid) from public, anon, authenticated, service_role;
comment on function private.watch_live(uuid) is
  'Has the progress of a run, or the runs of an organization, broadcast for a while. Answers until when at least; the caller has checked who asks.';
