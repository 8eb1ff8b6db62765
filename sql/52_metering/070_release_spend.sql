create function private.release_spend(p_reservation_ids uuid[]) returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_ended uuid[];
begin
  if cardinality(p_reservation_ids) = 0 then
    return 0;
  end if;
  -- Reservations before periods, as everywhere; who has one of them under way keeps it.
  v_ended := array(
    select r.id from private.spend_reservations r
    where r.id = any (p_reservation_ids) and r.status = 'open' order by r.id for update skip locked
  );
  perform from (
    select p.budget_id from private.budget_periods p
    where (p.budget_id, p.starts_at) in (
      select b.id, b.starts_at from private.spend_reservations r
      cross join lateral jsonb_to_recordset(r.budgets) as b (id uuid, starts_at timestamptz)
      where r.id = any (v_ended)
    )
    order by p.budget_id, p.starts_at
    for update
  ) l;
  update private.budget_periods p set reserved = greatest(p.reserved - s.amount, 0)
  from (
    select b.id, b.starts_at, sum(b.amount) as amount from private.spend_reservations r
    cross join lateral jsonb_to_recordset(r.budgets) as b (id uuid, starts_at timestamptz, amount bigint)
    where r.id = any (v_ended)
    group by b.id, b.starts_at
  ) s
  where p.budget_id = s.id and p.starts_at = s.starts_at;
  update private.spend_reservations r set status = 'released', ended_at = private.now() where r.id = any (v_ended);
  return cardinality(v_ended);
end;
$$;

revoke all on function private.release_spend(uuid[]) from public, anon, authenticated, service_role;
comment on function private.release_spend(uuid[]) is 'Gives back what these calls have reserved and counts nothing. Answers how many were open.';

create function engine.release_spend(p_reservation_id uuid) returns boolean
language plpgsql
security definer
set search_path = ''
as $$
begin
  return private.release_spend(array[p_reservation_id]) = 1;
end;
$$;

revoke all on function engine.release_spend(uuid) from public, anon, authenticated, service_role;
grant execute on function engine.release_spend(uuid) to service_role;
comment on function engine.release_spend(uuid) is 'The call was not made, or cost nothing: what it had reserved is free again.';

create function private.keep_budgets() returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_released integer;
  v_forgotten integer;
begin
  -- The token of a call whose worker is gone is leased to nobody; its run may have ended, too.
  v_released := private.release_spend(array(
    select r.id from private.spend_reservations r
    where r.status = 'open' and r.created_at < private.now() - interval '30 seconds'
      and not exists (select from public.job_queue j where j.id = r.job_id and j.worker_id is not null)
    order by r.created_at limit 1000
  ));
  delete from private.spend_reservations r where r.id in (
    select o.id from private.spend_reservations o
    where o.status <> 'open' and o.ended_at < private.now() - interval '1 day' limit 10000
  );
  get diagnostics v_forgotten = row_count;
  delete from public.usage_details d where d.ctid in (
    select o.ctid from public.usage_details o where o.hour < private.now() - interval '400 days' limit 10000
  );
  return jsonb_build_object('released', v_released, 'forgotten', v_forgotten);
end;
$$;

revoke all on function private.keep_budgets() from public, anon, authenticated, service_role;
comment on function private.keep_budgets() is
  'The task budgets: gives back what was reserved by workers that are gone; forgets calls a day after they ended, and details of usage after 400 days. Answers {released, forgotten}.';
