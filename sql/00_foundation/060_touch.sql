create function private.touch() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.updated_at := private.now();
  new.version := old.version + 1;
  return new;
end;
$$;

revoke all on function private.touch() from public, anon, authenticated, service_role;
comment on function private.touch() is 'Trigger: stamps updated_at and raises the row version that ETag and If-Match compare.';

create function private.refuse_change() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  perform private.fail('conflict', format('A row of %s never changes once written', tg_table_name), 409);
  return null;
end;
$$;

revoke all on function private.refuse_change() from public, anon, authenticated, service_role;
comment on function private.refuse_change() is 'Trigger: makes a table append-only.';
