delete from private.mail_templates;
insert into private.mail_templates (name, category, priority, expires_after, is_sensitive, is_branded)
values
  ('verification', 'transactional', 10, '1 hour', true, false),
  ('magic_link', 'transactional', 10, '30 minutes', true, false),
  ('password_reset', 'transactional', 10, '1 hour', true, false),
  ('security_notice', 'transactional', 50, '1 day', false, false),
  ('invitation', 'transactional', 50, '7 days', true, true),
  ('welcome', 'transactional', 50, '3 days', false, false),
  ('receipt', 'transactional', 50, null, false, false),
  ('payment_failed', 'transactional', 50, null, false, false),
  ('trial_ending', 'transactional', 100, '2 days', false, false),
  ('approval_request', 'alerts', 50, '7 days', false, true),
  ('alert', 'alerts', 50, '1 day', false, true),
  ('usage_alert', 'alerts', 100, '2 days', false, true),
  ('endpoint_disabled', 'alerts', 100, '7 days', false, true),
  ('secret_warning', 'alerts', 100, '3 days', false, true),
  ('weekly_digest', 'digests', 200, '3 days', false, true);
