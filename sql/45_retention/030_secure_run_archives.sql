create function private.secure_run_archives() returns boolean
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- The tables belong to Supabase: a plain Postgres has none.
  if to_regclass('storage.buckets') is null or to_regclass('storage.objects') is null then
    return false;
  end if;
  insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
  values ('run-archives', 'run-archives', false, 50331648, array['application/gzip'])
  on conflict do nothing;
  -- Only the archive job writes. What lies in the folder of an organization may be read by who may read its runs.
  if not exists (
    select 1 from pg_catalog.pg_policy p
    where p.polrelid = 'storage.objects'::regclass and p.polname = 'millrace_members_read_run_archives'
  ) then
    create policy millrace_members_read_run_archives on storage.objects for select to authenticated
      using (
        bucket_id = 'run-archives'
        and split_part(name, '/', 1) = any ((select private.organizations_with('runs:read'))::text[])
      );
  end if;
  return true;
exception
  when insufficient_privilege then
    raise warning 'Cannot make the bucket run-archives and its policy: %. Run private.secure_run_archives() as a role that may', sqlerrm;
    return false;
end;
$$;

revoke all on function private.secure_run_archives() from public, anon, authenticated, service_role;
comment on function private.secure_run_archives() is
  'Makes the private bucket run-archives, in which the job runs.archive keeps runs as <organization>/runs/<week>-<part>-<hash>.jsonl.gz, and the policy by which members may read those of their organizations. False = the database has no Storage, or the owner of our schema may not make policies there: repeat it when that has changed.';
