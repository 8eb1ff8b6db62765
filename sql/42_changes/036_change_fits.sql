create function private.change_fits(p_change private.change_triggers, p_old jsonb, p_new jsonb) returns boolean
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_row jsonb := coalesce(p_new, p_old);
begin
  if p_old is not null and p_new is not null then
    if p_change.columns is null then
      if p_old - p_change.excluded = p_new - p_change.excluded then
        return false;
      end if;
    elsif not exists (select 1 from unnest(p_change.columns) c where p_old -> c <> p_new -> c) then
      return false;
    end if;
  end if;
  return p_change.condition is null or not exists (
    select 1 from jsonb_each(p_change.condition) w
    where not exists (
      select 1
      from jsonb_array_elements(case jsonb_typeof(w.value) when 'array' then w.value else jsonb_build_array(w.value) end) v
      where v.value = v_row -> w.key
    )
  );
end;
$$;

revoke all on function private.change_fits(private.change_triggers, jsonb, jsonb) from public, anon, authenticated, service_role;
comment on function private.change_fits(private.change_triggers, jsonb, jsonb) is
  'Whether a changed row is one that starts the flow: p_old null = inserted, p_new null = deleted.';
