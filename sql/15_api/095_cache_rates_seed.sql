-- What the columns of the view mean, for whoever reads it in the dashboard.
comment on column engine.cache_rates.day is 'The day, in UTC.';
comment on column engine.cache_rates.operation is 'The operation: listFlows.';
comment on column engine.cache_rates.requests is 'Requests that were let in.';
comment on column engine.cache_rates.hits is 'A kept reply.';
comment on column engine.cache_rates.stale is 'A kept reply past its maximum age, fetched anew behind the answer.';
comment on column engine.cache_rates.joined is 'The reply of a query that another request had begun.';
comment on column engine.cache_rates.matched is '304 by the generation alone: nothing kept, nothing asked.';
comment on column engine.cache_rates.misses is 'The query was made.';
comment on column engine.cache_rates.not_modified is 'How many of all were answered 304.';
comment on column engine.cache_rates.hit_rate is 'Share of the requests that needed no query, 0 to 1.';
comment on column engine.cache_rates.not_modified_rate is 'Share of the requests that were answered 304, 0 to 1.';
