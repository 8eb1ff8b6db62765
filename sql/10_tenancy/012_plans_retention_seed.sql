-- Only what is absent: what an operator has set stays, null (for ever) too. A plan without any gets its archive with them.
update public.plans p set
  archives_runs = case when p.retention_days = '{}' then v.archives_runs else p.archives_runs end,
  retention_days = v.retention_days || p.retention_days
from (values
  ('free', false, '{"runs": 7, "audit": 90, "jobs": 7, "webhook_events": 30, "archives": 365}'::jsonb),
  ('pro', true, '{"runs": 30, "audit": 365, "jobs": 14, "webhook_events": 30, "archives": 365}'),
  ('team', true, '{"runs": 90, "audit": 730, "jobs": 30, "webhook_events": 90, "archives": 1095}'),
  ('enterprise', true, '{"runs": 365, "audit": null, "jobs": 90, "webhook_events": 365, "archives": null}')
) as v (id, archives_runs, retention_days)
where p.id = v.id and not p.retention_days ?& array['runs', 'jobs', 'webhook_events', 'archives', 'audit'];
