create function public.get_entity_journey(
  p_entity_id uuid,
  p_after integer default null,
  p_limit integer default 50,
  p_descending boolean default false
) returns jsonb
language sql
stable
set search_path = ''
as $$
  with page as (
    select m.*, row_number() over (order by case when p_descending then -m.number else m.number end) as place
    from public.entity_moves m
    where m.entity_id = p_entity_id
      and (p_after is null or case when p_descending then m.number < p_after else m.number > p_after end)
    order by case when p_descending then -m.number else m.number end
    limit least(greatest(p_limit, 1), 100) + 1
  ),
  stays as (
    select m.from_node as node_id, m.seconds, null::timestamptz as since
    from public.entity_moves m
    where m.entity_id = p_entity_id and m.from_node is not null
    union all
    select e.node_id, greatest(extract(epoch from private.now() - e.entered_at), 0), e.entered_at
    from public.entities e
    where e.id = p_entity_id and e.node_id is not null
  )
  select jsonb_build_object(
    'moves', (
      select coalesce(jsonb_agg(
        to_jsonb(p) - array['place', 'entity_id', 'organization_id', 'flow_id'] order by p.place
      ) filter (where p.place <= least(greatest(p_limit, 1), 100)), '[]')
      from page p
    ),
    'more', (select count(*) > least(greatest(p_limit, 1), 100) from page),
    'durations', (
      select coalesce(jsonb_agg(to_jsonb(d) order by d.seconds desc, d.node_id), '[]')
      from (
        select s.node_id, count(*) as stays, sum(s.seconds) as seconds, max(s.since) as since
        from stays s
        group by s.node_id
      ) d
    )
  )
  from public.entities e
  where e.id = p_entity_id;
$$;

revoke all on function public.get_entity_journey(uuid, integer, integer, boolean) from public, anon, authenticated, service_role;
grant execute on function public.get_entity_journey(uuid, integer, integer, boolean) to authenticated;
comment on function public.get_entity_journey(uuid, integer, integer, boolean) is
  'A page of an entity''s journey after the move p_after (null = from the beginning, or the end when p_descending), and how long it stood at each node altogether, until now. Answers {moves, more, durations}; null when the caller sees no such entity. Runs as the caller.';
