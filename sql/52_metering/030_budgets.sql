create table public.budgets (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  flow_id uuid references public.flows (id) on delete cascade,
  name text not null check (length(name) >= 1 and length(name) <= 200),
  meter text not null check (meter in ('cost', 'ai_tokens', 'runs', 'steps')),
  period text not null default 'month' check (period in ('day', 'month')),
  amount bigint not null check (amount >= 1 and amount <= 1000000000000000),
  on_limit text not null default 'stop' check (on_limit in ('stop', 'warn')),
  is_enabled boolean not null default true,
  created_by uuid references public.profiles (id) on delete set null,
  version integer not null default 1,
  created_at timestamptz not null default private.now(),
  updated_at timestamptz not null default private.now(),
  constraint only_calls_are_stopped check (on_limit = 'warn' or meter in ('cost', 'ai_tokens'))
);
create index budgets_organization_id_idx on public.budgets (organization_id, id);
create index budgets_flow_id_idx on public.budgets (flow_id);
create index budgets_created_by_idx on public.budgets (created_by);
create trigger touch before update on public.budgets for each row execute function private.touch();
create trigger audit after insert or update or delete on public.budgets
  for each row execute function private.audit_row('organization_id', 'id', '');
alter table public.budgets enable row level security;
revoke all on table public.budgets from public, anon, authenticated, service_role;
grant select on table public.budgets to authenticated, service_role;

create policy members_see_budgets on public.budgets for select to authenticated
  using (organization_id = any ((select private.organizations_with('billing:read'))::uuid[]));

comment on table public.budgets is 'How much an organization, or one flow of it, may use of something in a day or month, and what happens then: docs/usage.md.';
comment on column public.budgets.id is 'UUIDv7.';
comment on column public.budgets.organization_id is 'The tenant.';
comment on column public.budgets.flow_id is 'Only what this flow uses; null = all flows of the organization together.';
comment on column public.budgets.name is 'Name for people.';
comment on column public.budgets.meter is 'What is counted: cost (millionths of a US dollar) or ai_tokens of calls of models, runs, or steps.';
comment on column public.budgets.period is 'It begins anew each day or month, at midnight UTC.';
comment on column public.budgets.amount is 'How much may be used in a period.';
comment on column public.budgets.on_limit is 'stop = a call that does not fit any more fails before it is made; warn = people are told, and nothing is stopped. Runs and steps are counted afterwards, so they can only warn.';
comment on column public.budgets.is_enabled is 'False = nothing is stopped, and nobody is told.';
comment on column public.budgets.created_by is 'Who made it; null = the account is gone.';
comment on column public.budgets.version is 'Raised by every change; the ETag.';
comment on column public.budgets.created_at is 'Made.';
comment on column public.budgets.updated_at is 'Last change.';
