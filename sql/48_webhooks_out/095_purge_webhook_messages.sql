create function private.purge_webhook_messages(p_limit bigint) returns bigint
language plpgsql
set search_path = ''
as $$
declare
  v_ids uuid[];
  v_gone bigint;
begin
  -- Deleted and not dropped: who has got an event before is known by the pair of subscription and event, and no key is unique
  -- over partitions. Ids are collected first: the planner, who cannot know how many there are, would read the whole table.
  select array_agg(l.id) into v_ids
  from (
    select e.id
    from public.organizations o
    cross join lateral private.kept_days('webhook_events', o.id) as d (days)
    cross join lateral (
      select m.id from public.webhook_messages m
      where m.organization_id = o.id and m.id < private.uuid_v7_floor(private.now() - make_interval(days => d.days))
        -- What is still to be sent stays, unless somebody has paused it for all that time.
        and not exists (
          select from public.webhook_deliveries w
          join public.webhook_subscriptions s on s.id = w.subscription_id and s.status <> 'paused'
          where w.message_id = m.id and w.status = 'pending'
        )
      order by m.id limit p_limit
    ) e
    limit p_limit
  ) l;
  v_ids := array(
    select m.id from unnest(v_ids) as l (id) join public.webhook_messages m on m.id = l.id for update of m skip locked
  );
  delete from public.webhook_messages m using unnest(v_ids) as l (id) where m.id = l.id;
  get diagnostics v_gone = row_count;
  return v_gone;
end;
$$;

revoke all on function private.purge_webhook_messages(bigint) from public, anon, authenticated, service_role;
comment on function private.purge_webhook_messages(bigint) is
  'Part of private.apply_retention: deletes up to p_limit events that we send, with their deliveries and attempts, that have fallen out of retention (that of webhook events). Those of which a delivery is pending stay, but for deliveries of paused subscriptions. Answers how many.';
