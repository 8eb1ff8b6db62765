-- Policies on a table of Supabase's are no part of the schema that migrations compare.
-- undo: drop policy if exists millrace_members_receive on realtime.messages;
-- undo: drop policy if exists millrace_members_appear on realtime.messages;
select private.secure_live();
