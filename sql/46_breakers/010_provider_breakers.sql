create table private.provider_breakers (
  key text primary key check (length(key) between 1 and 500),
  calls integer not null check (calls >= 0),
  failures integer not null check (failures >= 0),
  opened_at timestamptz not null,
  open_until timestamptz not null
);
alter table private.provider_breakers enable row level security;
revoke all on table private.provider_breakers from public, anon, authenticated, service_role;

comment on table private.provider_breakers is
  'Services outside that are left alone for a while, because calls to them failed. Each isolate decides for itself; what it found out is a hint to the others. Written only when that changes.';
comment on column private.provider_breakers.key is
  'email:<provider>, or http:<organization>:<host>: what one tenant does to a host does not keep others from it.';
comment on column private.provider_breakers.calls is 'Calls of the last half minute when it was opened; 0 = the service itself asked for a pause.';
comment on column private.provider_breakers.failures is 'Those that failed.';
comment on column private.provider_breakers.opened_at is 'Since when the service is left alone.';
comment on column private.provider_breakers.open_until is 'When somebody may try it again.';
