create function private.is_awake(p_worker private.workers) returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  -- Whoever lives is heard of every ten seconds, and its lease is for thirty: one that was killed is not counted on for longer
  -- than it takes to notice.
  return p_worker.expires_at > private.now() + interval '15 seconds';
end;
$$;

revoke all on function private.is_awake(private.workers) from public, anon, authenticated, service_role;
comment on function private.is_awake(private.workers) is
  'Whether a worker has been heard of in the last fifteen seconds. Its lease holds for longer; this only says whether work may be left to it.';

create function private.wake_workers(p_count integer) returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_url text := private.setting('functions_url');
  v_woken integer := 0;
  v_ticket uuid;
begin
  if v_url is null or to_regproc('net.http_post') is null then
    return 0;
  end if;
  while v_woken < p_count loop
    insert into private.worker_wakes default values returning ticket into v_ticket;
    -- pg_net sends after commit. Every role may read its queue, which is why the ticket can do nothing but start a worker.
    perform net.http_post(
      url := v_url || '/worker/wake',
      body := '{}'::jsonb,
      params := '{}'::jsonb,
      headers := jsonb_build_object('content-type', 'application/json', 'x-millrace-wake', v_ticket),
      timeout_milliseconds := 5000
    );
    v_woken := v_woken + 1;
  end loop;
  return v_woken;
end;
$$;

revoke all on function private.wake_workers(integer) from public, anon, authenticated, service_role;
comment on function private.wake_workers(integer) is
  'Calls the worker function p_count times through pg_net, each with a single-use ticket. Answers how many calls were queued: 0 until engine.configure has been called.';

create function private.wake_if_idle(p_organization_id uuid) returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
begin
  perform private.give_turn(p_organization_id);
  -- A notification takes a lock that all who notify wait for, so only when somebody waits for it.
  if exists (select 1 from private.workers w where w.is_listening and private.is_awake(w)) then
    perform pg_notify('millrace_jobs', '');
    return;
  end if;
  if not exists (select 1 from private.workers w where w.kind = 'worker' and private.is_awake(w))
    and not exists (
      select 1 from private.worker_wakes k
      where k.created_at > v_now - interval '5 seconds' and k.redeemed_at is null
    )
  then
    perform private.wake_workers(1);
  end if;
end;
$$;

revoke all on function private.wake_if_idle(uuid) from public, anon, authenticated, service_role;
comment on function private.wake_if_idle(uuid) is
  'Whoever made work ready says so: the organization gets its turn, and a worker is told, or called when none is awake and none has just been called.';

create function engine.redeem_wake(p_ticket uuid) returns boolean
language sql
security definer
set search_path = ''
as $$
  with redeemed as (
    update private.worker_wakes k set redeemed_at = private.now()
    where k.ticket = p_ticket and k.redeemed_at is null and k.created_at > private.now() - interval '1 minute'
    returning 1
  )
  select exists (select 1 from redeemed);
$$;

revoke all on function engine.redeem_wake(uuid) from public, anon, authenticated, service_role;
grant execute on function engine.redeem_wake(uuid) to service_role;
comment on function engine.redeem_wake(uuid) is 'True once for a ticket of private.wake_workers that is at most a minute old.';
