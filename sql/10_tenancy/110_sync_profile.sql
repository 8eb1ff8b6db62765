create function public.sync_profile(p_display_name text default null) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_user_id uuid := private.require_person();
  v_profile public.profiles;
begin
  if length(p_display_name) > 200 then
    perform private.fail('invalid_request', 'The display name must have at most 200 characters', 400);
  end if;
  perform private.ensure_tenant(v_user_id);
  update public.profiles p
  set email = u.email, display_name = coalesce(p_display_name, p.display_name)
  from auth.users u
  where p.id = v_user_id and u.id = v_user_id
    and (p.email, p.display_name) is distinct from (u.email::text, coalesce(p_display_name, p.display_name));
  select * into v_profile from public.profiles p where p.id = v_user_id;
  -- Once a person, and not to those who were there before there was such a mail, nor to an address that nobody confirmed.
  if v_profile.created_at > private.now() - interval '1 day' and exists (
    select 1 from auth.users u where u.id = v_user_id and u.email = v_profile.email and u.email_confirmed_at is not null
  ) then
    perform private.send_mail(null, 'welcome', v_profile.email, jsonb_build_object('name', v_profile.display_name), v_user_id::text);
  end if;
  return to_jsonb(v_profile);
end;
$$;

revoke all on function public.sync_profile(text) from public, anon, authenticated, service_role;
grant execute on function public.sync_profile(text) to authenticated;
comment on function public.sync_profile(text) is
  'Brings the caller''s profile in step with Supabase Auth after sign-up or a change of address. p_display_name null = leave it. Who is new, and has confirmed the address, gets the mail welcome.';
