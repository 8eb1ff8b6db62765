create table private.model_prices (
  model text not null check (model ~ '^[a-z0-9][a-z0-9_.-]{0,63}/[A-Za-z0-9][A-Za-z0-9_.:/-]{0,127}$'),
  unit text not null check (unit in ('call', 'input_token', 'cached_token', 'output_token', 'image', 'second', 'character')),
  valid_from timestamptz not null,
  micros_per_million bigint check (micros_per_million >= 0 and micros_per_million <= 1000000000000000),
  primary key (model, unit, valid_from)
);
alter table private.model_prices enable row level security;
revoke all on table private.model_prices from public, anon, authenticated, service_role;

comment on table private.model_prices is
  'What services charge for a model, in US dollars, by unit and time: a price is in force until the next one of the same model and unit. Kept by operators with engine.set_model_price; what was counted before is not counted anew.';
comment on column private.model_prices.model is 'Provider and model, as in openai/gpt-5.1.';
comment on column private.model_prices.unit is 'What is charged for: call (one request), input_token, cached_token (of the input, read from the provider''s cache), output_token, image, second (of sound) or character (of speech).';
comment on column private.model_prices.valid_from is 'From when on.';
comment on column private.model_prices.micros_per_million is 'Millionths of a dollar for a million units: 1.25 dollars a million tokens = 1250000. Null = from then on there is no price.';
