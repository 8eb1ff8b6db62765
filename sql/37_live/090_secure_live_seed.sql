-- Policies on a table of Supabase's are no part of the schema that migrations compare.
-- undo: do $$ begin drop policy if exists millrace_members_receive on realtime.messages; drop policy if exists millrace_members_appear on realtime.messages; exception when insufficient_privilege then null; end $$;
select private.secure_live();
