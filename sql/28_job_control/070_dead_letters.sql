create function private.dead_letters_from(p_organization_id uuid, p_filter jsonb, p_limit integer) returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_limit is null or p_limit not between 1 and 1000 then
    perform private.fail('invalid_request', 'The limit is 1 to 1000', 400);
  elsif jsonb_typeof(p_filter) = 'object' and p_filter ? 'status' then
    perform private.fail('invalid_request', 'Dead letters can not be filtered by "status"', 400);
  end if;
  return 'public.job_history j where j.status = ''dead'' and j.replayed_as is null and '
    || private.job_conditions(p_organization_id, coalesce(p_filter, '{}'));
end;
$$;

revoke all on function private.dead_letters_from(uuid, jsonb, integer) from public, anon, authenticated, service_role;
comment on function private.dead_letters_from(uuid, jsonb, integer) is
  'What follows "from" in a query for the dead letters (j) that an action means. Refuses what no action takes.';

create function private.replay_dead_letters(p_organization_id uuid, p_filter jsonb, p_limit integer, p_dry_run boolean) returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_which text := private.dead_letters_from(p_organization_id, p_filter, p_limit);
  v_old uuid[];
  v_jobs jsonb;
  v_reply jsonb;
  v_replayed bigint := 0;
  v_left bigint;
begin
  if not coalesce(p_dry_run, false) then
    execute format(
      'select array_agg(r.id order by r.id), jsonb_agg(private.job_again(r) order by r.id)
       from (select j.* from %s order by j.id limit %s for update of j skip locked) r', v_which, p_limit
    ) into v_old, v_jobs;
    if v_old is not null then
      v_reply := engine.enqueue_jobs(v_jobs);
      -- Of those with a unique key, some may be waited for already: they stay dead letters.
      with made as (
        select o.id, (e.value ->> 'id')::uuid as new_id
        from unnest(v_old) with ordinality o (id, place)
        join jsonb_array_elements(v_reply) with ordinality e on e.ordinality = o.place
        where e.value ->> 'status' = 'enqueued'
      )
      update public.job_history h set replayed_as = m.new_id from made m where h.id = m.id;
      get diagnostics v_replayed = row_count;
    end if;
  end if;
  execute 'select count(*) from ' || v_which into v_left;
  return jsonb_build_object(
    'replayed', v_replayed, 'refused', coalesce(cardinality(v_old), 0) - v_replayed, 'left', v_left,
    'dry_run', coalesce(p_dry_run, false)
  );
end;
$$;

revoke all on function private.replay_dead_letters(uuid, jsonb, integer, boolean) from public, anon, authenticated, service_role;
comment on function private.replay_dead_letters(uuid, jsonb, integer, boolean) is
  'Does dead letters once more, oldest first, at most p_limit of those that the filter finds. Answers {replayed, refused, left, dry_run}.';

create function public.replay_dead_letters(
  p_organization_id uuid,
  p_filter jsonb default '{}',
  p_limit integer default 100,
  p_dry_run boolean default false
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.require_permission(p_organization_id, 'runs:execute', 'organization');
  return private.replay_dead_letters(p_organization_id, p_filter, p_limit, p_dry_run);
end;
$$;

revoke all on function public.replay_dead_letters(uuid, jsonb, integer, boolean) from public, anon, authenticated, service_role;
grant execute on function public.replay_dead_letters(uuid, jsonb, integer, boolean) to authenticated;
comment on function public.replay_dead_letters(uuid, jsonb, integer, boolean) is
  'Does dead letters of an organization once more, oldest first, at most p_limit (1000) of those that the filter {type [], code, created_after, created_before} finds. Answers {replayed, refused = a job with their unique key waits already, left = how many the filter still finds, dry_run}; p_dry_run = only left. Needs runs:execute.';

create function engine.replay_dead_letters(
  p_organization_id uuid default null,
  p_filter jsonb default '{}',
  p_limit integer default 100,
  p_dry_run boolean default false
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
  return private.replay_dead_letters(p_organization_id, p_filter, p_limit, p_dry_run);
end;
$$;

revoke all on function engine.replay_dead_letters(uuid, jsonb, integer, boolean) from public, anon, authenticated, service_role;
grant execute on function engine.replay_dead_letters(uuid, jsonb, integer, boolean) to service_role;
comment on function engine.replay_dead_letters(uuid, jsonb, integer, boolean) is
  'public.replay_dead_letters for operators: null = of every organization, and of the platform itself.';
