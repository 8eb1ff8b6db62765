create table private.settings (
  name text primary key,
  value text not null,
  updated_at timestamptz not null default private.now()
);
alter table private.settings enable row level security;
revoke all on table private.settings from public, anon, authenticated, service_role;

comment on table private.settings is 'Settings of this deployment that SQL needs, written by engine.configure, and what the clock notes.';
comment on column private.settings.name is 'functions_url = where the edge functions answer; max_workers = how many worker isolates may be awake; schedule_clock_since = since when the clock of schedules ticks, written by each tick; operator_email = who is told when a system task fails; usage_counted_to = the hour up to which usage has been counted; audit_retained_at = when retention last looked at the audit log; request_proof_key = what functions prove by that they sent a request, see engine.set_request_proof_key; billing_grace_days = how many days an organization keeps its plan while it owes; billing_reconciled_at = when the last whole comparison with Stripe began; billing_reconcile_progress = how far the present one has come.';
comment on column private.settings.value is 'The value as text.';
comment on column private.settings.updated_at is 'When it was last written.';

create function private.setting(p_name text) returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (select s.value from private.settings s where s.name = p_name);
end;
$$;

revoke all on function private.setting(text) from public, anon, authenticated, service_role;
comment on function private.setting(text) is 'The value of a setting, null when it was never set.';
