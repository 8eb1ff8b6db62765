create function private.run_steps_page(
  p_run_id uuid,
  p_from timestamptz,
  p_after text,
  p_seen text[],
  p_limit integer
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
      and (p_from is null or (s.finished_at, i.id collate "C") > (p_from, p_after))
      -- Not `<> all`: thousands of steps and thousands of keys are joined by a hash.
      and not exists (select 1 from unnest(p_seen) k where k = left(md5(i.id), 12))
    order by s.finished_at, i.id collate "C"
    limit p_limit + 1
  ),
  -- At least one step and at most some MiB: a hundred outputs of 1 MiB would fill the memory of an isolate.
  measured as (
    select f.*,
      row_number() over (order by f.finished_at, f.id collate "C") as place,
      coalesce(sum(octet_length(f.output::text)) over (
        order by f.finished_at, f.id collate "C" rows between unbounded preceding and 1 preceding
      ), 0) as bytes_before
    from found f
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

revoke all on function private.run_steps_page(uuid, timestamptz, text, text[], integer) from public, anon, authenticated, service_role;
grant execute on function private.run_steps_page(uuid, timestamptz, text, text[], integer) to authenticated;
comment on function private.run_steps_page(uuid, timestamptz, text, text[], integer) is
  'The steps of a run in order of their end, after (p_from, p_after) where p_from is not null, without those whose key is in p_seen; at most p_limit and some 4 MiB of outputs. Answers {steps, more}. The id of a step is unique in its run: node_id[:scope]:attempt; its key, which is there when p_seen is not null, is the beginning of the md5 of that.';
