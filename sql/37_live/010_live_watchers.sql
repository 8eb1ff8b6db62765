-- Unlogged: who watches is forgotten in a crash, and told again within a minute.
create unlogged table private.live_watchers (
  id uuid primary key,
  watched_until timestamptz not null
);
create index live_watchers_watched_until_idx on private.live_watchers (watched_until);
alter table private.live_watchers enable row level security;
revoke all on table private.live_watchers from public, anon, authenticated, service_role;

comment on table private.live_watchers is
  'Whose progress somebody watches through Realtime. What has no row here, or an expired one, is broadcast to nobody and costs nothing.';
comment on column private.live_watchers.id is 'A run, or an organization whose list of runs is watched.';
comment on column private.live_watchers.watched_until is 'Broadcast until then; whoever goes on watching prolongs it.';
