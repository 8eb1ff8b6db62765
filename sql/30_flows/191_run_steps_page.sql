create function private.run_steps_page(
  p_run_id uuid,
  p_from timestamptz,
  p_after text,
  p_seen text[],
  p_limit integer,
  p_descending boolean default false,
  p_status text[] default null,
  p_node_id text default null
) returns jsonb
language sql
stable
set search_path = ''
as $$
  -- Called by functions that run as the caller: RLS decides which steps there are.
  with found as (
    select s.*, i.id
    from public.run_steps s
    cross join lateral (select concat_ws(':', s.node_id, nullif(s.scope, ''), s.attempt) as id) i
    where s.run_id = p_run_id
      and (p_from is null or case when p_descending
        then (s.finished_at, i.id collate "C") < (p_from, p_after)
        else (s.finished_at, i.id collate "C") > (p_from, p_after) end)
      and (p_status is null or s.status::text = any (p_status))
      and (p_node_id is null or s.node_id = p_node_id)
      -- Not `<> all`: thousands of steps and thousands of keys are joined by a hash.
      and not exists (select 1 from unnest(p_seen) k where k = left(md5(i.id), 12))
    order by
      case when p_descending then s.finished_at end desc, case when p_descending then i.id collate "C" end desc,
      s.finished_at, i.id collate "C"
    limit p_limit + 1
  ),
  -- At least one step and at most some MiB: a hundred outputs of 1 MiB would fill the memory of an isolate.
  placed as (
    select f.*, row_number() over (
      order by
        case when p_descending then f.finished_at end desc, case when p_descending then f.id collate "C" end desc,
        f.finished_at, f.id collate "C"
    ) as place
    from found f
  ),
  measured as (
    select p.*,
      coalesce(sum(octet_length(p.output::text)) over (
        order by p.place rows between unbounded preceding and 1 preceding
      ), 0) as bytes_before
    from placed p
  )
  select jsonb_build_object(
    'steps', coalesce(jsonb_agg(
      jsonb_build_object(
        'id', m.id,
        'node_id', m.node_id,
        'scope', m.scope,
        'attempt', m.attempt,
        'status', m.status,
        'handles', m.handles,
        'output', m.output,
        'error', m.error,
        'started_at', m.started_at,
        'finished_at', m.finished_at,
        'duration_ms', round(extract(epoch from m.finished_at - m.started_at) * 1000, 3)
      ) || case when p_seen is null then '{}' else jsonb_build_object('key', left(md5(m.id), 12)) end
      order by m.place
    ) filter (where m.place <= p_limit and m.bytes_before < 4194304), '[]'),
    'more', coalesce(bool_or(m.place > p_limit or m.bytes_before >= 4194304), false)
  )
  from measured m;
$$;

revoke all on function private.run_steps_page(uuid, timestamptz, text, text[], integer, boolean, text[], text) from public, anon, authenticated, service_role;
grant execute on function private.run_steps_page(uuid, timestamptz, text, text[], integer, boolean, text[], text) to authenticated;
comment on function private.run_steps_page(uuid, timestamptz, text, text[], integer, boolean, text[], text) is
  'The steps of a run in order of their end, after (p_from, p_after) where p_from is not null, without those whose key is in p_seen; at most p_limit and some 4 MiB of outputs. p_descending = from the last one back; p_status, p_node_id = only those with one of these states, of this node. Answers {steps, more}. The id of a step is unique in its run: node_id[:scope]:attempt; its key, which is there when p_seen is not null, is the beginning of the md5 of that.';
