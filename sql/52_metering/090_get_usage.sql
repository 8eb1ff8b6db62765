create function public.get_usage(
  p_organization_id uuid,
  p_from date,
  p_to date,
  p_group_by text default 'day',
  p_flow_id uuid default null,
  p_limit integer default 100
) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_from timestamptz := p_from::timestamp at time zone 'UTC';
  v_to timestamptz := (p_to + 1)::timestamp at time zone 'UTC';
  v_groups jsonb;
  v_totals jsonb;
begin
  perform private.require_permission(p_organization_id, 'billing:read', 'organization');
  if p_from is null or p_to is null or p_to < p_from or p_to - p_from > 400 then
    perform private.fail('invalid_request', 'Usage is told of 1 to 401 days', 400);
  end if;
  if p_group_by is null or p_group_by not in ('day', 'flow', 'node', 'model') then
    perform private.fail('invalid_request', 'Usage is grouped by day, flow, node or model', 400);
  end if;
  with
  grouped as (
    -- Steps and runs are of no model; what is asked for by model is calls only.
    select
      case p_group_by when 'day' then (d.hour at time zone 'UTC')::date end as day,
      case when p_group_by in ('flow', 'node') then d.flow_id end as flow_id,
      case when p_group_by = 'node' then d.node_id end as node_id,
      case when p_group_by = 'model' then d.model end as model,
      sum(d.runs) as runs, sum(d.steps) as steps, sum(d.calls) as calls, sum(d.input_tokens) as input_tokens,
      sum(d.output_tokens) as output_tokens, sum(d.other_units) as other_units, sum(d.cost_micros) as cost_micros,
      sum(d.unpriced_calls) as unpriced_calls
    from (
      select * from public.usage_details u
      where u.organization_id = p_organization_id and u.hour >= v_from and u.hour < v_to
        and (p_flow_id is null or u.flow_id = p_flow_id)
        and (p_group_by <> 'model' or u.model <> '') and (p_group_by <> 'node' or u.node_id <> '')
      union all
      -- Each day has its row, for charts.
      select p_organization_id, t.day, null, '', '', 0, 0, 0, 0, 0, 0, 0, 0
      from generate_series(p_from::timestamp, p_to::timestamp, interval '1 day') s (day)
      cross join lateral (select s.day at time zone 'UTC' as day) t
      where p_group_by = 'day'
    ) d
    group by 1, 2, 3, 4
  ),
  ranked as (
    select g.*, f.name as flow_name,
      row_number() over (order by g.day, g.cost_micros desc, g.runs desc, g.steps desc, g.flow_id, g.node_id, g.model) as place
    from grouped g
    left join public.flows f on f.id = g.flow_id and f.organization_id = p_organization_id
  )
  select
    jsonb_agg(
      case p_group_by
        when 'day' then jsonb_build_object('day', r.day)
        when 'flow' then jsonb_build_object('flow_id', r.flow_id, 'flow_name', r.flow_name)
        when 'node' then jsonb_build_object('flow_id', r.flow_id, 'flow_name', r.flow_name, 'node_id', r.node_id)
        else jsonb_build_object('model', r.model)
      end || private.usage_numbers(r.runs, r.steps, r.calls, r.input_tokens, r.output_tokens, r.other_units, r.cost_micros, r.unpriced_calls)
      order by r.place
    ) filter (where r.place <= case p_group_by when 'day' then 401 else least(greatest(p_limit, 1), 500) end)
  into v_groups
  from ranked r;
  select private.usage_numbers(sum(d.runs), sum(d.steps), sum(d.calls), sum(d.input_tokens), sum(d.output_tokens),
      sum(d.other_units), sum(d.cost_micros), sum(d.unpriced_calls))
    || jsonb_build_object('groups', count(distinct case p_group_by
      when 'flow' then d.flow_id::text
      when 'node' then nullif(d.node_id, '') || d.flow_id
      else nullif(d.model, '')
    end))
  into v_totals
  from public.usage_details d
  where d.organization_id = p_organization_id and d.hour >= v_from and d.hour < v_to
    and (p_flow_id is null or d.flow_id = p_flow_id);
  return jsonb_build_object(
    'from', p_from, 'to', p_to, 'timezone', 'UTC', 'currency', 'USD', 'group_by', p_group_by,
    'counted_at', private.usage_counted_at(),
    'totals', v_totals - 'groups', 'groups', coalesce(v_groups, '[]'),
    'left_out', greatest((v_totals ->> 'groups')::bigint - coalesce(jsonb_array_length(v_groups), 0), 0)
  );
end;
$$;

revoke all on function public.get_usage(uuid, date, date, text, uuid, integer) from public, anon, authenticated, service_role;
grant execute on function public.get_usage(uuid, date, date, text, uuid, integer) to authenticated;
comment on function public.get_usage(uuid, date, date, text, uuid, integer) is
  'What an organization, or one flow of it, used from one UTC day to another, both included: in all, and by day, or by flow, node or model (those with the highest cost first, p_limit of them, 500 at most; left_out says how many more there are). Needs billing:read.';

create function private.usage_numbers(
  p_runs numeric,
  p_steps numeric,
  p_calls numeric,
  p_input_tokens numeric,
  p_output_tokens numeric,
  p_other_units numeric,
  p_cost_micros numeric,
  p_unpriced_calls numeric
) returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'runs', coalesce(p_runs, 0), 'steps', coalesce(p_steps, 0), 'calls', coalesce(p_calls, 0),
    'input_tokens', coalesce(p_input_tokens, 0), 'output_tokens', coalesce(p_output_tokens, 0),
    'other_units', coalesce(p_other_units, 0), 'cost_micros', coalesce(p_cost_micros, 0),
    'unpriced_calls', coalesce(p_unpriced_calls, 0)
  );
end;
$$;

revoke all on function private.usage_numbers(numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric) from public, anon, authenticated, service_role;
comment on function private.usage_numbers(numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric) is 'Sums of usage as the API shows them; null is 0.';

create function private.usage_counted_at() returns timestamptz
language plpgsql
stable
set search_path = ''
as $$
begin
  return (select max(s.updated_at) from private.settings s where s.name = 'usage_counted_to');
end;
$$;

revoke all on function private.usage_counted_at() from public, anon, authenticated, service_role;
comment on function private.usage_counted_at() is 'When runs and steps were last counted; null = never.';
