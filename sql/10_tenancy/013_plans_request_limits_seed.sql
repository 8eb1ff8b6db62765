update public.plans p
set organization_requests_per_minute = l.requests_per_minute, organization_request_burst = l.burst
from (values ('free', 900, 300), ('pro', 6000, 1200), ('team', 30000, 4000), ('enterprise', 120000, 16000))
  as l (id, requests_per_minute, burst)
where p.id = l.id;
