create function private.note_turns(
  p_now timestamptz,
  p_is_full boolean,
  p_others_wait boolean,
  p_organization_ids uuid[],
  p_latest timestamptz[],
  p_empty uuid[],
  p_are_many boolean,
  p_is_costly boolean,
  p_virtual_time bigint,
  p_has_looked boolean
) returns boolean
language plpgsql
set search_path = ''
-- Left to itself Postgres plans the update anew in every call, which takes as long as the update; and a plan made while the
-- organizations were few must not read all of them when they are many.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
-- What is switched off looks infinitely dear, which is when Postgres compiles a query.
set jit = off
as $$
declare
  -- A claim that has looked for organizations may hold their turns, in no order with these: whoever waits for one of them may
  -- hold what this one would wait for. Some of what it took is counted for nobody then.
  v_waits constant boolean := p_others_wait and not p_has_looked;
  v_free uuid[];
begin
  if p_others_wait then
    -- Organizations that come back begin at this virtual time from now on. It never goes back.
    perform setval('private.job_clock', p_virtual_time) from private.job_clock c where c.last_value < p_virtual_time;
  end if;
  if v_waits and not p_is_costly and not p_are_many then
    -- In the order of the key, whichever way it is read, as all who wait here.
    update private.job_turns t set
      virtual_time = t.virtual_time + cardinality(array_positions(p_organization_ids, t.organization_id)) * 1000 / t.weight
    where t.organization_id = any (p_organization_ids);
    return found;
  end if;
  if not v_waits then
    -- Where nothing counts it only makes the next look cheaper: no reason to wait either.
    select array_agg(l.organization_id) into v_free from (
      select t.organization_id from private.job_turns t
      where t.organization_id = any (p_organization_ids || p_empty) and t.is_active
      for update skip locked
    ) l;
  end if;
  with locked as materialized (
    -- In one order, and counted afterwards: what another claim has added meanwhile is seen.
    select t.organization_id from private.job_turns t
    where v_waits and t.organization_id = any (p_organization_ids || p_empty) and t.is_active
    order by t.organization_id
    for update
  )
  update private.job_turns t set
    virtual_time = t.virtual_time + case when p_others_wait then n.taken * 1000 / t.weight else 0 end,
    is_active = not (n.is_empty and p_are_many),
    -- Whoever enqueued at this moment may not have committed yet: a tenth of a second back.
    head = case when p_is_costly then greatest(
      least(n.latest, p_now - interval '100 milliseconds'), case when t.head_until > p_now then t.head else '-infinity' end
    ) else t.head end,
    head_until = case when p_is_costly then p_now + interval '1 second' else t.head_until end
  from (
    select g.id, count(*) filter (where not g.is_empty)::integer as taken, bool_and(g.is_empty) as is_empty,
      -- One that gave less than it was asked for has nothing before this moment.
      case when not p_is_full then p_now else coalesce(max(g.latest), '-infinity') end as latest
    from (
      select u.id, u.latest, false as is_empty from unnest(p_organization_ids, p_latest) u (id, latest)
      union all
      select e.id, null, true from unnest(p_empty) e (id)
    ) g
    where v_waits or g.id = any (v_free)
    group by g.id
  ) n
  where (select count(*) from locked) >= 0 -- they are locked first
    and t.organization_id = n.id and t.is_active and (n.taken > 0 or p_is_costly or (n.is_empty and p_are_many));
  return found;
end;
$$;

revoke all on function private.note_turns(timestamptz, boolean, boolean, uuid[], timestamptz[], uuid[], boolean, boolean, bigint, boolean) from public, anon, authenticated, service_role;
comment on function private.note_turns(timestamptz, boolean, boolean, uuid[], timestamptz[], uuid[], boolean, boolean, bigint, boolean) is
  'Part of engine.claim_jobs, and the last: whoever waits here holds all other locks it needs. What each organization was given by private.pick_jobs counts, if others have to wait (p_others_wait). Those that had nothing (p_empty) lose their turn when they are many (p_are_many). When the look led over many dead rows (p_is_costly), the next one begins behind them. p_has_looked = the claim has looked for organizations itself (private.find_turns) and may hold their turns, so it waits for nobody here.';
