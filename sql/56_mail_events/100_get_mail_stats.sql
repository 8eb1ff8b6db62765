create function private.mail_figures(p_sums jsonb) returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_sent numeric := p_sums ->> 'sent';
  v_delivered numeric := p_sums ->> 'delivered';
  v_bounced numeric := p_sums ->> 'bounced';
begin
  return p_sums || jsonb_build_object(
    'delivery_rate', round(v_delivered / nullif(v_delivered + v_bounced, 0), 4),
    'bounce_rate', round(v_bounced / nullif(v_delivered + v_bounced, 0), 4),
    'complaint_rate', round((p_sums ->> 'complained')::numeric / nullif(v_delivered, 0), 4),
    'open_rate', round((p_sums ->> 'opened')::numeric / nullif(v_delivered, 0), 4),
    'click_rate', round((p_sums ->> 'clicked')::numeric / nullif(v_delivered, 0), 4),
    'unsubscribe_rate', round((p_sums ->> 'unsubscribed')::numeric / nullif(v_sent, 0), 4)
  );
end;
$$;

revoke all on function private.mail_figures(jsonb) from public, anon, authenticated, service_role;
comment on function private.mail_figures(jsonb) is
  'Counts of mails with the rates that follow from them, 0 to 1; null = nothing to reckon with. Delivered and bounced are compared with each other: of what went through SMTP nobody tells either.';

create function public.get_mail_stats(p_organization_id uuid, p_days integer default 30, p_template text default null) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_today date := (private.now() at time zone 'UTC')::date;
  v_from date;
  v_reply jsonb;
begin
  perform private.require_permission(p_organization_id, 'mail:read', 'organization');
  if p_days is null or p_days < 1 or p_days > 90 then
    perform private.fail('invalid_request', 'The days are 1 to 90', 400);
  end if;
  v_from := v_today - (p_days - 1);

  with unsubscribed as (
    select distinct s.mail_id from public.mail_suppressions s
    where s.organization_id = p_organization_id and s.reason = 'unsubscribed' and s.mail_id is not null
  ), counted as materialized (
    -- Once over the mails; what is asked for is made of this, which is small.
    select (m.created_at at time zone 'UTC')::date as day, m.template,
      count(*) as mails,
      count(*) filter (where m.sent_at is not null) as sent,
      count(*) filter (where m.delivered_at is not null and m.status <> 'bounced') as delivered,
      count(*) filter (where m.status = 'bounced') as bounced,
      count(*) filter (where m.status = 'complained') as complained,
      count(*) filter (where m.opened_at is not null) as opened,
      count(*) filter (where m.clicked_at is not null) as clicked,
      count(u.mail_id) as unsubscribed,
      count(*) filter (where m.status = 'suppressed') as suppressed,
      count(*) filter (where m.status in ('failed', 'expired')) as failed
    from public.mails m
    left join unsubscribed u on u.mail_id = m.id
    where m.organization_id = p_organization_id and m.id >= private.uuid_v7_floor(v_from::timestamp at time zone 'UTC')
      and (p_template is null or m.template = p_template)
    group by 1, 2
  ), summed as materialized (
    select grouping(c.day) as all_days, grouping(c.template) as all_templates, c.day, c.template, private.mail_figures(jsonb_build_object(
      'mails', coalesce(sum(c.mails), 0), 'sent', coalesce(sum(c.sent), 0), 'delivered', coalesce(sum(c.delivered), 0),
      'bounced', coalesce(sum(c.bounced), 0), 'complained', coalesce(sum(c.complained), 0), 'opened', coalesce(sum(c.opened), 0),
      'clicked', coalesce(sum(c.clicked), 0), 'unsubscribed', coalesce(sum(c.unsubscribed), 0),
      'suppressed', coalesce(sum(c.suppressed), 0), 'failed', coalesce(sum(c.failed), 0)
    )) as figures
    from counted c
    group by grouping sets ((), (c.day), (c.template))
  )
  select jsonb_build_object(
    'from', v_from, 'to', v_today,
    'totals', (select s.figures from summed s where s.all_days = 1 and s.all_templates = 1),
    'templates', coalesce((
      select jsonb_agg(jsonb_build_object('template', s.template) || s.figures order by s.template)
      from summed s where s.all_templates = 0
    ), '[]'),
    'days', coalesce((
      select jsonb_agg(jsonb_build_object('day', s.day) || s.figures order by s.day)
      from summed s where s.all_days = 0
    ), '[]')
  ) into v_reply;
  return v_reply;
end;
$$;

revoke all on function public.get_mail_stats(uuid, integer, text) from public, anon, authenticated, service_role;
grant execute on function public.get_mail_stats(uuid, integer, text) to authenticated;
comment on function public.get_mail_stats(uuid, integer, text) is
  'What became of the mails of the last p_days days (1 to 90, UTC, today is one of them; by the day they were asked for), in all, by template and by day; p_template = of one only. Days and templates without mails are left out. Needs mail:read.';
