create function public.create_organization(
  p_name text,
  p_slug text default null,
  p_idempotency_key text default null
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_most constant integer := 10;
  v_user_id uuid := private.require_person();
  v_reply jsonb;
  v_slug text;
  v_id uuid;
begin
  perform private.ensure_tenant(v_user_id);
  -- There is no organization yet in which the key could be unique: it is the person's.
  v_reply := private.idempotent_reply(v_user_id, 'create_organization', p_idempotency_key, jsonb_build_array(p_name, p_slug));
  if v_reply is not null then
    return v_reply;
  end if;
  if p_name is null then
    perform private.fail('invalid_request', 'An organization needs a name', 400);
  end if;
  perform private.check_name(p_name), private.check_slug(p_slug);

  -- One person's foundings happen one by one, so that the count is exact.
  perform 1 from public.profiles p where p.id = v_user_id for no key update;
  if (
    select count(*) from public.organization_members m
    join public.organizations o on o.id = m.organization_id and o.plan_id = 'free'
    where m.user_id = v_user_id and m.role = 'owner'
  ) >= v_most then
    perform private.fail('plan_limit_reached', format('A person may own %s organizations of the plan free', v_most), 402);
  end if;

  v_slug := coalesce(p_slug, nullif(btrim(left(regexp_replace(lower(p_name), '[^a-z0-9]+', '-', 'g'), 50), '-'), ''), 'org');
  loop
    insert into public.organizations (name, slug, created_by) values (p_name, v_slug, v_user_id)
    on conflict (slug) do nothing returning id into v_id;
    exit when found;
    if p_slug is not null then
      perform private.fail('conflict', 'This slug is taken', 409);
    end if;
    v_slug := rtrim(left(v_slug, 50), '-') || '-' || substr(replace(gen_random_uuid()::text, '-', ''), 1, 8);
  end loop;
  insert into public.organization_members (organization_id, user_id, role) values (v_id, v_user_id, 'owner');
  insert into public.workspaces (organization_id, name, is_default) values (v_id, 'Default', true);
  return private.keep_reply(v_user_id, 'create_organization', p_idempotency_key, private.organization_reply(v_id));
end;
$$;

revoke all on function public.create_organization(text, text, text) from public, anon, authenticated, service_role;
grant execute on function public.create_organization(text, text, text) to authenticated;
comment on function public.create_organization(text, text, text) is
  'Founds an organization on the plan free, with a default workspace; the caller, a person, owns it. p_slug null = made from the name. 409 when the slug is taken, 402 for who owns ten of that plan. Answers the organization.';
