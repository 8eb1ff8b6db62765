create function private.warn_of_expiry() returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_due record;
  v_queued integer := 0;
begin
  for v_due in
    with due as (
      -- The tightest warning that has come; one that was missed is not made up for.
      select s.id, s.organization_id, 'expiry' as kind, s.expires_at as due_at,
        (select min(d) from unnest('{14,3,1,0}'::integer[]) d where s.expires_at <= private.now() + make_interval(days => d)) as days_before
      from public.secrets s
      where s.expires_at <= private.now() + interval '14 days' and s.expires_at > private.now() - interval '7 days'
      union all
      select s.id, s.organization_id, 'rotation', s.rotated_at + make_interval(days => s.rotate_after_days), 0
      from public.secrets s
      where s.rotated_at + make_interval(days => s.rotate_after_days) <= private.now()
    )
    insert into private.secret_notices (secret_id, kind, due_at, days_before, organization_id)
    select d.id, d.kind, d.due_at, d.days_before, d.organization_id
    from due d
    join public.organizations o on o.id = d.organization_id and o.suspended_at is null
    on conflict do nothing
    returning secret_id, kind, due_at, days_before, organization_id
  loop
    perform private.enqueue_job(v_due.organization_id, 'secret.warning', jsonb_build_object(
      'secret_id', v_due.secret_id, 'kind', v_due.kind, 'due_at', v_due.due_at, 'days_before', v_due.days_before
    ));
    perform private.audit(v_due.organization_id,
      case when v_due.kind = 'rotation' then 'secret.rotation_due' when v_due.days_before = 0 then 'secret.expired' else 'secret.expiring' end,
      'secret', v_due.secret_id::text, null, null, jsonb_build_object('due_at', v_due.due_at));
    v_queued := v_queued + 1;
  end loop;
  delete from private.secret_accesses a where a.minute < private.now() - interval '90 days';
  delete from private.secret_tickets t where t.expires_at < private.now();
  -- Those of before there were master keys, and of who called SQL directly. Without master keys the job leaves them.
  if exists (select from private.webhook_secrets s where s.secret is not null) then
    perform engine.enqueue_jobs('[{"type": "secrets.rewrap", "payload": {"plain": true}, "unique_key": "plain"}]');
  end if;
  return v_queued;
end;
$$;

revoke all on function private.warn_of_expiry() from public, anon, authenticated, service_role;
comment on function private.warn_of_expiry() is
  'The task secrets: queues a mail to the owners 14, 3 and 1 days before a secret expires and when it has, and when a rotation is due, each once; forgets accesses after 90 days; has secrets of webhook endpoints sealed that are not. Answers how many mails.';

create function engine.get_secret_warning(p_secret_id uuid, p_kind text, p_due_at timestamptz) returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'name', s.name, 'organization', o.name, 'expired', s.expires_at <= private.now(),
      'flows', private.flows_reading_secret(s.organization_id, s.name),
      'to', coalesce((
        select jsonb_agg(p.email order by p.email)
        from public.organization_members m join public.profiles p on p.id = m.user_id
        where m.organization_id = o.id and m.role = 'owner' and p.email is not null
      ), '[]')
    )
    from public.secrets s
    join public.organizations o on o.id = s.organization_id and o.suspended_at is null
    where s.id = p_secret_id
      and case p_kind when 'expiry' then s.expires_at
        else s.rotated_at + make_interval(days => s.rotate_after_days) end = p_due_at
  );
end;
$$;

revoke all on function engine.get_secret_warning(uuid, text, timestamptz) from public, anon, authenticated, service_role;
grant execute on function engine.get_secret_warning(uuid, text, timestamptz) to service_role;
comment on function engine.get_secret_warning(uuid, text, timestamptz) is
  'What a warning of a secret says, and to whom (the owners): {name, organization, expired, flows, to}. Null = it is void: the secret is gone, has another date or a new value.';
