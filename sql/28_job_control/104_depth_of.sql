create function private.depth_of(p_numbers jsonb) returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object(
    'queued', coalesce(sum(n.jobs) filter (where n.status = 'queued'), 0),
    'delayed', coalesce(sum(n.jobs) filter (where n.status = 'delayed'), 0),
    'blocked', coalesce(sum(n.jobs) filter (where n.status = 'blocked'), 0),
    'waiting', coalesce(sum(n.jobs) filter (where n.status = 'waiting'), 0),
    'paused', coalesce(sum(n.jobs) filter (where n.status = 'paused'), 0),
    'running', coalesce(sum(n.jobs) filter (where n.status = 'running'), 0),
    'dead_letters', coalesce(sum(n.jobs) filter (where n.status = 'dead_letters'), 0),
    'oldest_due_at', min(n.oldest_due_at),
    'oldest_due_seconds', extract(epoch from private.now() - min(n.oldest_due_at))::bigint
  )
  from jsonb_to_recordset(p_numbers) as n (status text, jobs bigint, oldest_due_at timestamptz);
$$;

revoke all on function private.depth_of(jsonb) from public, anon, authenticated, service_role;
comment on function private.depth_of(jsonb) is 'Rows of private.queue_numbers, added up.';
