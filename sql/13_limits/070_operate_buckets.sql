create function engine.list_rate_limit_buckets(p_subject_kind text, p_subject_id text) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_prefix text := p_subject_kind || ':' || private.limit_subject_id(p_subject_kind, p_subject_id);
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
      'key', r.key, 'burst', r.burst, 'full_in_seconds', greatest(0, ceil(extract(epoch from r.tat - v_now)))::integer,
      'refused', r.refused, 'refused_at', r.refused_at, 'strikes', r.strikes,
      'blocked_until', case when r.blocked_until > v_now then r.blocked_until end
    ) order by r.key collate "C"), '[]')
    from private.rate_limits r
    where r.key = v_prefix or (r.key collate "C" >= v_prefix || ':' and r.key collate "C" < v_prefix || ';')
  );
end;
$$;

revoke all on function engine.list_rate_limit_buckets(text, text) from public, anon, authenticated, service_role;
grant execute on function engine.list_rate_limit_buckets(text, text) to service_role;
comment on function engine.list_rate_limit_buckets(text, text) is
  'The buckets of a subject (user, key, org, ip, hook, refused) that are in use or remembered: how much is taken (full_in_seconds), refusals, strikes, and until when it is blocked.';

create function engine.reset_rate_limit_buckets(p_subject_kind text, p_subject_id text) returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_prefix text := p_subject_kind || ':' || private.limit_subject_id(p_subject_kind, p_subject_id);
  v_gone integer;
begin
  delete from private.rate_limits r where r.key in (
    select o.key from private.rate_limits o
    where o.key = v_prefix or (o.key collate "C" >= v_prefix || ':' and o.key collate "C" < v_prefix || ';')
    order by o.key collate "C" for update
  );
  get diagnostics v_gone = row_count;
  perform private.audit(null, 'rate_limit.reset', p_subject_kind, p_subject_id, p_details => jsonb_build_object('buckets', v_gone));
  return v_gone;
end;
$$;

revoke all on function engine.reset_rate_limit_buckets(text, text) from public, anon, authenticated, service_role;
grant execute on function engine.reset_rate_limit_buckets(text, text) to service_role;
comment on function engine.reset_rate_limit_buckets(text, text) is 'Fills all buckets of a subject and ends its blocks. Answers how many there were.';
