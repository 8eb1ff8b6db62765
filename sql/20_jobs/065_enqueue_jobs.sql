create function engine.enqueue_jobs(p_jobs jsonb) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
-- p_jobs: [{type, organization_id, payload, priority, delay_seconds or scheduled_for, max_attempts, unique_key, on_conflict,
-- concurrency_key, concurrency_limit, expires_in_seconds or expires_at}]
-- Answers [{id, status}] in the same order: enqueued; of a unique key replaced, kept or rejected, with the id of the job
-- that is there.
declare
  v_now timestamptz := private.now();
  v_soon timestamptz;
  v_stamp bigint;
  v_reply jsonb;
  v_organization_id uuid;
  v_count integer;
begin
  if jsonb_typeof(p_jobs) is distinct from 'array' or jsonb_array_length(p_jobs) not between 1 and 10000 then
    perform private.fail('invalid_request', 'Jobs come as a list of 1 to 10,000', 400);
  end if;
  v_count := jsonb_array_length(p_jobs);
  if v_count = 1 then
    v_reply := jsonb_build_array(private.enqueue_one(p_jobs -> 0, v_now));
    perform private.wake_if_idle(coalesce((p_jobs -> 0 ->> 'organization_id')::uuid, private.platform_id()));
    return v_reply;
  elsif p_jobs @? '$[*] ? (exists(@.unique_key) && @.unique_key != null)' then
    select jsonb_agg(private.enqueue_one(e.value, v_now) order by e.ordinality) into v_reply
    from jsonb_array_elements(p_jobs) with ordinality e;
  else
    -- What private.uuid_v7 and private.resting_status do, without a call for each of 10,000: a fifth of the time.
    -- The ids are in the order of the list, so that the index grows at one end: 12 bits tell the place in it.
    v_stamp := ((date_part('epoch', v_now) * 1000)::bigint << 16) | 28672;
    v_soon := v_now + interval '1 minute';
    with asked as materialized (
      select a.*, (
        lpad(to_hex(v_stamp | ((a.place - 1) * 4096 / v_count)), 16, '0') || substr(gen_random_uuid()::text, 19)
      )::uuid as id from rows from (jsonb_to_recordset(p_jobs) as (
        type text, organization_id uuid, payload jsonb, priority smallint, delay_seconds double precision,
        scheduled_for timestamptz, max_attempts smallint, concurrency_key text, concurrency_limit smallint,
        expires_in_seconds double precision, expires_at timestamptz
      )) with ordinality as a (
        type, organization_id, payload, priority, delay_seconds, scheduled_for, max_attempts, concurrency_key,
        concurrency_limit, expires_in_seconds, expires_at, place
      )
    ),
    made as (
      insert into public.job_queue (
        id, organization_id, type, payload, priority, max_attempts, scheduled_for, concurrency_key, concurrency_limit,
        expires_at, created_at, status
      )
      select a.id, coalesce(a.organization_id, private.platform_id()), a.type, nullif(a.payload, 'null'), coalesce(a.priority, 100),
        coalesce(a.max_attempts, 8), d.due, a.concurrency_key,
        case when a.concurrency_key is not null then coalesce(a.concurrency_limit, 1) end,
        coalesce(a.expires_at, v_now + make_interval(secs => a.expires_in_seconds)), v_now,
        case when d.due > v_soon then 'waiting' else 'available' end
      from asked a
      cross join lateral (
        -- A microsecond apart, so that those of one list keep its order.
        select greatest(coalesce(a.scheduled_for, v_now + make_interval(secs => coalesce(a.delay_seconds, 0))), v_now)
          - (v_count - a.place) * interval '1 microsecond' as due
      ) d
    )
    select jsonb_agg(jsonb_build_object('id', a.id, 'status', 'enqueued') order by a.place) into v_reply from asked a;
  end if;
  for v_organization_id in
    select distinct coalesce(a.organization_id, private.platform_id()) from jsonb_to_recordset(p_jobs) as a (organization_id uuid)
  loop
    perform private.wake_if_idle(v_organization_id);
  end loop;
  return v_reply;
exception
  when check_violation or not_null_violation or data_exception then
    perform private.fail('invalid_request', format('A job that can not be enqueued: %s', sqlerrm), 400);
end;
$$;

