create function private.skip_change(p_change_id uuid, p_reason text, p_rows bigint) returns void
language plpgsql
set search_path = ''
as $$
begin
  -- A row that nobody holds, or a new one: writers of the table never wait for each other because of a counter. Where a row
  -- that was changed meanwhile would be an error, none is looked for.
  if current_setting('transaction_isolation') = 'read committed' then
    update private.change_skips s set skipped = s.skipped + p_rows, last_at = private.now()
    where (s.change_id, s.reason, s.shard) = (
      select o.change_id, o.reason, o.shard from private.change_skips o
      where o.change_id = p_change_id and o.reason = p_reason
      limit 1 for update skip locked
    );
    if found then
      return;
    end if;
  end if;
  insert into private.change_skips (change_id, reason, skipped) values (p_change_id, p_reason, p_rows);
end;
$$;

revoke all on function private.skip_change(uuid, text, bigint) from public, anon, authenticated, service_role;
comment on function private.skip_change(uuid, text, bigint) is 'Counts rows of a table that started no run, without waiting for anybody.';
