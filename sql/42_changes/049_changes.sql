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
    when o.suspended_at is not null then 'organization_suspended'
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
comment on column engine.changes.id is 'UUIDv7; also in the names of the triggers.';
comment on column engine.changes."table" is 'The table under its present name; null = it is gone.';
comment on column engine.changes.name is 'Tells several for the same table and flow apart.';
comment on column engine.changes.organization_id is 'The tenant whose flow it is.';
comment on column engine.changes.flow_id is 'The flow.';
comment on column engine.changes.flow_name is 'Its name now; null = it is gone.';
comment on column engine.changes.state is 'on = changes start runs. Otherwise why they do not: flow_inactive, flow_deleted, organization_suspended; disabled = the trigger is switched off; column_gone = a column that the options name is not there any more; table_gone.';
comment on column engine.changes.operations is 'Which changes start it.';
comment on column engine.changes.columns is 'An update starts it only when one of these differs afterwards; null = any.';
comment on column engine.changes.condition is 'Column -> value, or list of values, that the row has to have; null = every row.';
comment on column engine.changes.excluded is 'Columns that the flow never sees.';
comment on column engine.changes.claims is 'Claims of the writer''s token that the flow sees besides who it is.';
comment on column engine.changes.trigger_node is 'The trigger node to start at; null = the first event trigger.';
comment on column engine.changes.batch is 'How many rows a run gets.';
comment on column engine.changes.max_runs is 'How many runs one statement starts at most.';
comment on column engine.changes.max_depth is 'How many runs may stand above one that is started here.';
comment on column engine.changes.required is 'True = a change that can not start its run is refused.';
comment on column engine.changes.skipped is 'Changed rows that started nothing although they fit.';
comment on column engine.changes.skipped_because is 'The same by reason; null = none.';
comment on column engine.changes.last_skipped_at is 'The last of them; null = none.';
comment on column engine.changes.created_at is 'Made.';
comment on column engine.changes.updated_at is 'Last call of engine.on_change for it.';
