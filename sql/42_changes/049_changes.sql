create view engine.changes with (security_invoker = true) as
select
  c.id,
  (
    select format('%I.%I', n.nspname, k.relname)
    from pg_catalog.pg_class k join pg_catalog.pg_namespace n on n.oid = k.relnamespace
    where k.oid = t.table_id
  ) as "table",
  c.name,
  c.organization_id,
  c.flow_id,
  f.name as flow_name,
  case
    when t.table_id is null then 'table_gone'
    when f.id is null or f.deleted_at is not null then 'flow_deleted'
    when not t.is_enabled then 'disabled'
    when exists (
      select 1 from unnest(c.columns || c.excluded || array(select jsonb_object_keys(coalesce(c.condition, '{}')))) n
      where not exists (
        select 1 from pg_catalog.pg_attribute a where a.attrelid = t.table_id and a.attname = n and not a.attisdropped
      )
    ) then 'column_gone'
    when o.suspended_at is not null or o.deletes_at is not null then 'organization_suspended'
    when not f.is_active then 'flow_inactive'
    else 'on'
  end as state,
  c.operations,
  c.columns,
  c.condition,
  c.excluded,
  c.claims,
  c.trigger_node,
  c.batch,
  c.max_runs,
  c.max_depth,
  c.required,
  s.skipped,
  s.skipped_because,
  s.last_skipped_at,
  c.created_at,
  c.updated_at
from private.change_triggers c
left join (
  select x.change_id, min(x.table_id) as table_id, bool_and(x.is_enabled) as is_enabled
  from private.change_tables() x group by x.change_id
) t on t.change_id = c.id
left join public.flows f on f.id = c.flow_id
left join public.organizations o on o.id = c.organization_id
cross join lateral (
  select coalesce(sum(r.skipped), 0)::bigint as skipped, jsonb_object_agg(r.reason, r.skipped) as skipped_because,
    max(r.last_at) as last_skipped_at
  from (
    select k.reason, sum(k.skipped) as skipped, max(k.last_at) as last_at
    from private.change_skips k where k.change_id = c.id group by k.reason
  ) r
) s;
revoke all on table engine.changes from public, anon, authenticated, service_role;
grant select on table engine.changes to service_role;

comment on view engine.changes is 'Tables whose changes start flows: made by engine.on_change, removed by engine.off_change.';
