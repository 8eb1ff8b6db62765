create function private.discard_dead_letters(p_organization_id uuid, p_filter jsonb, p_limit integer, p_dry_run boolean) returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_which text := private.dead_letters_from(p_organization_id, p_filter, p_limit);
  v_discarded bigint := 0;
  v_left bigint;
begin
  if not coalesce(p_dry_run, false) then
    execute format(
      'delete from public.job_history h where h.id in (select j.id from %s order by j.id limit %s for update of j skip locked)',
      v_which, p_limit
    );
    get diagnostics v_discarded = row_count;
    if v_discarded > 0 then
      perform private.audit(p_organization_id, 'dead_letter.discarded', 'dead_letter', null,
        p_details => jsonb_build_object('filter', p_filter, 'discarded', v_discarded));
    end if;
  end if;
  execute 'select count(*) from ' || v_which into v_left;
  return jsonb_build_object('discarded', v_discarded, 'left', v_left, 'dry_run', coalesce(p_dry_run, false));
end;
$$;

revoke all on function private.discard_dead_letters(uuid, jsonb, integer, boolean) from public, anon, authenticated, service_role;
comment on function private.discard_dead_letters(uuid, jsonb, integer, boolean) is
  'Deletes dead letters that nobody has repeated, oldest first, at most p_limit. Answers {discarded, left, dry_run}.';

create function private.discard_dead_letter(p_job_id uuid) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_job record;
begin
  delete from public.job_history h where h.id = p_job_id and h.status = 'dead' returning h.organization_id, h.type into v_job;
  if not found then
    perform private.fail('not_found', 'No such dead letter', 404);
  end if;
  perform private.audit(v_job.organization_id, 'dead_letter.discarded', 'dead_letter', p_job_id::text,
    jsonb_build_object('type', v_job.type));
end;
$$;

revoke all on function private.discard_dead_letter(uuid) from public, anon, authenticated, service_role;
comment on function private.discard_dead_letter(uuid) is 'Deletes a dead letter.';

create function public.discard_dead_letters(
  p_organization_id uuid,
  p_filter jsonb default '{}',
  p_limit integer default 100,
  p_dry_run boolean default false
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.require_permission(p_organization_id, 'runs:execute', 'organization');
  return private.discard_dead_letters(p_organization_id, p_filter, p_limit, p_dry_run);
end;
$$;

revoke all on function public.discard_dead_letters(uuid, jsonb, integer, boolean) from public, anon, authenticated, service_role;
grant execute on function public.discard_dead_letters(uuid, jsonb, integer, boolean) to authenticated;
comment on function public.discard_dead_letters(uuid, jsonb, integer, boolean) is
  'Deletes dead letters of an organization, oldest first, at most p_limit (1000) of those that the filter finds: see public.replay_dead_letters. Answers {discarded, left, dry_run}. Needs runs:execute.';

create function engine.discard_dead_letters(
  p_organization_id uuid default null,
  p_filter jsonb default '{}',
  p_limit integer default 100,
  p_dry_run boolean default false
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
  return private.discard_dead_letters(p_organization_id, p_filter, p_limit, p_dry_run);
end;
$$;

revoke all on function engine.discard_dead_letters(uuid, jsonb, integer, boolean) from public, anon, authenticated, service_role;
grant execute on function engine.discard_dead_letters(uuid, jsonb, integer, boolean) to service_role;
comment on function engine.discard_dead_letters(uuid, jsonb, integer, boolean) is
  'public.discard_dead_letters for operators: null = of every organization, and of the platform itself.';

create function public.discard_dead_letter(p_job_id uuid) returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.require_permission((private.find_job(p_job_id) ->> 'organization_id')::uuid, 'runs:execute', 'dead letter');
  perform private.discard_dead_letter(p_job_id);
end;
$$;

revoke all on function public.discard_dead_letter(uuid) from public, anon, authenticated, service_role;
grant execute on function public.discard_dead_letter(uuid) to authenticated;
comment on function public.discard_dead_letter(uuid) is 'Deletes a dead letter, repeated or not. Needs runs:execute.';

create function engine.discard_dead_letter(p_job_id uuid) returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.discard_dead_letter(p_job_id);
end;
$$;

revoke all on function engine.discard_dead_letter(uuid) from public, anon, authenticated, service_role;
grant execute on function engine.discard_dead_letter(uuid) to service_role;
comment on function engine.discard_dead_letter(uuid) is 'public.discard_dead_letter for operators.';
