delete from private.mail_templates;
insert into private.mail_templates (name, category, priority, expires_after, is_sensitive)
values
  ('verification', 'transactional', 10, '1 hour', true),
  ('magic_link', 'transactional', 10, '30 minutes', true),
  ('password_reset', 'transactional', 10, '1 hour', true),
  ('security_notice', 'transactional', 50, '1 day', false),
  ('invitation', 'transactional', 50, '7 days', true),
  ('welcome', 'transactional', 50, '3 days', false),
  ('receipt', 'transactional', 50, null, false),
  ('payment_failed', 'transactional', 50, null, false),
  ('trial_ending', 'transactional', 100, '2 days', false),
  ('approval_request', 'alerts', 50, '7 days', false),
  ('alert', 'alerts', 50, '1 day', false),
  ('usage_alert', 'alerts', 100, '2 days', false),
  ('endpoint_disabled', 'alerts', 100, '7 days', false),
  ('secret_warning', 'alerts', 100, '3 days', false),
  ('weekly_digest', 'digests', 200, '3 days', false);
