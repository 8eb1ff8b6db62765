create table public.usage_details (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  hour timestamptz not null,
  flow_id uuid not null,
  node_id text not null default '',
  model text not null default '',
  runs integer not null default 0,
  steps bigint not null default 0,
  calls integer not null default 0,
  input_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  other_units bigint not null default 0,
  cost_micros bigint not null default 0,
  unpriced_calls integer not null default 0,
  primary key (organization_id, hour, flow_id, node_id, model),
  constraint only_nodes_use_models check (model = '' or node_id <> ''),
  constraint runs_are_of_flows check (runs = 0 or node_id = '')
) with (fillfactor = 80);
create index usage_details_hour_idx on public.usage_details (hour);
alter table public.usage_details enable row level security;
revoke all on table public.usage_details from public, anon, authenticated, service_role;
grant select on table public.usage_details to authenticated, service_role;

create policy members_see_usage_details on public.usage_details for select to authenticated
  using (organization_id = any ((select private.organizations_with('billing:read'))::uuid[]));

comment on table public.usage_details is
  'What an organization used, by hour, flow, node and model. Runs and steps are counted by the task usage-hourly, up to an hour behind, in the hour in which the run was asked for; calls of models when they end, in the hour in which they began. Dry runs do not count. What is deleted stays counted; forgotten after 400 days.';
comment on column public.usage_details.organization_id is 'The tenant.';
comment on column public.usage_details.hour is 'Begin of the hour, UTC.';
comment on column public.usage_details.flow_id is 'The flow; it may be gone.';
comment on column public.usage_details.node_id is 'The node of its graph; empty = the flow itself, whose row has its runs.';
comment on column public.usage_details.model is 'The model that the node called, as in openai/gpt-5.1; empty = the row has steps.';
comment on column public.usage_details.runs is 'Runs that were asked for in this hour.';
comment on column public.usage_details.steps is 'Steps of those runs at the node: each attempt, without those on ways that were not taken.';
comment on column public.usage_details.calls is 'Calls of the model.';
comment on column public.usage_details.input_tokens is 'Tokens that the model read, those from its provider''s cache included.';
comment on column public.usage_details.output_tokens is 'Tokens that it wrote.';
comment on column public.usage_details.other_units is 'Images, seconds and characters.';
comment on column public.usage_details.cost_micros is 'What the calls cost by the price list of their time, in millionths of a US dollar.';
comment on column public.usage_details.unpriced_calls is 'Calls of which something had no price, and counts as nothing.';
