create function engine.set_model_price(
  p_model text,
  p_unit text,
  p_micros_per_million bigint,
  p_valid_from timestamptz default null
) returns private.model_prices
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_from timestamptz := coalesce(p_valid_from, private.now());
  v_price private.model_prices;
begin
  insert into private.model_prices as m (model, unit, valid_from, micros_per_million)
  values (p_model, p_unit, v_from, p_micros_per_million)
  on conflict (model, unit, valid_from) do update set micros_per_million = excluded.micros_per_million
  returning * into v_price;
  perform private.audit(null, 'model_price.set', 'model_price', left(p_model, 200), null, to_jsonb(v_price));
  return v_price;
exception
  when check_violation or not_null_violation then
    perform private.fail('invalid_request',
      'A price has a model as in openai/gpt-5.1, a unit (call, input_token, cached_token, output_token, image, second, character) and millionths of a dollar for a million units',
      400);
end;
$$;

revoke all on function engine.set_model_price(text, text, bigint, timestamptz) from public, anon, authenticated, service_role;
grant execute on function engine.set_model_price(text, text, bigint, timestamptz) to service_role;
comment on function engine.set_model_price(text, text, bigint, timestamptz) is
  'Sets what a unit of a model costs from a moment on (default: now), in millionths of a dollar for a million units; null ends its price. For operators.';
