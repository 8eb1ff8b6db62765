create function private.bump_generation_of(p_organization_id uuid, p_kind text) returns void
language plpgsql
set search_path = ''
as $$
begin
  -- Once a transaction is enough: the others see all of it or nothing. What a savepoint took back is not found here.
  if exists (
    select 1 from private.generations g
    where g.organization_id = p_organization_id and g.kind = p_kind and g.xmin = pg_current_xact_id()::xid
  ) then
    return;
  end if;
  -- A row that nobody holds, or a new one. Where a row that was changed meanwhile would be an error, none is looked for.
  if current_setting('transaction_isolation') = 'read committed' then
    update private.generations g set generation = random(-9223372036854775808, 9223372036854775807)
    where g.id = (
      select o.id from private.generations o
      where o.organization_id = p_organization_id and o.kind = p_kind
      limit 1 for update skip locked
    );
    if found then
      return;
    end if;
  end if;
  insert into private.generations (organization_id, kind, generation)
  values (p_organization_id, p_kind, random(-9223372036854775808, 9223372036854775807));
end;
$$;

revoke all on function private.bump_generation_of(uuid, text) from public, anon, authenticated, service_role;
comment on function private.bump_generation_of(uuid, text) is
  'Says that an organization''s things of a kind have changed, without waiting for anybody. Takes back with its transaction.';

create function private.bump_generation() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_organization_id uuid;
begin
  if tg_op = 'INSERT' then
    for v_organization_id in select distinct n.organization_id from new_rows n loop
      perform private.bump_generation_of(v_organization_id, tg_argv[0]);
    end loop;
  elsif tg_op = 'DELETE' then
    for v_organization_id in select distinct o.organization_id from old_rows o loop
      perform private.bump_generation_of(v_organization_id, tg_argv[0]);
    end loop;
  else
    -- Whoever a row was moved away from sees a change as well.
    for v_organization_id in
      select n.organization_id from new_rows n union select o.organization_id from old_rows o
    loop
      perform private.bump_generation_of(v_organization_id, tg_argv[0]);
    end loop;
  end if;
  return null;
end;
$$;

revoke all on function private.bump_generation() from public, anon, authenticated, service_role;
comment on function private.bump_generation() is
  'Trigger after each statement on a table whose rows replies are made of: the generation of its kind, the argument, is another one for every organization with changed rows. The transition tables are named new_rows and old_rows.';
