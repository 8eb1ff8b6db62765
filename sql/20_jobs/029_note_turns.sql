create function private.advance_clock(p_virtual_time bigint) returns void
language plpgsql
set search_path = ''
as $$
begin
  if p_virtual_time > (select c.last_value from private.job_clock c) then
    perform setval('private.job_clock', p_virtual_time);
  end if;
end;
$$;

revoke all on function private.advance_clock(bigint) from public, anon, authenticated, service_role;
comment on function private.advance_clock(bigint) is
  'Part of private.note_turns: organizations that come back begin at this virtual time from now on. It never goes back.';

create function private.note_turns(
  p_now timestamptz,
  p_is_full boolean,
  p_organization_ids uuid[],
  p_counts integer[],
  p_latest timestamptz[],
  p_empty uuid[],
  p_are_many boolean,
  p_is_costly boolean,
  p_virtual_time bigint,
  p_has_looked boolean
) returns void
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
  -- While nobody else has work, what the only one is given keeps nobody waiting.
  v_counts boolean := p_is_full and coalesce(p_organization_ids[2] <> p_organization_ids[1], false);
  v_waits boolean;
  v_free uuid[];
  v_turn record;
begin
  if p_is_full and not v_counts then
    v_counts := exists (select 1 from private.job_turns t where t.is_active and t.organization_id <> p_organization_ids[1]);
  end if;
  if not v_counts and not p_are_many and not p_is_costly then
    return;
  end if;
  -- A claim that has looked for organizations may hold their turns, in no order with these: whoever waits for one of them may
  -- hold what this one would wait for. Some of what it took is counted for nobody then.
  v_waits := v_counts and not p_has_looked;
  if v_waits and cardinality(p_organization_ids) <= 4 and not p_is_costly then
    -- As nearly always where many wait: one by one, in the order of all who wait here, is half as dear.
    for v_turn in select u.id, u.taken from unnest(p_organization_ids, p_counts) u (id, taken) where u.taken > 0 order by u.id loop
      update private.job_turns t set virtual_time = t.virtual_time + v_turn.taken * 1000 / t.weight
      where t.organization_id = v_turn.id and t.is_active;
    end loop;
    perform private.advance_clock(p_virtual_time);
    return;
  end if;
  if not v_waits then
    -- Where nothing counts it only makes the next look cheaper: no reason to wait either.
    select array_agg(l.organization_id) into v_free from (
      select t.organization_id from private.job_turns t
      where t.organization_id = any (p_organization_ids) and t.is_active
      for update skip locked
    ) l;
  end if;
  with locked as materialized (
    -- In one order, and counted afterwards: what another claim has added meanwhile is seen.
    select t.organization_id from private.job_turns t
    where v_waits and t.organization_id = any (p_organization_ids) and t.is_active
    order by t.organization_id
    for update
  )
  update private.job_turns t set
    virtual_time = t.virtual_time + case when v_counts then n.taken * 1000 / t.weight else 0 end,
    is_active = not (n.is_empty and p_are_many),
    -- Whoever enqueued at this moment may not have committed yet: a tenth of a second back.
    head = case when p_is_costly then greatest(
      least(n.latest, p_now - interval '100 milliseconds'), case when t.head_until > p_now then t.head else '-infinity' end
    ) else t.head end,
    head_until = case when p_is_costly then p_now + interval '1 second' else t.head_until end
  from (
    select g.id, sum(g.taken)::integer as taken, g.id = any (p_empty) as is_empty,
      -- One that gave less than it was asked for has nothing before this moment.
      case when p_is_full and sum(g.taken) > 0 then coalesce(max(g.latest), '-infinity')
        when p_is_full then '-infinity' else p_now end as latest
    from unnest(p_organization_ids, p_counts, p_latest) as g (id, taken, latest)
    where v_waits or g.id = any (v_free)
    group by g.id
  ) n
  where (select count(*) from locked) >= 0 -- they are locked first
    and t.organization_id = n.id and t.is_active and (n.taken > 0 or p_is_costly or (n.is_empty and p_are_many));
  if v_counts then
    perform private.advance_clock(p_virtual_time);
  end if;
end;
$$;

revoke all on function private.note_turns(timestamptz, boolean, uuid[], integer[], timestamptz[], uuid[], boolean, boolean, bigint, boolean) from public, anon, authenticated, service_role;
comment on function private.note_turns(timestamptz, boolean, uuid[], integer[], timestamptz[], uuid[], boolean, boolean, bigint, boolean) is
  'Part of engine.claim_jobs, and the last: whoever waits here holds all other locks it needs. What each organization was given by private.pick_jobs counts, if others had to wait (p_is_full). Those that had nothing (p_empty) lose their turn when they are many (p_are_many). When the look led over many dead rows (p_is_costly), the next one begins behind them. p_has_looked = the claim has looked for organizations itself (private.find_turns) and may hold their turns, so it waits for nobody here.';
