create function private.keep_cron_job(p_name text, p_schedule text, p_command text) returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  begin
    perform cron.schedule(p_name, p_schedule, p_command);
  exception when others then
    if p_schedule !~ ' seconds?$' then
      perform private.fail('invalid_request', 'pg_cron does not take the schedule ' || p_schedule || ': ' || sqlerrm, 400);
    end if;
    -- Seconds came with pg_cron 1.5: with an older one the clock ticks once a minute.
    perform cron.schedule(p_name, '* * * * *', p_command);
  end;
end;
$$;

revoke all on function private.keep_cron_job(text, text, text) from public, anon, authenticated, service_role;
comment on function private.keep_cron_job(text, text, text) is
  'Makes or changes a job of pg_cron. One in seconds becomes one a minute where pg_cron is too old for it.';
