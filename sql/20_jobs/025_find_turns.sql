create function private.find_turns(p_now timestamptz, p_rest_us bigint default 0) returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_clock bigint := (extract(epoch from clock_timestamp()) * 1000000)::bigint;
  v_before bigint := pg_stat_get_xact_blocks_fetched('public.job_queue'::regclass);
  v_missing uuid[];
begin
  if v_clock < p_rest_us + (select n.last_value from private.next_discovery n) then
    return null;
  end if;
  -- From one organization with ready work to the next, over the index.
  with recursive ready as (
    (select j.organization_id from public.job_queue j where j.status = 'available' and j.scheduled_for <= p_now
     order by j.organization_id limit 1)
    union all
    select n.organization_id from ready r
    cross join lateral (
      select j.organization_id from public.job_queue j
      where j.status = 'available' and j.scheduled_for <= p_now and j.organization_id > r.organization_id
      order by j.organization_id limit 1
    ) n
  )
  select array_agg(r.organization_id) into v_missing from ready r
  where not exists (select 1 from private.job_turns t where t.organization_id = r.organization_id and t.is_active);
  -- Nobody is waited for: neither who enqueues for it and is about to say so, nor a claim that notes its turn.
  with free as materialized (
    select t.organization_id from private.job_turns t
    where t.organization_id = any (v_missing) and not t.is_active
    for update skip locked
  )
  select array_agg(m.id) into v_missing from unnest(v_missing) m (id)
  where (m.id in (select f.organization_id from free f) or not exists (select 1 from private.job_turns t where t.organization_id = m.id))
    and pg_try_advisory_xact_lock(hashtext('millrace.turn'), hashtext(m.id::text));
  -- Counted in pages of the table, about ten microseconds each, and not by the clock: a busy machine makes no difference.
  v_before := pg_stat_get_xact_blocks_fetched('public.job_queue'::regclass) - v_before;
  -- A claim that finds nothing writes nothing.
  if v_before > 50 or p_rest_us > 0 then
    perform setval('private.next_discovery', v_clock + case when v_before > 50 then v_before * 200 else 0 end);
  end if;
  return case when v_missing is null then 0 else private.activate_turns(v_missing) end;
end;
$$;

revoke all on function private.find_turns(timestamptz, bigint) from public, anon, authenticated, service_role;
comment on function private.find_turns(timestamptz, bigint) is
  'Looks for organizations that have ready work and no turn: work that became ready while the last look of a claim ended, or that is due only now. Answers how many it found; null = it is too early to look again: p_rest_us microseconds have to pass besides.';
