create function engine.configure(p_functions_url text, p_max_workers integer default 4, p_operator_email text default null) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_jobs text[];
begin
  if coalesce(p_functions_url, '') !~ '^https?://[^[:space:]]+$' then
    perform private.fail('invalid_request', 'The address of the edge functions must be a http(s) URL', 400);
  end if;
  if p_operator_email <> '' and (p_operator_email !~ '^[^[:space:]<>"@]+@[^[:space:]<>"@]+$' or length(p_operator_email) > 254) then
    perform private.fail('invalid_request', 'The operators'' address must be an e-mail address', 400);
  end if;
  insert into private.settings (name, value)
  values ('functions_url', rtrim(p_functions_url, '/')), ('max_workers', p_max_workers::text)
  on conflict (name) do update set value = excluded.value, updated_at = private.now();
  if p_operator_email = '' then
    delete from private.settings s where s.name = 'operator_email';
  elsif p_operator_email is not null then
    insert into private.settings (name, value) values ('operator_email', p_operator_email)
    on conflict (name) do update set value = excluded.value, updated_at = private.now();
  end if;

  perform engine.ensure_partitions();
  perform private.secure_live();
  perform private.secure_run_data();
  perform private.secure_run_archives();
  v_jobs := private.schedule_tasks();
  return jsonb_build_object(
    'functions_url', rtrim(p_functions_url, '/'),
    'cron_jobs', to_jsonb(v_jobs),
    'can_call_functions', to_regproc('net.http_post') is not null
  );
end;
$$;

revoke all on function engine.configure(text, integer, text) from public, anon, authenticated, service_role;
grant execute on function engine.configure(text, integer, text) to service_role;
comment on function engine.configure(text, integer, text) is
  'Told once after deployment where the edge functions answer, how many workers may be awake, and who is told when a system task fails (null = as before, empty = nobody). Schedules the clock and the system tasks with pg_cron; repeat it at will.';
