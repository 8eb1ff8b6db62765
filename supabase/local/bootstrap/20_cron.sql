-- Stand-in for the extension pg_cron: same tables, same signatures. `cron_dispatcher.ts` runs the jobs.
-- https://github.com/citusdata/pg_cron
create schema if not exists cron;
comment on schema cron is 'Stand-in for pg_cron, driven by the local stack of Millrace';

create sequence if not exists cron.jobid_seq;
create table if not exists cron.job (
  jobid    bigint primary key default nextval('cron.jobid_seq'),
  schedule text not null,
  command  text not null,
  nodename text not null default 'localhost',
  nodeport integer not null default coalesce(inet_server_port(), 5432),
  database text not null default current_database(),
  username text not null default current_user,
  active   boolean not null default true,
  jobname  text,
  constraint jobname_username_uniq unique (jobname, username)
);

create sequence if not exists cron.runid_seq;
create table if not exists cron.job_run_details (
  jobid          bigint,
  runid          bigint primary key default nextval('cron.runid_seq'),
  job_pid        integer,
  database       text,
  username       text,
  command        text,
  status         text,
  return_message text,
  start_time     timestamptz,
  end_time       timestamptz
);

-- '10 seconds' (1 to 59), a macro such as '@hourly', or five fields of the usual characters. The dispatcher's parser
-- has the last word on the values inside a field.
create or replace function cron._check_schedule(p_schedule text) returns void language plpgsql as $$
begin
  if p_schedule ~ '^\s*([1-9]|[1-5][0-9]) seconds?\s*$'
    or p_schedule ~ '^\s*@(yearly|annually|monthly|weekly|daily|midnight|hourly)\s*$'
    or p_schedule ~* '^\s*([0-9*/,a-z$-]+\s+){4}[0-9*/,a-z$-]+\s*$'
  then
    return;
  end if;
  raise exception 'invalid schedule: %', p_schedule
    using errcode = 'invalid_parameter_value', hint = 'Use cron format (e.g. 5 4 * * *), or interval format ''[1-59] seconds''';
end
$$;

create or replace function cron.schedule_in_database(
  job_name text, schedule text, command text, database text, username text default null, active boolean default true
) returns bigint language plpgsql as $$
declare
  v_job_id bigint;
begin
  perform cron._check_schedule(schedule_in_database.schedule);
  insert into cron.job as j (jobname, schedule, command, database, username, active)
  values (
    schedule_in_database.job_name, schedule_in_database.schedule, schedule_in_database.command,
    schedule_in_database.database, coalesce(schedule_in_database.username, current_user), schedule_in_database.active
  )
  on conflict on constraint jobname_username_uniq do update
    set schedule = excluded.schedule, command = excluded.command, database = excluded.database, active = excluded.active
  returning j.jobid into v_job_id;
  return v_job_id;
end
$$;

create or replace function cron.schedule(job_name text, schedule text, command text) returns bigint language sql as $$
  select cron.schedule_in_database(job_name, schedule, command, current_database()::text)
$$;

create or replace function cron.schedule(schedule text, command text) returns bigint language sql as $$
  select cron.schedule_in_database(null, schedule, command, current_database()::text)
$$;

create or replace function cron.unschedule(job_id bigint) returns boolean language plpgsql as $$
begin
  delete from cron.job where jobid = job_id;
  if not found then
    raise exception 'could not find valid entry for job ''%''', job_id;
  end if;
  return true;
end
$$;

create or replace function cron.unschedule(job_name text) returns boolean language plpgsql as $$
begin
  delete from cron.job where jobname = job_name and username = current_user;
  if not found then
    raise exception 'could not find valid entry for job ''%''', job_name;
  end if;
  return true;
end
$$;

create or replace function cron.alter_job(
  job_id bigint, schedule text default null, command text default null, database text default null,
  username text default null, active boolean default null
) returns void language plpgsql as $$
begin
  if alter_job.schedule is not null then
    perform cron._check_schedule(alter_job.schedule);
  end if;
  update cron.job j
  set schedule = coalesce(alter_job.schedule, j.schedule),
      command  = coalesce(alter_job.command, j.command),
      database = coalesce(alter_job.database, j.database),
      username = coalesce(alter_job.username, j.username),
      active   = coalesce(alter_job.active, j.active)
  where j.jobid = job_id;
  if not found then
    raise exception 'Job % does not exist or you don''t own it', job_id;
  end if;
end
$$;

revoke execute on all functions in schema cron from public;
