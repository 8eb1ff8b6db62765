create function private.continue_rewrite(p_rewrite private.partition_rewrites, p_limit bigint, p_until timestamptz) returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_copied bigint;
  v_done boolean;
  v_report jsonb := jsonb_build_object('kind', p_rewrite.kind, 'week', p_rewrite.week);
begin
  if p_rewrite.phase = 'copying' then
    v_copied := private.copy_survivors(p_rewrite.kind, p_rewrite.week, p_limit, p_until);
    return jsonb_build_object('copied', v_report || jsonb_build_object('rows', v_copied), 'more', true);
  end if;
  v_done := private.swap_partition(p_rewrite.kind, p_rewrite.week, p_until);
  return case when v_done
    then jsonb_build_object('swapped', v_report || jsonb_build_object('rows', p_rewrite.copied), 'more', true)
    else jsonb_build_object('gave_way', v_report, 'more', true) end;
exception
  when lock_not_available or deadlock_detected then
    update private.partition_rewrites r set tries = r.tries + 1 where r.kind = p_rewrite.kind and r.week = p_rewrite.week;
    if p_rewrite.tries % 1000 = 999 then
      raise warning 'Retention cannot swap the partitions of % of %: somebody was in the way % times', p_rewrite.kind, p_rewrite.week, p_rewrite.tries + 1;
    end if;
    return jsonb_build_object('gave_way', v_report, 'more', false);
  when query_canceled then
    raise;
  when others then
    -- A migration, for example, has changed the tables since it began. The next day it begins anew.
    raise warning 'Retention gives up rewriting % of %: %', p_rewrite.kind, p_rewrite.week, sqlerrm;
    perform private.drop_rewrite(p_rewrite.kind, p_rewrite.week, sqlerrm);
    return jsonb_build_object('failed', v_report || jsonb_build_object('error', sqlerrm), 'more', false);
end;
$$;

revoke all on function private.continue_rewrite(private.partition_rewrites, bigint, timestamptz) from public, anon, authenticated, service_role;
comment on function private.continue_rewrite(private.partition_rewrites, bigint, timestamptz) is
  'One step of a rewriting that has begun: copies on, or swaps.';

create function private.look_at_week(p_kind text, p_week date, p_limit bigint) returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_parent text := (select t.parent from private.retained_tables(p_kind) t limit 1);
  v_has_partition boolean;
  v_rewritten_at timestamptz;
  v_report jsonb := jsonb_build_object('kind', p_kind, 'week', p_week);
  v_deleted bigint;
begin
  insert into private.partition_rewrites (kind, week) values (p_kind, p_week) on conflict do nothing;
  select r.rewritten_at into v_rewritten_at from private.partition_rewrites r where r.kind = p_kind and r.week = p_week;
  if p_kind = 'runs' then
    -- Whoever counts runs has seen them all before one goes.
    if not exists (select 1 from private.run_stats_state s, private.week_range(p_week) w where s.counted_to >= w.high) then
      return jsonb_build_object('uncounted', v_report);
    end if;
    perform private.request_archives(p_week);
  end if;
  v_has_partition := not exists (
    select 1 from private.retained_tables(p_kind) t where to_regclass('public.' || private.partition_name(t.parent, p_week)) is null
  );
  update private.partition_rewrites r set looked_at = private.now() where r.kind = p_kind and r.week = p_week;
  if (p_week + 37)::timestamp at time zone 'UTC' <= private.now() and private.drop_empty(p_kind, p_week) then
    return jsonb_build_object('dropped', v_report, 'more', true);
  end if;
  if v_has_partition then
    -- A straggler now and then is not worth copying all others for.
    if coalesce(v_rewritten_at < private.now() - interval '6 days', true) and private.begin_rewrite(p_kind, p_week) then
      return jsonb_build_object('began', v_report, 'more', true);
    end if;
    return '{}';
  end if;
  v_deleted := private.purge_default(p_kind, p_week, p_limit);
  if v_deleted = p_limit then
    update private.partition_rewrites r set looked_at = null where r.kind = p_kind and r.week = p_week;
  end if;
  return case when v_deleted > 0 then jsonb_build_object('deleted', v_report || jsonb_build_object('rows', v_deleted), 'more', true) else '{}' end;
exception
  when lock_not_available or deadlock_detected then
    return jsonb_build_object('gave_way', v_report, 'more', false);
  when query_canceled then
    raise;
  when others then
    raise warning 'Retention cannot look at % of %: %', p_kind, p_week, sqlerrm;
    update private.partition_rewrites r set looked_at = private.now(), error = sqlerrm where r.kind = p_kind and r.week = p_week;
    return jsonb_build_object('failed', v_report || jsonb_build_object('error', sqlerrm), 'more', true);
end;
$$;

revoke all on function private.look_at_week(text, date, bigint) from public, anon, authenticated, service_role;
comment on function private.look_at_week(text, date, bigint) is
  'Sees what has expired of a week: asks for archives, begins to rewrite its partitions, deletes what lies in no partition.';

create function private.warn_of_archives() returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_week record;
  v_failing integer;
