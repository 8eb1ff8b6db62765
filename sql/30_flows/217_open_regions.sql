create function private.spawn_items(p_region private.run_regions, p_worker_id uuid) returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  -- Taken out of its storage once, not once for each item.
  v_items jsonb := p_region.items || '[]'::jsonb;
  v_tokens integer := least(
    p_region.window_size - ceil(p_region.open::numeric / p_region.chunk)::integer,
    ceil((p_region.total - p_region.next)::numeric / p_region.chunk)::integer
  );
  v_count integer := least(v_tokens * p_region.chunk, p_region.total - p_region.next);
  v_kept uuid[];
begin
  with made as (
    insert into public.job_queue (
      organization_id, run_id, node_id, scope, reads, payload, resume, status, worker_id, epoch, attempts, started_at,
      scheduled_for, deadline_at, created_at
    )
    select
      p_region.organization_id, p_region.run_id, p_region.node_id,
      private.item_scope(p_region.scope, p_region.node_id, i), p_region.reads,
      jsonb_build_object(
        'item', v_items -> (i - p_region.first), 'index', i, 'count', case when not p_region.more then p_region.total end
      ) || case when p_region.chunk = 1 then '{}' else jsonb_build_object('rest', (
        select coalesce(jsonb_agg(v_items -> (n - p_region.first) order by n), '[]')
        from generate_series(i + 1, least(i + p_region.chunk, p_region.total) - 1) n
      )) end,
      p_region.resume, case when k.keep then 'running' when p_worker_id is null then 'paused' else 'available' end,
      case when k.keep then p_worker_id end,
      case when k.keep then 1 else 0 end, case when k.keep then 1 else 0 end, case when k.keep then v_now end,
      v_now, r.deadline_at, v_now
    from generate_series(0, v_tokens - 1) t
    cross join lateral (select p_region.next + t * p_region.chunk as i) o
    -- Some stay with the worker that is at it, the others are for everybody.
    cross join lateral (select p_worker_id is not null and t < 16 as keep) k
    join public.runs r on r.id = p_region.run_id
    order by i
    returning id, worker_id
  )
  select coalesce(array_agg(m.id) filter (where m.worker_id is not null), '{}') into v_kept from made m;
  update private.run_regions g set next = g.next + v_count, open = g.open + v_count
  where (g.run_id, g.node_id, g.scope) = (p_region.run_id, p_region.node_id, p_region.scope);
  return v_kept;
end;
$$;

revoke all on function private.spawn_items(private.run_regions, uuid) from public, anon, authenticated, service_role;
comment on function private.spawn_items(private.run_regions, uuid) is
  'Makes tokens of the next items of a region, as many as its window has room for; p_worker_id null = its run is paused. Answers those that are leased to the worker.';

create function private.close_region(p_region private.run_regions, p_worker_id uuid, p_close jsonb default '{}') returns void
language plpgsql
set search_path = ''
as $$
begin
  delete from private.run_regions g
  where (g.run_id, g.node_id, g.scope) = (p_region.run_id, p_region.node_id, p_region.scope);
  update public.job_queue j set
    node_id = p_region.closer, reads = p_region.close_reads, resume = p_region.resume,
    status = case when p_worker_id is null then 'paused' else 'running' end, worker_id = p_worker_id,
    started_at = case when p_worker_id is not null then private.now() end, epoch = j.epoch + 1,
    attempts = case when p_worker_id is null then 0 else 1 end, scheduled_for = private.now(),
    payload = case
      when p_region.more and not p_region.broke and p_close = '{}' then jsonb_build_object('again', jsonb_build_object(
        'index', p_region.total - 1,
        'last', private.region_items(
          p_region.run_id, p_region.scope, p_region.node_id, p_region.body, p_region.total - 1, p_region.total
        ) -> 0 -> 'value'
      ))
      else jsonb_build_object('close', jsonb_build_object(
        'owner', p_region.node_id, 'body', to_jsonb(p_region.body), 'total', p_region.total,
        'completed', p_region.completed, 'failed', p_region.failed
      ) || p_close)
    end
  where j.id = p_region.token_id;
end;
$$;

revoke all on function private.close_region(private.run_regions, uuid, jsonb) from public, anon, authenticated, service_role;
comment on function private.close_region(private.run_regions, uuid, jsonb) is
  'Ends a region: its token goes on at the closer, or asks the owner whether more follows; p_worker_id null = the run is paused. p_close holds the error of a region that fails.';

create function private.open_regions(p_worker_id uuid, p_results jsonb, p_paused uuid[]) returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
  v_kept uuid[] := '{}';
  v_open record;
  v_region private.run_regions;
  v_worker uuid;
begin
  for v_open in
    select r.job, r.run_id, coalesce(r.scope, '') as scope, r.organization_id, o.*
    from jsonb_to_recordset(p_results) as r (job uuid, run_id uuid, scope text, organization_id uuid, open jsonb)
    cross join lateral jsonb_to_record(r.open) as o (
      node text, closer text, items jsonb, first integer, window_size integer, tolerate integer, more boolean, reads text[],
      close_reads text[], body text[], chunk smallint
    )
    where r.open is not null
  loop
    v_worker := case when v_open.run_id = any (p_paused) then null else p_worker_id end;
    update public.job_queue j set
      status = 'waiting', node_id = v_open.node, worker_id = null, started_at = null, payload = null, reads = null,
      epoch = j.epoch + 1, attempts = 0, resume = false, pausing = false, scheduled_for = 'infinity'
    where j.id = v_open.job;
    insert into private.run_regions (
      run_id, node_id, scope, token_id, organization_id, closer, items, first, total, next, open, window_size, tolerate, more,
      resume, reads, close_reads, body, chunk
    )
    select
      v_open.run_id, v_open.node, v_open.scope, v_open.job, v_open.organization_id, v_open.closer, v_open.items, v_open.first,
      v_open.first + jsonb_array_length(v_open.items), v_open.first, 0, v_open.window_size,
      v_open.tolerate, v_open.more, q.retry_of is not null, v_open.reads, v_open.close_reads, v_open.body,
      -- What is recorded already is told of one item at a time.
      case when q.retry_of is null then coalesce(v_open.chunk, 1) else 1 end
    from public.runs q where q.id = v_open.run_id
    returning * into v_region;
    if v_region.total = v_region.first then
      -- A while loop whose condition holds no longer: nothing more goes in.
      perform private.close_region(v_region, v_worker);
      v_kept := v_kept || case when v_worker is null then '{}'::uuid[] else array[v_region.token_id] end;
      continue;
    end if;
    v_kept := v_kept || private.spawn_items(v_region, v_worker);
  end loop;
  return v_kept;
end;
$$;

revoke all on function private.open_regions(uuid, jsonb, uuid[]) from public, anon, authenticated, service_role;
comment on function private.open_regions(uuid, jsonb, uuid[]) is
  'Part of engine.settle_jobs: the tokens of results with "open" wait, and the first items of their regions become tokens. Answers those that are leased to the worker.';
