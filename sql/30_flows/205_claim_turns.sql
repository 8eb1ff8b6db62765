-- A sequence, since it is written without waiting and is not taken back with a transaction.
create sequence private.claim_turns as bigint minvalue 0 start 0;
revoke all on sequence private.claim_turns from public, anon, authenticated, service_role;

comment on sequence private.claim_turns is
  'The organization at which the last batch of claims ended, as the first 60 bits of its id; the next batch goes on behind it. Not moved while all organizations with work fit into one batch.';