begin
  for v_week in
    update private.run_archive_weeks w set warned_at = private.now()
    where w.pass_until is not null and w.requested_at < private.now() - interval '14 days'
      and coalesce(w.warned_at < private.now() - interval '1 day', true)
    returning w.*
  loop
    raise warning 'The runs of organization % of the week of % could not be archived since %, after % attempts: they are kept, see the dead letters of runs.archive',
      v_week.organization_id, v_week.week, v_week.requested_at, v_week.attempts;
  end loop;
  select count(*) into v_failing from private.run_archive_weeks w
  where w.pass_until is not null and w.requested_at < private.now() - interval '14 days';
  return v_failing;
end;
$$;

revoke all on function private.warn_of_archives() from public, anon, authenticated, service_role;
comment on function private.warn_of_archives() is
  'Says once a day which archives were asked for two weeks ago and are not done. Answers how many.';

create function private.apply_retention(p_limit bigint default 100000, p_seconds numeric default 5) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_until timestamptz := clock_timestamp() + make_interval(secs => p_seconds);
  v_rewrite private.partition_rewrites;
  v_week record;
  v_step jsonb;
  v_deleted bigint;
  v_messages bigint;
  v_audit bigint;
  v_failing integer;
  v_report jsonb := '{}';
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'Retention has to see what others commit meanwhile: call it in READ COMMITTED';
  end if;
  -- One at a time; a second one has nothing to do.
  if not pg_try_advisory_xact_lock(hashtext('millrace.retention')) then
    return '{"skipped": true, "more": false}';
  end if;
  v_deleted := private.purge_webhook_events(least(p_limit, 5000));
  if v_deleted > 0 then
    v_report := jsonb_build_object('webhook_events', v_deleted, 'more', v_deleted = least(p_limit, 5000));
  end if;
  v_messages := private.purge_webhook_messages(least(p_limit, 2000));
  if v_messages > 0 then
    v_report := v_report || jsonb_build_object(
      'webhook_messages', v_messages, 'more', v_messages = least(p_limit, 2000) or coalesce((v_report -> 'more')::boolean, false)
    );
  end if;
  v_audit := private.drop_audit_batches(least(p_limit, 20000));
  if v_audit > 0 then
    v_report := v_report || jsonb_build_object(
      'audit_rows', v_audit, 'more', v_audit >= least(p_limit, 20000) or coalesce((v_report -> 'more')::boolean, false)
    );
  end if;
  v_failing := private.warn_of_archives();
  if v_failing > 0 then
    v_report := v_report || jsonb_build_object('archives_failing', v_failing);
  end if;

  -- One step a call: what the next one needs has to be committed, and what a swap locks is let go of at once.
  select * into v_rewrite from private.partition_rewrites r where r.phase <> 'idle' order by r.tries, r.began_at limit 1;
  if found then
    v_step := private.continue_rewrite(v_rewrite, p_limit, v_until);
    return v_report || v_step;
  end if;
  for v_week in
    select w.kind, w.week
    from (
      select k.kind, to_date(substring(c.relname from '\d{4}w\d{2}$'), 'IYYY"w"IW') as week
      from (values ('runs'), ('jobs')) as k (kind)
      cross join lateral (select t.parent from private.retained_tables(k.kind) t limit 1) p
      join pg_catalog.pg_inherits i on i.inhparent = ('public.' || p.parent)::regclass
      join pg_catalog.pg_class c on c.oid = i.inhrelid and c.relname ~ '_\d{4}w\d{2}$'
      union
      select k.kind, d.week
      from (values ('runs'), ('jobs')) as k (kind)
      cross join lateral (select t.parent from private.retained_tables(k.kind) t limit 1) p
      cross join lateral private.weeks_of_default(p.parent) as d (week)
    ) w
    left join private.partition_rewrites r on r.kind = w.kind and r.week = w.week
    where (w.week + 8)::timestamp at time zone 'UTC' <= private.now()
      and coalesce(r.looked_at < private.now() - interval '20 hours', true)
    order by r.looked_at nulls first, w.week
  loop
    v_step := private.look_at_week(v_week.kind, v_week.week, p_limit);
    v_report := v_report || v_step;
    exit when v_step ? 'began' or v_step ? 'deleted' or v_step ? 'dropped';
    if clock_timestamp() >= v_until then
      v_report := v_report || '{"more": true}';
      exit;
    end if;
  end loop;
  delete from private.partition_rewrites r
  where r.phase = 'idle' and r.looked_at < private.now() - interval '60 days';
  return '{"more": false}'::jsonb || v_report;
end;
$$;

revoke all on function private.apply_retention(bigint, numeric) from public, anon, authenticated, service_role;
comment on function private.apply_retention(bigint, numeric) is
  'Drops what has fallen out of the retention of its plan, one bounded step a call: some p_limit rows, some p_seconds. Answers what it did, and "more": true when the next call has something to do at once. Never waits for anybody longer than 0.2 s.';

create function engine.apply_retention() returns jsonb
language sql
security definer
set search_path = ''
-- Indexes of a large partition take longer than the Data API would wait.
set statement_timeout = '15min'
as $$
  select private.apply_retention();
$$;

revoke all on function engine.apply_retention() from public, anon, authenticated, service_role;
grant execute on function engine.apply_retention() to service_role;
comment on function engine.apply_retention() is 'private.apply_retention() for the worker: see there.';
