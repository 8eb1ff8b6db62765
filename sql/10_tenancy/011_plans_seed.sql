insert into public.plans
  (id, name, requests_per_minute, request_burst, max_flows, max_webhook_endpoints, hook_requests_per_minute, max_run_seconds,
    max_concurrent_runs, max_schedules, queue_weight, max_members, max_workspaces, max_api_keys, max_secrets,
    max_webhook_subscriptions)
values
  ('free', 'Free', 300, 100, 20, 20, 600, 86400, 200, 20, 1, 5, 3, 5, 20, 10),
  ('pro', 'Pro', 1200, 300, 200, 200, 3000, 604800, 1000, 200, 2, 25, 20, 50, 200, 100),
  ('team', 'Team', 3000, 600, 1000, 1000, 12000, 2592000, 5000, 1000, 4, 200, 100, 200, 1000, 500),
  ('enterprise', 'Enterprise', 12000, 2400, 10000, 10000, 60000, 31536000, null, 10000, 8, 10000, 1000, 2000, 10000, 5000)
on conflict (id) do update set
  name = excluded.name,
  requests_per_minute = excluded.requests_per_minute,
  request_burst = excluded.request_burst,
  max_flows = excluded.max_flows,
  max_webhook_endpoints = excluded.max_webhook_endpoints,
  hook_requests_per_minute = excluded.hook_requests_per_minute,
  max_run_seconds = excluded.max_run_seconds,
  max_concurrent_runs = excluded.max_concurrent_runs,
  max_schedules = excluded.max_schedules,
  queue_weight = excluded.queue_weight,
  max_members = excluded.max_members,
  max_workspaces = excluded.max_workspaces,
  max_api_keys = excluded.max_api_keys,
  max_secrets = excluded.max_secrets,
  max_webhook_subscriptions = excluded.max_webhook_subscriptions;
