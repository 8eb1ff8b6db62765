create function private.cost_of(
  p_model text,
  p_units jsonb,
  p_at timestamptz,
  out micros bigint,
  out is_priced boolean
)
language plpgsql
stable
set search_path = ''
as $$
begin
  -- The price in force at that time, unit by unit. Up, so that what costs anything never counts as free.
  select coalesce(ceil(sum(u.quantity * c.price) / 1000000), 0)::bigint, coalesce(bool_and(c.price is not null), true)
  into micros, is_priced
  from private.spend_units(p_units) u
  left join lateral (
    select m.micros_per_million::numeric as price
    from private.model_prices m
    where m.model = p_model and m.unit = u.unit and m.valid_from <= p_at
    order by m.valid_from desc
    limit 1
  ) c on true
  -- A call for itself costs nothing unless the list says so: nearly all models are paid by what they read and write.
  where u.quantity > 0 and (u.unit <> 'call' or c.price is not null);
end;
$$;

revoke all on function private.cost_of(text, jsonb, timestamptz) from public, anon, authenticated, service_role;
comment on function private.cost_of(text, jsonb, timestamptz) is
  'What units of a model cost at a time, in millionths of a dollar, rounded up once; is_priced false = a unit has no price, and is counted as nothing.';

create function private.spend_units(p_units jsonb) returns table (unit text, quantity bigint)
language plpgsql
immutable
set search_path = ''
as $$
begin
  return query
    select u.key, least(floor((u.value #>> '{}')::numeric), 1000000000000)::bigint
    from jsonb_each(p_units) u
    where u.key in ('call', 'input_token', 'cached_token', 'output_token', 'image', 'second', 'character')
      and jsonb_typeof(u.value) = 'number' and (u.value #>> '{}')::numeric > 0;
end;
$$;

revoke all on function private.spend_units(jsonb) from public, anon, authenticated, service_role;
comment on function private.spend_units(jsonb) is
  'The units of a call, {unit: quantity}, as rows: whole positive quantities of units that there are; the rest is left out.';
