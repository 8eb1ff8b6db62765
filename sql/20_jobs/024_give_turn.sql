create function private.give_turn(p_organization_id uuid) returns void
language plpgsql
set search_path = ''
as $$
begin
  -- Almost always it has one: a read, and nothing is locked or written.
  if p_organization_id is null or exists (
    select 1 from private.job_turns t where t.organization_id = p_organization_id and t.is_active
  ) then
    return;
  end if;
  -- Who else gives it one at this moment does not keep us waiting, whatever they do before they commit: should theirs come
  -- to nothing, or later than what we enqueue, the next claim with room finds the work.
  perform 1 from private.job_turns t where t.organization_id = p_organization_id for update skip locked;
  if found or not exists (select 1 from private.job_turns t where t.organization_id = p_organization_id) then
    if pg_try_advisory_xact_lock(hashtext('millrace.turn'), hashtext(p_organization_id::text)) then
      perform private.activate_turns(array[p_organization_id]);
    end if;
  end if;
end;
$$;

revoke all on function private.give_turn(uuid) from public, anon, authenticated, service_role;
comment on function private.give_turn(uuid) is
  'Says that an organization has work: the next claim knows of it. Never waits. Null = of one that surely has its turn.';

create function private.activate_turns(p_organization_ids uuid[]) returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_clock bigint := (select c.last_value from private.job_clock c);
  v_count integer;
begin
  insert into private.job_turns as t (organization_id, virtual_time, weight, max_running)
  select u.id, v_clock - 1, coalesce(p.queue_weight, 1), p.max_concurrent_jobs
  from (select distinct i from unnest(p_organization_ids) i) u (id)
  left join public.organizations o on o.id = u.id
  left join public.plans p on p.id = o.plan_id
  order by u.id
  on conflict (organization_id) do update set
    -- Just before those who have waited: whoever has little to do does not wait for those who have much.
    virtual_time = greatest(t.virtual_time, excluded.virtual_time), is_active = true,
    weight = excluded.weight, max_running = excluded.max_running, head_until = '-infinity'
    where not t.is_active;
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;

revoke all on function private.activate_turns(uuid[]) from public, anon, authenticated, service_role;
comment on function private.activate_turns(uuid[]) is
  'Lets organizations take part again, from the present virtual time on, with the weight and limit of their plans. Answers how many did not.';

create function private.forget_heads(p_organization_ids uuid[]) returns void
language plpgsql
set search_path = ''
as $$
begin
  update private.job_turns t set head_until = '-infinity'
  where t.organization_id in (
    select o.organization_id from private.job_turns o
    where o.organization_id = any (p_organization_ids) and o.head_until > private.now()
    -- A claim that holds it looks at all again within a second.
    for update skip locked
  );
end;
$$;

revoke all on function private.forget_heads(uuid[]) from public, anon, authenticated, service_role;
comment on function private.forget_heads(uuid[]) is
  'Work of these organizations became ready that was due since before: claims look at all they have again.';