revoke all on function engine.enqueue_jobs(jsonb) from public, anon, authenticated, service_role;
grant execute on function engine.enqueue_jobs(jsonb) to service_role;
comment on function engine.enqueue_jobs(jsonb) is
  'Enqueues jobs, 10,000 at most, in the transaction of the caller: delayed, by priority (lower first), with a unique key (on_conflict keep, replace or reject the one that has not begun), a limit on how many with one concurrency key are at work at once, an expiry. Wakes a worker. Answers id and status of each, in order.';

create function private.enqueue_one(p_job jsonb, p_now timestamptz) returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_organization_id uuid := coalesce((p_job ->> 'organization_id')::uuid, private.platform_id());
  v_due timestamptz := greatest(p_now, coalesce(
    (p_job ->> 'scheduled_for')::timestamptz,
    p_now + make_interval(secs => coalesce((p_job ->> 'delay_seconds')::double precision, 0))
  ));
  v_policy text := coalesce(p_job ->> 'on_conflict', 'keep');
  v_new uuid := private.uuid_v7();
  v_id uuid;
begin
  if v_policy not in ('keep', 'replace', 'reject') then
    perform private.fail('invalid_request', 'on_conflict is keep, replace or reject', 400);
  end if;
  for v_try in 1..3 loop
    insert into public.job_queue as j (
      id, organization_id, type, payload, priority, max_attempts, scheduled_for, unique_key, concurrency_key, concurrency_limit,
      expires_at, created_at, status
    )
    values (
      v_new, v_organization_id, p_job ->> 'type', nullif(p_job -> 'payload', 'null'), coalesce((p_job ->> 'priority')::smallint, 100),
      coalesce((p_job ->> 'max_attempts')::smallint, 8), v_due, p_job ->> 'unique_key', p_job ->> 'concurrency_key',
      case when p_job ->> 'concurrency_key' is not null then coalesce((p_job ->> 'concurrency_limit')::smallint, 1) end,
      coalesce((p_job ->> 'expires_at')::timestamptz, p_now + make_interval(secs => (p_job ->> 'expires_in_seconds')::double precision)),
      p_now, private.resting_status(v_due, p_now)
    )
    on conflict (organization_id, type, unique_key) where unique_key is not null do update set
      payload = excluded.payload, priority = excluded.priority, max_attempts = excluded.max_attempts,
      scheduled_for = excluded.scheduled_for, status = excluded.status, expires_at = excluded.expires_at,
      concurrency_key = excluded.concurrency_key, concurrency_limit = excluded.concurrency_limit,
      attempts = 0, error_message = null
      where v_policy = 'replace'
    returning j.id into v_id;
    if v_id is not null then
      return jsonb_build_object('id', v_id, 'status', case when v_id = v_new then 'enqueued' else 'replaced' end);
    end if;
    select j.id into v_id from public.job_queue j
    where j.organization_id = v_organization_id and j.type = p_job ->> 'type' and j.unique_key = p_job ->> 'unique_key';
    if v_id is not null then
      return jsonb_build_object('id', v_id, 'status', case v_policy when 'keep' then 'kept' else 'rejected' end);
    end if;
    -- It began in between: then there is room for a new one.
  end loop;
  return jsonb_build_object('id', null, 'status', 'rejected');
end;
$$;

revoke all on function private.enqueue_one(jsonb, timestamptz) from public, anon, authenticated, service_role;
comment on function private.enqueue_one(jsonb, timestamptz) is
  'Part of engine.enqueue_jobs: one job, whose unique key, if it has one, may be taken.';

create function private.enqueue_job(p_organization_id uuid, p_type text, p_payload jsonb, p_options jsonb default '{}') returns uuid
language sql
set search_path = ''
as $$
  select (engine.enqueue_jobs(jsonb_build_array(
    p_options || jsonb_build_object('organization_id', p_organization_id, 'type', p_type, 'payload', p_payload)
  )) -> 0 ->> 'id')::uuid;
$$;

revoke all on function private.enqueue_job(uuid, text, jsonb, jsonb) from public, anon, authenticated, service_role;
comment on function private.enqueue_job(uuid, text, jsonb, jsonb) is
  'Enqueues one job from SQL, in the transaction of the caller; p_options as engine.enqueue_jobs has them. Answers its id, or that of the one that has its unique key.';
