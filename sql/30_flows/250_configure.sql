create function engine.configure(p_functions_url text, p_max_workers integer default 4) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_jobs text[] := '{}';
begin
  if coalesce(p_functions_url, '') !~ '^https?://[^[:space:]]+$' then
    perform private.fail('invalid_request', 'The address of the edge functions must be a http(s) URL', 400);
  end if;
  insert into private.settings (name, value)
  values ('functions_url', rtrim(p_functions_url, '/')), ('max_workers', p_max_workers::text)
  on conflict (name) do update set value = excluded.value, updated_at = private.now();

  perform engine.ensure_partitions();
  perform private.secure_live();
  perform private.secure_run_data();
  if to_regprocedure('cron.schedule(text, text, text)') is not null then
    perform cron.schedule('millrace-tick', '10 seconds', 'select engine.tick()');
    perform cron.schedule('millrace-partitions', '17 3 * * *', 'select engine.ensure_partitions()');
    perform cron.schedule('millrace-rate-limits', '*/15 * * * *', 'select private.purge_rate_limits()');
    perform cron.schedule('millrace-cron-history', '41 4 * * *',
      'delete from cron.job_run_details where end_time < now() - interval ''3 days''');
    v_jobs := array['millrace-tick', 'millrace-partitions', 'millrace-rate-limits', 'millrace-cron-history'];
  end if;
  return jsonb_build_object(
    'functions_url', rtrim(p_functions_url, '/'),
    'cron_jobs', to_jsonb(v_jobs),
    'can_call_functions', to_regproc('net.http_post') is not null
  );
end;
$$;

revoke all on function engine.configure(text, integer) from public, anon, authenticated, service_role;
grant execute on function engine.configure(text, integer) to service_role;
comment on function engine.configure(text, integer) is
  'Told once after deployment where the edge functions answer, and how many workers may be awake. Schedules the clock with pg_cron; repeat it at will.';
