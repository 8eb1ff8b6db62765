create table private.audit_turns (
  key text primary key,
  since timestamptz not null,
  suppressed integer not null default 0
);
alter table private.audit_turns enable row level security;
revoke all on table private.audit_turns from public, anon, authenticated, service_role;

comment on table private.audit_turns is
  'What was written into the audit log lately, of events that may come in floods: one row of the log stands for all alike of a while.';
comment on column private.audit_turns.key is 'What was done, by whom.';
comment on column private.audit_turns.since is 'When the log last got a row of it.';
comment on column private.audit_turns.suppressed is 'How many alike came since.';

create function private.audit_turn(p_key text, p_seconds integer) returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_suppressed integer;
begin
  update private.audit_turns t set suppressed = t.suppressed + 1
  where t.key = p_key and t.since > v_now - make_interval(secs => p_seconds);
  if found then
    return null;
  end if;
  delete from private.audit_turns t where t.key = p_key returning t.suppressed into v_suppressed;
  insert into private.audit_turns (key, since) values (p_key, v_now) on conflict do nothing;
  return case when found then coalesce(v_suppressed, 0) end;
end;
$$;

revoke all on function private.audit_turn(text, integer) from public, anon, authenticated, service_role;
comment on function private.audit_turn(text, integer) is
  'Whether an event that may come in floods is to be written into the audit log now: null = no, one alike was within p_seconds; else how many were not written since the last.';
