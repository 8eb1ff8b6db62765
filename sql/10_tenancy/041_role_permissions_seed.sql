delete from private.role_permissions;
insert into private.role_permissions (role, permission)
select r.role, p.permission
from (values
  ('guest', array['org:read', 'flows:read']),
  ('viewer', array['org:read', 'members:read', 'flows:read', 'runs:read']),
  ('member', array['org:read', 'members:read', 'flows:read', 'runs:read', 'runs:execute', 'webhooks:read']),
  ('developer', array['org:read', 'members:read', 'workspaces:write', 'flows:read', 'flows:write', 'runs:read', 'runs:execute',
    'webhooks:read', 'webhooks:write', 'keys:read', 'secrets:read', 'secrets:write', 'mail:read']),
  ('admin', array['org:read', 'org:write', 'members:read', 'members:write', 'workspaces:write', 'flows:read', 'flows:write',
    'runs:read', 'runs:execute', 'webhooks:read', 'webhooks:write', 'keys:read', 'keys:write', 'secrets:read', 'secrets:write',
    'audit:read', 'billing:read', 'mail:read', 'mail:write']),
  ('owner', array['org:read', 'org:write', 'org:own', 'members:read', 'members:write', 'workspaces:write', 'flows:read',
    'flows:write', 'runs:read', 'runs:execute', 'webhooks:read', 'webhooks:write', 'keys:read', 'keys:write', 'secrets:read',
    'secrets:write', 'audit:read', 'billing:read', 'billing:write', 'mail:read', 'mail:write'])
) as r (role, permissions)
cross join lateral unnest(r.permissions) as p (permission);
