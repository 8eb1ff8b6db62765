create table private.run_regions (
  run_id uuid not null,
  node_id text not null,
  scope text not null default '',
  token_id uuid not null,
  organization_id uuid not null,
  closer text not null,
  items jsonb not null,
  first integer not null,
  total integer not null,
  next integer not null,
  open integer not null default 0,
  completed integer not null default 0,
  failed integer not null default 0,
  window_size smallint not null check (window_size > 0),
  tolerate integer not null,
  more boolean not null,
  broke boolean not null default false,
  resume boolean not null default false,
  reads text[],
  close_reads text[],
  body text[] not null,
  chunk smallint not null default 1 check (chunk > 0),
  primary key (run_id, node_id, scope)
) with (fillfactor = 70);
alter table private.run_regions enable row level security;
revoke all on table private.run_regions from public, anon, authenticated, service_role;
grant select on table private.run_regions to service_role;

comment on table private.run_regions is
  'Splitters, loops and boundaries that are open in a run. Their items become tokens in windows; the row goes with the last of them.';
comment on column private.run_regions.run_id is 'The run.';
comment on column private.run_regions.node_id is 'The node that opened it.';
comment on column private.run_regions.scope is 'Where that node stands; its items are below, as in scope/node.3.';
comment on column private.run_regions.token_id is 'The token that waits for the end.';
comment on column private.run_regions.organization_id is 'The tenant.';
comment on column private.run_regions.closer is 'The node at which the run goes on.';
comment on column private.run_regions.items is 'The items of this opening, in order.';
comment on column private.run_regions.first is 'The index of the first of them: a while loop opens once for each iteration.';
comment on column private.run_regions.total is 'The index after the last of them.';
comment on column private.run_regions.next is 'The index of the next item that a token is made for.';
comment on column private.run_regions.open is 'Items that tokens carry now.';
comment on column private.run_regions.completed is 'Items that have ended well, filtered ones included.';
comment on column private.run_regions.failed is 'Items that have failed.';
comment on column private.run_regions.window_size is 'Tokens at once.';
comment on column private.run_regions.tolerate is 'Failed items that do not fail the region.';
comment on column private.run_regions.more is 'True = the owner decides after these items whether others follow.';
comment on column private.run_regions.broke is 'True = no further item begins.';
comment on column private.run_regions.resume is 'True = steps of its items may be recorded already: a run is retried.';
comment on column private.run_regions.reads is 'What the body reads from outside.';
comment on column private.run_regions.close_reads is 'What the closer, and the nodes after it, read.';
comment on column private.run_regions.body is 'The nodes that live in the region itself.';
comment on column private.run_regions.chunk is 'Items that one token carries: more than one where the body only computes.';
