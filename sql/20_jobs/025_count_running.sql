create function private.count_running(p_organization_id uuid) returns integer
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select count(*) from public.job_queue j where j.worker_id is not null and j.organization_id = p_organization_id
  ) + (
    select count(*) from private.job_leases l cross join lateral unnest(l.organization_ids) u (id) where u.id = p_organization_id
  );
end;
$$;

revoke all on function private.count_running(uuid) from public, anon, authenticated, service_role;
comment on function private.count_running(uuid) is
  'How many tokens and jobs of an organization workers hold at this moment, by their leases.';
