create function private.tenant_relations() returns table (relation regclass, condition text, place integer)
language plpgsql
stable
set search_path = ''
as $$
begin
  return query
  with recursive tenant as (
    -- Partitions by themselves: a place within a table tells a row only there.
    select c.oid, c.relname
    from pg_catalog.pg_class c
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = 'organization_id' and not a.attisdropped
    where c.relkind = 'r' and c.relnamespace in ('public'::regnamespace, 'private'::regnamespace, 'engine'::regnamespace)
      and c.oid <> 'private.organization_removals'::regclass
  ),
  -- How many tenant tables a row leads to, one behind the other: who refers to others goes before them.
  steps as (
    select t.oid, t.oid as target, 0 as depth from tenant t
    union
    select s.oid, k.confrelid, s.depth + 1
    from steps s
    join pg_catalog.pg_constraint k on k.conrelid = s.target and k.contype = 'f' and k.confrelid <> k.conrelid
      -- Of a circle, the one that is checked last is let go of before.
      and not k.condeferrable
    join tenant t on t.oid = k.confrelid
    where s.depth < 12
  )
  -- Those that name the tenant by something of its own, before that goes.
  select to_regclass(l.name), l.condition, l.place
  from (values
    ('private.run_joins', 'run_id in (select r.id from public.runs r where r.organization_id = $1)', -3),
    ('private.run_signals', 'run_id in (select r.id from public.runs r where r.organization_id = $1)', -3),
    ('private.run_cancellations', 'run_id in (select r.id from public.runs r where r.organization_id = $1)', -3),
    ('private.live_watchers', 'id = $1 or id in (select r.id from public.runs r where r.organization_id = $1)', -3),
    ('private.job_slots', 'split_part(limit_key, '':'', 1) = $1::text or job_id in (
      select q.id from public.job_queue q where q.organization_id = $1)', -3),
    ('private.provider_breakers', 'key like ''http:'' || $1 || '':%''', -3),
    ('private.secret_tickets', 'secret_id in (select s.id from public.secrets s where s.organization_id = $1)', -3),
    ('private.change_skips', 'change_id in (select c.id from private.change_triggers c where c.organization_id = $1)', -3)
  ) as l (name, condition, place)
  where to_regclass(l.name) is not null
  union all
  select t.oid::regclass, 'organization_id = $1',
    case
      -- No worker takes anything up while the rest goes.
      when t.relname = 'job_queue' then -2
      -- Last, with what the removal itself writes into it.
      when t.relname like 'audit\_%' or t.relname = 'generations' then 1000
      else 100 - max(s.depth)
    end
  from tenant t join steps s on s.oid = t.oid
  group by t.oid, t.relname
  order by 3, 1;
end;
$$;

revoke all on function private.tenant_relations() from public, anon, authenticated, service_role;
comment on function private.tenant_relations() is
  'Every table with rows of tenants, in the order in which they can be removed: those of the catalog that have organization_id, and the few that name a tenant otherwise. condition is SQL about a row, $1 being the organization. What goes along by foreign keys is not in it.';
