create unlogged table private.secret_tickets (
  ticket uuid primary key default gen_random_uuid(),
  secret_id uuid not null,
  number integer not null,
  expires_at timestamptz not null
);
create index secret_tickets_expires_at_idx on private.secret_tickets (expires_at);
alter table private.secret_tickets enable row level security;
revoke all on table private.secret_tickets from public, anon, authenticated, service_role;

comment on table private.secret_tickets is
  'What a person may have revealed: made as the caller, who was judged then, and redeemed once by the function that decrypts. To the caller a ticket is worth nothing.';
comment on column private.secret_tickets.ticket is 'Random.';
comment on column private.secret_tickets.secret_id is 'The secret.';
comment on column private.secret_tickets.number is 'The version.';
comment on column private.secret_tickets.expires_at is 'Half a minute after it was made.';
