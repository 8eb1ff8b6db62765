create table private.budget_periods (
  budget_id uuid not null references public.budgets (id) on delete cascade,
  starts_at timestamptz not null,
  used bigint not null default 0 check (used >= 0),
  reserved bigint not null default 0 check (reserved >= 0),
  alerted smallint not null default 0 check (alerted in (0, 50, 80, 100)),
  primary key (budget_id, starts_at)
) with (fillfactor = 50);
alter table private.budget_periods enable row level security;
revoke all on table private.budget_periods from public, anon, authenticated, service_role;

comment on table private.budget_periods is 'What was used of a budget in a period: one row from the first look on. Whoever reserves or settles locks it.';
comment on column private.budget_periods.budget_id is 'The budget.';
comment on column private.budget_periods.starts_at is 'Begin of its day or month, UTC.';
comment on column private.budget_periods.used is 'Used, in what the budget counts.';
comment on column private.budget_periods.reserved is 'Of calls under way, as their nodes have estimated it.';
comment on column private.budget_periods.alerted is 'The share in percent at which people were last told; 0 = they were not yet.';

create function private.budget_start(p_period text, p_at timestamptz) returns timestamptz
language plpgsql
immutable
set search_path = ''
as $$
begin
  return date_trunc(p_period, p_at, 'UTC');
end;
$$;

revoke all on function private.budget_start(text, timestamptz) from public, anon, authenticated, service_role;
comment on function private.budget_start(text, timestamptz) is 'Begin of the day or month, UTC, that a moment lies in.';

create function private.budget_end(p_period text, p_starts_at timestamptz) returns timestamptz
language plpgsql
immutable
set search_path = ''
as $$
begin
  return (p_starts_at at time zone 'UTC' + case p_period when 'day' then interval '1 day' else interval '1 month' end) at time zone 'UTC';
end;
$$;

revoke all on function private.budget_end(text, timestamptz) from public, anon, authenticated, service_role;
comment on function private.budget_end(text, timestamptz) is 'End of the day or month, UTC, that begins then.';
