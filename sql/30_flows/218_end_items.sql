create function private.drop_scope(p_run_id uuid, p_prefix text, p_exact text default null) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_children uuid[];
begin
  with gone as (
    delete from public.job_queue j
    where j.run_id = p_run_id and (j.scope = p_exact or starts_with(j.scope, p_prefix))
    returning j.payload
  )
  select array_agg(private.to_uuid(g.payload -> 'wait' ->> 'run_id')) into v_children
  from gone g where g.payload -> 'wait' ->> 'kind' = 'run' and not g.payload ? 'resolved';
  delete from private.run_joins g where g.run_id = p_run_id and (g.scope = p_exact or starts_with(g.scope, p_prefix));
  delete from private.run_regions g where g.run_id = p_run_id and (g.scope = p_exact or starts_with(g.scope, p_prefix));
  if v_children is not null then
    perform private.cancel_runs(v_children);
  end if;
end;
$$;

revoke all on function private.drop_scope(uuid, text, text) from public, anon, authenticated, service_role;
comment on function private.drop_scope(uuid, text, text) is
  'Drops the tokens, joins and regions of a run whose scope begins with p_prefix, or is p_exact. The caller holds the run and its tokens.';

create function private.end_items(p_worker_id uuid, p_results jsonb, p_paused uuid[]) returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
  v_kept uuid[] := '{}';
  v_fail record;
  v_group record;
  v_region private.run_regions;
  v_worker uuid;
  v_close jsonb;
begin
  update private.run_regions g set broke = true
  from jsonb_to_recordset(p_results) as r (run_id uuid, broke text)
  where r.broke is not null and g.run_id = r.run_id
    and (g.node_id, g.scope) = (substring(r.broke from '([^/]+)\.[0-9]+$'), coalesce(substring(r.broke from '^(.*)/[^/]+$'), ''));

  for v_fail in
    select r.run_id, r.scope from jsonb_to_recordset(p_results) as r (run_id uuid, scope text, fail jsonb)
    where r.fail is not null
  loop
    perform private.drop_scope(v_fail.run_id, v_fail.scope || '/', v_fail.scope);
  end loop;

  -- Items whose token has gone and that have none left. What is still open in a region below is a token of the item.
  for v_group in
    with gone as (
      select i.run_id, i.scope, (array_agg(i.fail) filter (where i.fail is not null))[1] as fail
      from jsonb_to_recordset(p_results) as r (
        run_id uuid, scope text, move jsonb, hold boolean, open jsonb, child jsonb, fail jsonb, ended jsonb
      )
      cross join lateral (
        select r.run_id, r.scope, r.fail
        where r.ended is null and r.scope <> '' and r.move is null and r.hold is not true and r.open is null and r.child is null
        union all
        -- A token that carried several items names those that are through.
        select r.run_id, e.scope, case when e.error is not null then jsonb_build_object('error', e.error) end
        from jsonb_to_recordset(r.ended) as e (scope text, error jsonb)
      ) i
      group by i.run_id, i.scope
    ),
    ended as (
      select g.*, substring(g.scope from '([^/]+)\.[0-9]+$') as owner, substring(g.scope from '[0-9]+$')::integer as index,
        coalesce(substring(g.scope from '^(.*)/[^/]+$'), '') as outer_scope
      from gone g
      where not exists (select 1 from public.job_queue j where j.run_id = g.run_id and j.scope = g.scope)
    )
    select e.run_id, e.owner, e.outer_scope, count(*)::integer as ended, count(e.fail)::integer as failed,
      max(e.index) as last,
      (array_agg(e.index order by e.index) filter (where e.fail is not null))[1] as index,
      (array_agg(e.fail -> 'error' order by e.index) filter (where e.fail is not null))[1] as error
    from ended e
    group by e.run_id, e.owner, e.outer_scope
    order by e.run_id, e.outer_scope, e.owner
  loop
    update private.run_regions g set
      open = g.open - v_group.ended,
      completed = g.completed + v_group.ended - v_group.failed,
      failed = g.failed + v_group.failed,
      total = case when g.broke then g.next else g.total end
    where (g.run_id, g.node_id, g.scope) = (v_group.run_id, v_group.owner, v_group.outer_scope)
    returning * into v_region;
    continue when not found;
    v_worker := case when v_region.run_id = any (p_paused) then null else p_worker_id end;

    if v_region.failed > v_region.tolerate then
      perform private.drop_scope(
        v_region.run_id, case when v_region.scope = '' then '' else v_region.scope || '/' end || v_region.node_id || '.'
      );
      v_close := jsonb_build_object('error', v_group.error, 'index', v_group.index);
    elsif v_region.next < v_region.total then
      v_kept := v_kept || private.spawn_items(v_region, v_worker);
      continue;
    elsif v_region.open > 0 then
      continue;
    else
      v_close := '{}';
    end if;

    perform private.close_region(v_region, v_worker, v_close);
    if v_worker is not null then
      v_kept := v_kept || v_region.token_id;
    end if;
  end loop;
  -- A region that fails takes tokens along that were made a moment ago.
  return array(select k.id from unnest(v_kept) as k (id) join public.job_queue j on j.id = k.id);
end;
$$;

revoke all on function private.end_items(uuid, jsonb, uuid[]) from public, anon, authenticated, service_role;
comment on function private.end_items(uuid, jsonb, uuid[]) is
  'Part of engine.settle_jobs: items of regions that have no token left are counted, the next ones become tokens, and the token of a region that is through, or has failed, goes on at its closer. Answers the tokens that are leased to the worker.';
