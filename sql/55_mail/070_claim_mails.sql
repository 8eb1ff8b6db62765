create function private.mail_batch(p_batch_id uuid) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object('batch_id', p_batch_id, 'mails', jsonb_agg(jsonb_build_object(
      'id', m.id, 'organization_id', m.organization_id, 'template', m.template, 'category', m.category, 'to', m.to_address,
      'data', d.data, 'looks', d.looks, 'attempts', m.attempts, 'created_at', m.created_at
    ) order by m.id))
    from public.mails m
    left join private.mail_data d on d.mail_id = m.id
    where m.batch_id = p_batch_id and m.status = 'sending'
  );
end;
$$;

revoke all on function private.mail_batch(uuid) from public, anon, authenticated, service_role;
comment on function private.mail_batch(uuid) is
  'Part of engine.claim_mails: what a sender gets of a batch. Always in the same order: the provider must see the same request under the same key.';

create function engine.claim_mails(
  p_provider text,
  p_limit integer default 100,
  p_per_second double precision default 2,
  p_lease_seconds integer default 60
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_pace private.mail_pace;
  v_batch_id uuid;
  v_ids uuid[];
  v_next timestamptz;
  v_is_repeated boolean := false;
begin
  -- Senders take turns here, for as long as this statement takes.
  select * into v_pace from private.mail_pace p where p.provider = p_provider for update;
  if v_pace.next_at > v_now then
    return jsonb_build_object('wait_ms', ceil(extract(epoch from v_pace.next_at - v_now) * 1000)::integer);
  end if;

  -- A batch whose sender is gone, or was not answered: the same provider is asked again, under the same key. SMTP knows no
  -- keys: private.keep_mails gives those up.
  select m.batch_id into v_batch_id from public.mails m
  where m.status = 'sending' and m.leased_until <= v_now and m.provider = p_provider and p_provider = 'resend'
  order by m.leased_until limit 1;
  if v_batch_id is null then
    v_ids := private.pick_mails(p_limit, v_pace.last_tenant_id);
    update public.mails m set status = case when m.expires_at <= v_now then 'expired' else 'suppressed' end, ended_at = v_now
    where m.id = any (v_ids) and (m.expires_at <= v_now or private.is_suppressed(m.tenant_id, m.to_address, m.category));
    if found then
      delete from private.mail_data d using public.mails m
      where d.mail_id = any (v_ids) and m.id = d.mail_id and m.status in ('expired', 'suppressed')
        and exists (select 1 from private.mail_templates t where t.name = m.template and t.is_sensitive);
    end if;
    v_batch_id := private.uuid_v7();
    update public.mails m set
      status = 'sending', batch_id = v_batch_id, provider = p_provider, is_unsure = true, attempts = m.attempts + 1,
      leased_until = v_now + make_interval(secs => p_lease_seconds)
    where m.id = any (v_ids) and m.status = 'queued';
    if not found then
      select least(
        (select min(m.scheduled_for) from public.mails m where m.status = 'queued' and m.scheduled_for <= v_now + interval '1 minute'),
        (select min(m.leased_until) from public.mails m where m.status = 'sending' and m.leased_until <= v_now + interval '1 minute')
      ) into v_next;
      return jsonb_build_object('next_ms', case
        when cardinality(v_ids) > 0 then 0
        when v_next is not null then greatest(1000, ceil(extract(epoch from v_next - v_now) * 1000))::integer
      end);
    end if;
  else
    v_is_repeated := true;
    update public.mails m set attempts = m.attempts + 1, leased_until = v_now + make_interval(secs => p_lease_seconds)
    where m.batch_id = v_batch_id and m.status = 'sending';
  end if;
  update private.mail_pace p set
    next_at = v_now + make_interval(secs => 1 / p_per_second),
    last_tenant_id = coalesce((select m.tenant_id from public.mails m where m.id = v_ids[cardinality(v_ids)]), p.last_tenant_id)
  where p.provider = p_provider;
  return private.mail_batch(v_batch_id) || jsonb_build_object('is_repeated', v_is_repeated);
end;
$$;

revoke all on function engine.claim_mails(text, integer, double precision, integer) from public, anon, authenticated, service_role;
grant execute on function engine.claim_mails(text, integer, double precision, integer) to service_role;
comment on function engine.claim_mails(text, integer, double precision, integer) is
  'Gives a sender what to hand to a provider: a batch that is still without an answer, or mails that are due, fair among organizations, under the provider''s pace for all senders together. is_repeated = the provider may have taken them already. {wait_ms} = the pace; {next_ms} = nothing is due before (null = nothing within a minute). From here on nobody else is asked to send these until engine.finish_mails says that they were not taken.';

create function engine.claim_new_mail(
  p_organization_id uuid,
  p_template text,
  p_to text,
  p_data jsonb,
  p_key text,
  p_provider text
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_mail public.mails := private.add_mail(p_organization_id, p_template, p_to, p_data, p_key);
  v_batch_id uuid := private.uuid_v7();
begin
  if v_mail.id is null or v_mail.status <> 'queued' then
    return jsonb_build_object('batch_id', null, 'mails', '[]'::jsonb);
  end if;
  update public.mails m set
    status = 'sending', batch_id = v_batch_id, provider = p_provider, is_unsure = true, attempts = 1,
    leased_until = v_now + interval '15 seconds'
  where m.id = v_mail.id;
  -- The queue waits for whoever cannot.
  update private.mail_pace p set next_at = greatest(p.next_at, v_now) + interval '500 milliseconds' where p.provider = p_provider;
  return private.mail_batch(v_batch_id) || '{"is_repeated": false}';
end;
$$;

revoke all on function engine.claim_new_mail(uuid, text, text, jsonb, text, text) from public, anon, authenticated, service_role;
grant execute on function engine.claim_new_mail(uuid, text, text, jsonb, text, text) to service_role;
comment on function engine.claim_new_mail(uuid, text, text, jsonb, text, text) is
  'Queues a mail and claims it at once, as a batch of one, for somebody who waits for it; if its sender fails, the queue goes on with it. No mails = it was asked for before, or is suppressed.';
