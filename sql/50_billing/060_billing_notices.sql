create table private.billing_notices (
  kind text not null check (kind in ('invoice_paid', 'payment_failed', 'trial_ending', 'dispute')),
  object_id text not null check (length(object_id) <= 255),
  turn text not null check (length(turn) <= 100),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  created_at timestamptz not null default private.now(),
  primary key (kind, object_id, turn)
);
create index billing_notices_organization_id_idx on private.billing_notices (organization_id);
alter table private.billing_notices enable row level security;
revoke all on table private.billing_notices from public, anon, authenticated, service_role;

comment on table private.billing_notices is 'Of what was told, by mail and webhooks, so that each thing is told once, however often and in whatever order Stripe tells it.';
comment on column private.billing_notices.kind is 'invoice_paid, payment_failed, trial_ending or dispute.';
comment on column private.billing_notices.object_id is 'The invoice or subscription at Stripe.';
comment on column private.billing_notices.turn is 'Which time: the number of the attempt, the end of the trial, the state of the dispute.';
comment on column private.billing_notices.organization_id is 'The tenant.';
comment on column private.billing_notices.created_at is 'When.';

create function private.note_billing(p_organization_id uuid, p_kind text, p_object_id text, p_turn text) returns boolean
language plpgsql
set search_path = ''
as $$
begin
  insert into private.billing_notices (kind, object_id, turn, organization_id)
  values (p_kind, p_object_id, p_turn, p_organization_id)
  on conflict do nothing;
  return found;
end;
$$;

revoke all on function private.note_billing(uuid, text, text, text) from public, anon, authenticated, service_role;
comment on function private.note_billing(uuid, text, text, text) is 'True the first time, false ever after.';

create function private.billing_addresses(p_organization_id uuid, p_with_owners boolean) returns table (address text)
language plpgsql
stable
set search_path = ''
as $$
begin
  return query
  with known as (
    select c.email, true as is_billing from public.billing_customers c where c.organization_id = p_organization_id
    union all
    select p.email, false from public.organization_members m join public.profiles p on p.id = m.user_id
    where m.organization_id = p_organization_id and m.role = 'owner'
  ),
  -- What public.mails takes: what Stripe has may have been typed by anybody.
  good as (
    select k.* from known k where length(k.email) <= 320 and k.email ~ '^[^\s<>@,;"\\]{1,64}@[^\s<>@,;"\\]{1,255}$'
  )
  select distinct on (lower(g.email)) g.email
  from good g
  where p_with_owners or g.is_billing or not exists (select from good b where b.is_billing)
  order by lower(g.email), g.is_billing desc;
end;
$$;

revoke all on function private.billing_addresses(uuid, boolean) from public, anon, authenticated, service_role;
comment on function private.billing_addresses(uuid, boolean) is
  'To whom mails about money go: the address that the customer has at Stripe, or the owners where it has none; p_with_owners = both.';

create function private.mail_billing(p_organization_id uuid, p_template text, p_key text, p_data jsonb, p_with_owners boolean) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_address text;
begin
  for v_address in select a.address from private.billing_addresses(p_organization_id, p_with_owners) a loop
    perform private.send_mail(p_organization_id, p_template, v_address,
      p_data || jsonb_build_object('organization', (select o.name from public.organizations o where o.id = p_organization_id)),
      left(p_key, 250) || ':' || md5(lower(v_address)));
  end loop;
end;
$$;

revoke all on function private.mail_billing(uuid, text, text, jsonb, boolean) from public, anon, authenticated, service_role;
comment on function private.mail_billing(uuid, text, text, jsonb, boolean) is
  'Queues one mail about money for each of private.billing_addresses; the name of the organization is added to the data.';
