create function private.throughput_of(p_completed bigint, p_retried bigint, p_dead bigint, p_busy_ms numeric, p_wait_ms numeric) returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    'completed', p_completed, 'retried', p_retried, 'dead', p_dead,
    'failure_rate', round((p_retried + p_dead)::numeric / nullif(p_completed + p_retried + p_dead, 0), 4),
    'avg_busy_ms', round(p_busy_ms / nullif(p_completed + p_retried + p_dead, 0), 1),
    'avg_wait_ms', round(p_wait_ms / nullif(p_completed + p_retried + p_dead, 0), 1)
  );
$$;

revoke all on function private.throughput_of(bigint, bigint, bigint, numeric, numeric) from public, anon, authenticated, service_role;
comment on function private.throughput_of(bigint, bigint, bigint, numeric, numeric) is
  'What attempts came to: counts, the share that failed, average milliseconds of work and of waiting; null = there were none.';
