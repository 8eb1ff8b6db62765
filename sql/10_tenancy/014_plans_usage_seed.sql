-- Once: what an operator has set since stays.
update public.plans p
set max_runs_per_month = l.runs
from (values ('free', 10000), ('pro', 200000), ('team', 2000000)) as l (id, runs)
where p.id = l.id and p.max_runs_per_month is null and not exists (select from public.plans o where o.max_runs_per_month is not null);
