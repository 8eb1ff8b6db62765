create table private.plan_downgrades (
  organization_id uuid primary key references public.organizations (id) on delete cascade,
  plan_id text not null references public.plans (id),
  until timestamptz not null
);
create index plan_downgrades_plan_id_idx on private.plan_downgrades (plan_id);
alter table private.plan_downgrades enable row level security;
revoke all on table private.plan_downgrades from public, anon, authenticated, service_role;

comment on table private.plan_downgrades is
  'Organizations that have left a plan: for 30 days retention keeps what that plan would. A payment that fails for a week costs nobody a year of runs.';
comment on column private.plan_downgrades.organization_id is 'The tenant.';
comment on column private.plan_downgrades.plan_id is 'The plan; of several that were left meanwhile, the one that keeps runs longest.';
comment on column private.plan_downgrades.until is 'Until when it counts.';

create function private.note_downgrade() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.plan_downgrades as d (organization_id, plan_id, until)
  values (new.id, old.plan_id, private.now() + interval '30 days')
  on conflict (organization_id) do update set
    until = excluded.until,
    plan_id = case when d.until > private.now() then (
      select p.id from public.plans p where p.id in (d.plan_id, excluded.plan_id)
      order by (p.retention_days ->> 'runs')::integer desc nulls first, p.id = d.plan_id limit 1
    ) else excluded.plan_id end;
  return null;
end;
$$;

revoke all on function private.note_downgrade() from public, anon, authenticated, service_role;
comment on function private.note_downgrade() is 'Trigger on organizations: notes the plan that one leaves.';

create trigger note_downgrade after update of plan_id on public.organizations
  for each row when (old.plan_id is distinct from new.plan_id) execute function private.note_downgrade();

create function private.kept_days(p_kind text, p_organization_id uuid) returns integer
language sql
stable
set search_path = ''
as $$
  -- Nobody can read what is left of an organization that is gone, and nobody pays for the platform's own jobs.
  select case
    when o.id is null then case p_kind when 'audit' then 365 else 14 end
    -- Null is longer than any number of days.
    when p.retention_days ->> p_kind is null or (b.id is not null and b.retention_days ->> p_kind is null) then null
    else greatest((p.retention_days ->> p_kind)::integer, (b.retention_days ->> p_kind)::integer)
  end
  from (select p_organization_id as id) g
  left join public.organizations o on o.id = g.id
  left join public.plans p on p.id = o.plan_id
  left join private.plan_downgrades d on d.organization_id = o.id and d.until > private.now()
  left join public.plans b on b.id = d.plan_id;
$$;

revoke all on function private.kept_days(text, uuid) from public, anon, authenticated, service_role;
comment on function private.kept_days(text, uuid) is
  'Days for which an organization keeps what has ended: those of its plan, or of a better one that it left within 30 days; null = for ever. The platform, and organizations that are gone: 14, of the audit log 365.';

create function private.archives_runs(p_organization_id uuid) returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (
    select 1
    from public.organizations o
    left join private.plan_downgrades d on d.organization_id = o.id and d.until > private.now()
    join public.plans p on p.id in (o.plan_id, d.plan_id) and p.archives_runs
    where o.id = p_organization_id
  );
$$;

revoke all on function private.archives_runs(uuid) from public, anon, authenticated, service_role;
comment on function private.archives_runs(uuid) is
  'Whether the runs of an organization are archived before they go: by its plan, or by one that it left within 30 days.';
