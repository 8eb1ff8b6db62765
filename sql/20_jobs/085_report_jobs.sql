create function engine.report_jobs(p_worker_id uuid, p_progress jsonb default '[]') returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_cancel jsonb;
begin
  with mine as materialized (
    select j.job, j.organization_id
    from private.job_leases l cross join lateral unnest(l.job_ids, l.organization_ids) as j (job, organization_id)
    where l.worker_id = p_worker_id
  ),
  told as (
    insert into private.job_states as s (job_id, organization_id, progress, updated_at)
    select m.job, m.organization_id, p.progress, private.now()
    from (select distinct on (r.job) r.* from jsonb_to_recordset(p_progress) as r (job uuid, progress jsonb) order by r.job) p
    join mine m on m.job = p.job
    where octet_length(p.progress::text) <= 4096
    order by m.job
    on conflict (job_id) do update set progress = excluded.progress, updated_at = excluded.updated_at
  )
  select jsonb_agg(s.job_id) into v_cancel
  from private.job_states s join mine m on m.job = s.job_id
  where s.cancel_requested_at is not null;
  return jsonb_build_object('cancel', coalesce(v_cancel, '[]'));
end;
$$;

revoke all on function engine.report_jobs(uuid, jsonb) from public, anon, authenticated, service_role;
grant execute on function engine.report_jobs(uuid, jsonb) to service_role;
comment on function engine.report_jobs(uuid, jsonb) is
  'A worker tells how far its jobs are ([{job, progress}], 4 KiB of JSON each) and learns which of them somebody asked to stop: {cancel: [jobs]}.';
