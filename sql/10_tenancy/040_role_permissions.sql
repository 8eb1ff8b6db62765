create table private.role_permissions (
  role text not null check (role in ('owner', 'admin', 'developer', 'member', 'viewer', 'guest')),
  permission text not null check (permission ~ '^[a-z]+:[a-z]+$'),
  primary key (role, permission)
);
alter table private.role_permissions enable row level security;
revoke all on table private.role_permissions from public, anon, authenticated, service_role;
grant select on table private.role_permissions to service_role;

comment on table private.role_permissions is 'What each role may do. RLS, SQL functions and edge functions all ask this table.';
comment on column private.role_permissions.role is 'owner, admin, developer, member, viewer or guest.';
comment on column private.role_permissions.permission is 'resource:verb, as in flows:write.';
