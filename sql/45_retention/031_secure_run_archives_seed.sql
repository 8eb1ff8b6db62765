-- Policies on a table of Supabase's are no part of the schema that migrations compare. The bucket stays: it may hold data.
-- undo: drop policy if exists millrace_members_read_run_archives on storage.objects;
select private.secure_run_archives();
