create table private.rate_limit_overrides (
  subject_kind text not null check (subject_kind in ('user', 'key', 'org', 'ip', 'operation')),
  subject_id text not null check (length(subject_id) between 1 and 200),
  scope text not null default '*' check (scope ~ '^(\*|[A-Za-z][A-Za-z0-9]{0,99})$'),
  request_limit integer not null check (request_limit between 1 and 10000000),
  window_seconds integer not null default 60 check (window_seconds between 1 and 86400),
  burst integer not null check (burst between 1 and 10000000),
  reason text not null check (length(reason) between 1 and 500),
  expires_at timestamptz,
  created_by text not null check (length(created_by) between 1 and 200),
  created_at timestamptz not null default private.now(),
  primary key (subject_kind, subject_id, scope)
);
alter table private.rate_limit_overrides enable row level security;
revoke all on table private.rate_limit_overrides from public, anon, authenticated, service_role;

comment on table private.rate_limit_overrides is
  'Limits that operators gave by hand. They are read by the statement that takes the tokens, so one counts from the next request on.';
comment on column private.rate_limit_overrides.subject_kind is 'user, key, org, ip, or operation: a bucket of its own for everybody who calls that operation.';
comment on column private.rate_limit_overrides.subject_id is 'The id of the user, key or organization; the address as private.ip_bucket writes it; the operation''s id.';
comment on column private.rate_limit_overrides.scope is 'A route class or an operation; * = every bucket of the subject that has no override of its own.';
comment on column private.rate_limit_overrides.request_limit is 'Requests per window.';
comment on column private.rate_limit_overrides.window_seconds is 'The window, seconds.';
comment on column private.rate_limit_overrides.burst is 'How many may come at once.';
comment on column private.rate_limit_overrides.reason is 'Why, for people.';
comment on column private.rate_limit_overrides.expires_at is 'From when the plan''s limit counts again; null = never.';
comment on column private.rate_limit_overrides.created_by is 'Which operator: the name of the secret key.';
comment on column private.rate_limit_overrides.created_at is 'When it was last set.';
