create table private.audit_batches (
  number bigint primary key check (number > 0),
  organization_id uuid not null,
  first_seq bigint not null check (first_seq > 0),
  last_seq bigint not null,
  previous_head bytea not null check (octet_length(previous_head) = 32),
  head bytea not null check (octet_length(head) = 32),
  root bytea not null check (octet_length(root) = 32),
  seen_at timestamptz not null,
  sealed_at timestamptz not null,
  previous_link bytea not null check (octet_length(previous_link) = 32),
  link bytea not null check (octet_length(link) = 32),
  row_ids uuid[],
  leaves bytea,
  dropped_at timestamptz,
  key_id text,
  signed_at timestamptz,
  signature bytea,
  unique (organization_id, first_seq),
  constraint is_not_empty check (last_seq >= first_seq),
  constraint lists_every_row check (
    case when dropped_at is null
      then cardinality(row_ids) = last_seq - first_seq + 1 and octet_length(leaves) = 32 * (last_seq - first_seq + 1)
      else row_ids is null and leaves is null end
  ),
  constraint signature_says_whose check (num_nulls(key_id, signed_at, signature) in (0, 3))
);
create index audit_batches_unsigned_idx on private.audit_batches (number) where signature is null;
create index audit_batches_kept_idx on private.audit_batches (organization_id, sealed_at) where dropped_at is null;
alter table private.audit_batches enable row level security;
revoke all on table private.audit_batches from public, anon, authenticated, service_role;

comment on table private.audit_batches is
  'Seals of the audit log: each gives a list of rows of one tenant their sequence numbers, and is bound to the seal before it of the tenant and of the platform. docs/audit.md says how to verify them.';
comment on column private.audit_batches.number is '1, 2, 3 … over all tenants.';
comment on column private.audit_batches.organization_id is 'The tenant.';
comment on column private.audit_batches.first_seq is 'Sequence number, within the tenant, of its first row.';
comment on column private.audit_batches.last_seq is 'That of its last row: how many rows of the tenant are sealed up to here.';
comment on column private.audit_batches.previous_head is 'The head of the tenant''s batch before it; zeros = it is the first.';
comment on column private.audit_batches.head is 'Hash chain over all batches of the tenant up to here (private.audit_head).';
comment on column private.audit_batches.root is 'Merkle root of its rows.';
comment on column private.audit_batches.seen_at is 'When all that could be seen of all tenants had last been sealed before: no row of it is much older.';
comment on column private.audit_batches.sealed_at is 'When it was made.';
comment on column private.audit_batches.previous_link is 'The link of the batch with the number before; zeros = it is the first.';
comment on column private.audit_batches.link is 'SHA-256 of its statement (private.audit_statement): what is signed.';
comment on column private.audit_batches.row_ids is 'The rows in the order of their sequence numbers; null = retention has dropped them.';
comment on column private.audit_batches.leaves is 'The hashes of the rows, 32 bytes each; null = retention has dropped them.';
comment on column private.audit_batches.dropped_at is 'When retention dropped its rows; null = they are there.';
comment on column private.audit_batches.key_id is 'The key of private.audit_keys that signed it; null = not signed yet.';
comment on column private.audit_batches.signed_at is 'When it was signed, by the clock of who signed. Null = not signed yet.';
comment on column private.audit_batches.signature is 'Ed25519 over the link and signed_at. Null = not signed yet.';

create table private.audit_seal_state (
  id boolean primary key default true check (id),
  sealed_below xid8 not null default '0',
  after_id uuid not null default '00000000-0000-0000-0000-000000000000',
  last_number bigint not null default 0,
  last_link bytea not null default decode(repeat('00', 32), 'hex'),
  seen_at timestamptz not null default 'epoch'
);
alter table private.audit_seal_state enable row level security;
revoke all on table private.audit_seal_state from public, anon, authenticated, service_role;

comment on table private.audit_seal_state is 'How far the sealer is: one row.';
comment on column private.audit_seal_state.id is 'Always true.';
comment on column private.audit_seal_state.sealed_below is 'Every row of a transaction below this is sealed, for ever: all of them have ended.';
comment on column private.audit_seal_state.after_id is 'Rows below this id are not looked at: zeros, but for a database that was restored into another cluster, whose old transaction numbers mean nothing.';
comment on column private.audit_seal_state.last_number is 'Number of the newest batch.';
comment on column private.audit_seal_state.last_link is 'Its link; zeros = there is none.';
comment on column private.audit_seal_state.seen_at is 'When all that could be seen had last been sealed.';

create table private.audit_sealed_ahead (
  tx xid8 not null,
  id uuid primary key
);
create index audit_sealed_ahead_tx_idx on private.audit_sealed_ahead (tx);
alter table private.audit_sealed_ahead enable row level security;
revoke all on table private.audit_sealed_ahead from public, anon, authenticated, service_role;

comment on table private.audit_sealed_ahead is
  'Rows that are sealed though a transaction before theirs has not ended: what the sealer must not seal again. Empty as soon as no long transaction is under way.';
comment on column private.audit_sealed_ahead.tx is 'The transaction that wrote the row.';
comment on column private.audit_sealed_ahead.id is 'The row.';
