/**
 * Who may do what, as one table a kind. The tests read the catalog and fail for whatever has no line here, and for every
 * line whose object is gone.
 *
 * @module
 */

/**
 * Which rows each caller sees with `select`:
 *
 * | word | sees |
 * | --- | --- |
 * | `deny` | permission denied |
 * | `none` | no row |
 * | `self` | only the rows about themselves |
 * | `own` | the rows of the own organization |
 * | `all` | every row of every tenant |
 *
 * owner … guest = roles in organization A. suspended = the owner of a suspended organization. stranger = the owner of
 * organization B: `own` means B's rows. loner = signed in, in no organization. Weeks stand for the partitions of a week.
 */
export const READS = `
relation                      anon  owner  admin  developer  member  viewer  guest  suspended  stranger  loner  service
public.run_archives           deny  own    own    own        own     own     none   none       own       none   all
public.plans                  all   all    all    all        all     all     all    all        all       all    all
public.profiles               deny  own    own    own        own     own     self   self       own       none   all
public.organizations          deny  own    own    own        own     own     own    own        own       none   all
public.organization_members   deny  own    own    own        own     own     self   self       own       none   all
public.secrets                deny  own    own    own        none    none   none   none       own       none   all
public.mails                  deny  own    own    own        none    none   none   none       own       none   all
public.billing_customers      deny  own    own    none       none    none    none   none       own       none   all
public.subscriptions          deny  own    own    none       none    none    none   none       own       none   all
public.invoices               deny  own    own    none       none    none    none   none       own       none   all
public.plan_prices            all   all    all    all        all     all     all    all        all       all    all
public.mail_events            deny  own    own    own        none    none   none   none       own       none   all
public.mail_suppressions      deny  own    own    own        none    none   none   none       own       none   all
public.api_keys               deny  own    own    own        none    none    none   none       own       none   all
public.workspaces             deny  own    own    own        own     own     own    none       own       none   all
public.invitations            deny  own    own    own        own     own     none   none       own       none   all
public.flows                  deny  own    own    own        own     own     own    none       own       none   all
public.flow_versions          deny  own    own    own        own     own     own    none       own       none   all
public.schedules              deny  own    own    own        own     own     own    none       own       none   all
public.schedule_firings       deny  own    own    own        own     own     own    none       own       none   all
public.runs                   deny  own    own    own        own     own     none   none       own       none   all
public.run_steps              deny  own    own    own        own     own     none   none       own       none   all
public.run_stats_daily        deny  own    own    own        own     own     none   none       own       none   all
public.usage_hourly           deny  own    own    own        own     own     none   none       own       none   all
public.usage_details          deny  own    own    none       none    none   none   none       own       none   all
public.budgets                deny  own    own    none       none    none   none   none       own       none   all
public.analytics_daily        deny  own    own    own        own     own     none   none       own       none   all
public.flow_version_runs      deny  own    own    own        own     own     none   none       own       none   all
public.job_queue              deny  own    own    own        own     own     none   none       own       none   all
public.bulk_operations         deny  own    own    own        own     own     none   none       own       none   all
public.entities               deny  own    own    own        own     own     none   none       own       none   all
public.entity_moves           deny  own    own    own        own     own     none   none       own       none   all
public.flow_edge_stats        deny  own    own    own        own     own     none   none       own       none   all
public.webhook_endpoints      deny  own    own    own        own     none    none   none       own       none   all
public.webhook_events         deny  own    own    own        own     none    none   none       own       none   all
public.webhook_refusals       deny  own    own    own        own     none    none   none       own       none   all
public.webhook_subscriptions  deny  own    own    own        own     none    none   none       own       none   all
public.webhook_messages       deny  own    own    own        own     none    none   none       own       none   all
public.webhook_deliveries     deny  own    own    own        own     none    none   none       own       none   all
public.webhook_attempts       deny  own    own    own        own     none    none   none       own       none   all
public.job_history            deny  own    own    own        own     own     none   none       own       none   all
public.audit_events           deny  own    own    none       none    none    none   none       own       none   all
public.audit_events_default   deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
public.audit_events_<week>    deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
public.job_history_default    deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
public.job_history_<week>     deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
public.runs_default           deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
public.runs_<week>            deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
public.run_steps_default      deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
public.run_steps_<week>       deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
engine.changes                deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   all
engine.dead_letters           deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   all
engine.jobs                   deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   all
engine.queue_depth            deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   all
engine.queue_organizations    deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   all
engine.stuck                  deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   all
engine.workers                deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   all
private.api_key_hashes        deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.api_pins              deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.api_usage             deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.cache_usage           deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   all
private.generations           deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
engine.cache_rates            deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   all
private.flags                 deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.flag_rules            deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.stripe_events         deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.billing_notices       deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.billing_tickets       deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.change_skips          deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   all
private.change_triggers       deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   all
private.partition_rewrites    deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.partition_expired     deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.plan_downgrades       deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.partition_changes     deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.run_archive_weeks     deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.flow_plans            deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.idempotency_keys      deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.invitation_tokens     deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.organization_removals deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.job_clock             deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.job_counts            deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   all
private.job_leases            deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   all
private.job_slots             deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.job_states            deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   all
private.job_turns             deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   all
private.next_discovery        deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.live_watchers         deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.provider_breakers     deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.rate_limit_overrides  deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.security_events       deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.ip_blocks             deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.rate_limits           deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.role_permissions      deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   all
private.run_joins             deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   all
private.run_cancellations      deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.run_regions            deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   all
private.run_signals            deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.run_slots              deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.scratch_flows          deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.run_stats_open        deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.run_stats_state       deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.budget_periods        deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.meter_reports         deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.spend_reservations    deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.usage_notices         deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.model_prices          deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.mail_pace             deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.mail_data             deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.mail_templates        deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.secret_versions       deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.secret_accesses       deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.secret_notices        deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.secret_tickets        deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.settings              deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.mail_settings         deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.webhook_portals       deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.digest_opt_outs       deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.digests               deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.system_alerts         deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.system_task_runs      deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.system_tasks          deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.webhook_secrets       deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.webhook_refusal_days  deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.webhook_subscription_secrets deny deny deny deny     deny    deny    deny   deny       deny      deny   deny
private.webhook_endpoint_states deny deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.webhook_endpoint_stats deny deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.worker_wakes          deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.audit_turns           deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.audit_batches         deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.audit_keys            deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.audit_leaves          deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.audit_seal_state      deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.audit_sealed_ahead    deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   deny
private.workers               deny  deny   deny   deny       deny    deny    deny   deny       deny      deny   all
`;

/**
 * insert, update, delete, truncate: denied to every caller on every relation but for the lines here, written as
 * `"relation actor verb": "outcome"`. There is none: every change goes through a function.
 */
export const WRITES: Record<string, string> = {};

/** Schemas: who may use them. Nobody may create in them. */
export const SCHEMAS = `
schema   anon  user  service
public   use   use   use
private  -     use   use
engine   -     -     use
`;

/**
 * Functions: which database role may execute them (x). user = authenticated. One line covers all functions of a name.
 * What no caller may execute is called by other functions, as triggers, or by pg_cron.
 */
export const EXECUTES = `
function                           anon  user  service
public.find_run_archives           -     x     -
public.create_budget               -     x     -
public.delete_budget               -     x     -
public.get_budget                  -     x     -
public.get_usage                   -     x     -
public.update_budget               -     x     -
engine.call_all_seats              -     -     x
engine.end_meter_reports           -     -     x
engine.get_seats                   -     -     x
engine.make_meter_reports          -     -     x
engine.release_spend               -     -     x
engine.take_meter_reports          -     -     x
private.call_seats                 -     -     -
private.seats_changed              -     -     -
private.seats_of                   -     -     -
engine.reserve_spend               -     -     x
engine.set_model_price             -     -     x
engine.settle_spend                -     -     x
private.alert_budget               -     -     -
private.budget_end                 -     -     -
private.budget_reply               -     -     -
private.budget_start               -     -     -
private.cost_of                    -     -     -
private.hold_budgets               -     -     -
private.judge_usage                -     -     -
private.keep_budgets               -     -     -
private.lock_budget                -     -     -
private.mail_usage_alert           -     -     -
private.open_budgets               -     -     -
private.release_spend              -     -     -
private.spend_tokens               -     -     -
private.spend_units                -     -     -
private.usage_counted_at           -     -     -
private.usage_numbers              -     -     -
private.usage_of_budget            -     -     -
public.get_run_archive             -     x     -
engine.add_run_archive             -     -     x
engine.set_request_proof_key       -     -     x
engine.schema_version              -     -     x
engine.plain_webhook_secrets       -     -     x
engine.seal_webhook_secrets        -     -     x
private.put_webhook_secret         -     -     -
private.told_webhook_secret        -     -     -
private.sealed_webhook_secret      -     -     -
engine.list_unsigned_audit         -     -     x
engine.seal_audit                  -     -     x
engine.sign_audit                  -     -     x
private.add_audit_batches          -     -     -
private.audit_head                 -     -     -
private.audit_root                 -     -     -
private.audit_batch_of             -     -     -
private.audit_event_reply          -     -     -
private.audit_facts                -     -     -
private.audit_page                 -     -     -
private.audit_where                -     -     -
private.audit_address              -     -     -
private.activity_kinds             -     -     -
private.activity_thing             -     -     -
private.activity_things_named      -     -     -
private.organizations_of_caller    -     -     -
private.audit_security_event       -     -     -
private.audit_turn                 -     -     -
private.note_audit_read            -     -     -
public.get_audit_event             -     x     -
public.get_audit_proof             -     x     -
public.list_activity               -     x     -
public.list_audit_events           -     x     -
public.list_audit_keys             x     x     -
public.verify_audit                -     x     -
public.verify_audit_end            -     x     -
private.audit_statement            -     -     -
private.audit_slice_end            -     -     -
private.check_audit_batches        -     -     -
private.restart_audit_seal         -     -     -
private.seal_audit                 -     -     -
private.drop_audit_batches         -     -     -
private.drop_audit_of              -     -     -
private.seal_audit_rows            -     -     -
private.audit                      -     -     -
private.audit_hash                 -     -     -
private.audit_row                  -     -     -
private.audit_value                -     -     -
private.refuse_audit_change        -     -     -
private.request_header             -     -     -
private.request_headers            -     -     -
engine.apply_retention             -     -     x
engine.begin_run_archive           -     -     x
engine.expired_run_archives        -     -     x
engine.finish_run_archive          -     -     x
engine.read_run_archive            -     -     x
engine.remove_run_archives         -     -     x
private.apply_retention            -     -     -
private.archives_runs              -     -     -
private.note_downgrade             -     -     -
private.begin_rewrite              -     -     -
private.columns_of                 -     -     -
private.continue_rewrite           -     -     -
private.copy_changes               -     -     -
private.copy_runs                  -     -     -
private.copy_survivors             -     -     -
private.drop_empty                 -     -     -
private.drop_rewrite               -     -     -
private.enqueue_run_archive        -     -     -
private.find_expired               -     -     -
private.index_copies               -     -     -
private.kept_days                  -     -     -
private.lock_archive_pass          -     -     -
private.look_at_week               -     -     -
private.note_expired               -     -     -
private.note_partition_change      -     -     -
private.organizations_of_week      -     -     -
private.partition_name             -     -     -
private.purge_default              -     -     -
private.purge_webhook_events       -     -     -
private.request_archives           -     -     -
private.retained_tables            -     -     -
private.secure_run_archives        -     -     -
private.survives                   -     -     -
private.swap_partition             -     -     -
private.warn_of_archives           -     -     -
private.week_range                 -     -     -
private.weeks_of_default           -     -     -
private.uuid_v7_time               -     x     -
private.week_of                    -     x     -
public.create_secret               -     x     -
public.delete_secret               -     x     -
public.destroy_secret_version      -     x     -
public.missing_secrets             -     x     -
public.list_secret_accesses        -     x     -
public.list_secret_flows           -     x     -
public.list_secret_versions        -     x     -
public.next_secret_version         -     x     -
public.request_secret_reveal       -     x     -
public.restore_secret_version      -     x     -
public.set_secret_value            -     x     -
public.update_secret               -     x     -
engine.count_secrets_by_key        -     -     x
engine.get_secret_warning          -     -     x
engine.read_secrets                -     -     x
engine.redeem_secret_ticket        -     -     x
engine.rewrap_secrets              -     -     x
engine.secrets_to_rewrap           -     -     x
private.flows_reading_secret       -     -     -
private.lock_secret                -     -     -
engine.billing_ticket              -     -     x
engine.put_billing_customer        -     -     x
engine.put_plan_prices             -     -     x
engine.put_billing                 -     -     x
engine.receive_stripe_events       -     -     x
engine.take_stripe_events          -     -     x
engine.end_stripe_events           -     -     x
engine.billing_reconcile_state     -     -     x
engine.end_billing_reconcile       -     -     x
engine.keep_billing_reconcile      -     -     x
private.note_billing               -     -     -
private.billing_addresses          -     -     -
private.mail_billing               -     -     -
private.set_plan                   -     -     -
private.read_lookup_key            -     -     -
private.billing_grace              -     -     -
private.choose_subscription        -     -     -
private.settle_billing             -     -     -
private.tell_invoices              -     -     -
private.invoice_event              -     -     -
private.tell_dispute               -     -     -
private.tell_trial                 -     -     -
private.changed_columns            -     -     -
private.put_subscription           -     -     -
private.put_invoice                -     -     -
private.keep_grace_days            -     -     -
private.call_billing_sync          -     -     -
private.keep_billing               -     -     -
private.add_mail                   -     -     -
private.mail_looks                 -     -     -
private.mail_settings_reply        -     -     -
private.fits_time_zone             -     -     -
public.get_mail_settings           -     x     -
public.update_mail_settings        -     x     -
private.keep_mails                 -     -     -
private.mail_batch                 -     -     -
private.mail_reply                 -     -     -
private.pick_mails                 -     -     -
engine.claim_mails                 -     -     x
engine.claim_new_mail              -     -     x
engine.finish_mails                -     -     x
engine.send_mails                  -     -     x
public.cancel_mail                 -     x     -
public.resend_mail                 -     x     -
private.is_suppressed              -     -     -
private.suppress                   -     -     -
private.find_told_mail             -     -     -
private.apply_mail_event           -     -     -
private.try_mail_event             -     -     -
private.keep_mail_events           -     -     -
private.wanted_mails               -     -     -
private.want_mails                 -     -     -
private.mail_preferences_reply     -     -     -
private.own_address                -     -     -
private.mail_figures               -     -     -
engine.receive_mail_event          -     -     x
engine.get_mail_preferences        -     -     x
engine.set_mail_preferences        -     -     x
engine.unsubscribe_mail            -     -     x
public.get_mail_preferences        -     x     -
public.set_mail_preferences        -     x     -
public.suppress_address            -     x     -
public.lift_suppression            -     x     -
public.get_mail_stats              -     x     -
private.send_mail                  -     -     -
private.wake_mails                 -     -     -
private.note_secret_access         -     -     -
private.read_envelope              -     -     -
private.secret_reply               -     -     -
private.warn_of_expiry             -     -     -
public.cancel_bulk_operation       -     x     -
public.cancel_run                  -     x     -
public.count_version_runs          -     x     -
public.create_bulk_operation       -     x     -
public.create_entity               -     x     -
public.create_flow                 -     x     -
public.create_schedule             -     x     -
public.create_webhook_endpoint     -     x     -
public.decide_step                 -     x     -
public.delete_entity               -     x     -
public.delete_flow                 -     x     -
public.delete_run                  -     x     -
public.delete_schedule             -     x     -
public.delete_webhook_endpoint     -     x     -
public.duplicate_flow              -     x     -
public.execute_graph               -     x     -
public.explain_run                 -     x     -
public.get_api_usage               -     x     -
public.pin_api_version             -     x     -
public.gate                        -     x     -
public.get_entity_journey          -     x     -
public.get_flow_stats              -     x     -
public.get_latest_run              -     x     -
public.get_run                     -     x     -
public.get_run_progress            -     x     -
public.get_stats                   -     x     -
public.get_webhook_endpoint        -     x     -
public.get_webhook_stats           -     x     -
public.import_flows                -     x     -
public.list_edge_stats             -     x     -
public.list_run_steps              -     x     -
public.list_waiting_steps          -     x     -
public.move_entity                 -     x     -
public.pause_run                   -     x     -
public.replay_webhook_event        -     x     -
public.rerun_run                   -     x     -
public.restore_flow_version        -     x     -
public.resume_run                  -     x     -
public.retry_run                   -     x     -
public.retry_step                  -     x     -
public.rotate_webhook_secret       -     x     -
public.save_flow                   -     x     -
public.signal_run                  -     x     -
public.start_run                   -     x     -
public.sync_profile                -     x     -
public.trigger_schedule            -     x     -
public.update_entity               -     x     -
public.update_schedule             -     x     -
public.update_webhook_endpoint     -     x     -
public.create_webhook_subscription - x -
public.delete_webhook_subscription - x -
public.get_webhook_subscription - x -
public.rotate_webhook_subscription_secret - x -
public.update_webhook_subscription - x -
public.retry_webhook_delivery - x -
public.cancel_webhook_delivery - x -
public.retry_webhook_deliveries - x -
public.test_webhook_subscription - x -
public.get_webhook_subscription_stats - x -
engine.send_webhooks_on - - x
engine.begin_webhook_batch - - x
engine.end_webhook_batch - - x
public.watch_run                   -     x     -
public.watch_runs                  -     x     -
engine.admit_runs                  -     -     x
engine.claim_jobs                  -     -     x
engine.complete_callbacks          -     -     x
engine.configure                   -     -     x
engine.ensure_partitions           -     -     x
engine.get_callback                -     -     x
engine.get_run_end                 -     -     x
engine.get_webhook_endpoint        -     -     x
engine.get_webhook_sender          -     -     x
engine.enqueue_jobs                -     -     x
engine.enqueue_jobs_once           -     -     x
engine.finish_jobs                 -     -     x
engine.report_jobs                 -     -     x
engine.share_breakers              -     -     x
engine.heartbeat                   -     -     x
engine.ingest_webhook              -     -     x
engine.ingest_webhooks             -     -     x
engine.list_schedules_to_refill    -     -     x
engine.load_plans                  -     -     x
engine.off_change                  -     -     x
engine.on_change                   -     -     x
engine.record_webhook_rejection    -     -     x
engine.redeem_wake                 -     -     x
engine.release_worker              -     -     x
engine.settle_jobs                 -     -     x
engine.store_plan                  -     -     x
engine.store_upcoming              -     -     x
engine.tick                        -     -     x
private.act_on_run                 -     -     -
private.audit_bulk_deletion        -     -     -
private.remove_run                 -     -     -
private.add_entity                 -     -     -
private.limits_are_near            -     -     -
private.lock_limits_of             -     -     -
private.admit_waiting              -     -     -
private.admit_forgotten            -     -     -
private.add_flow_version           -     -     -
private.add_histograms             -     -     -
private.admit_run                  -     -     -
private.apply_moves                -     -     -
private.attach_entity              -     -     -
private.broadcast_progress         -     -     -
private.broadcast_run              -     -     -
private.bulk_reply                 -     -     -
private.bulk_runs                  -     -     -
private.bulk_events                -     -     -
private.bulk_targets               -     -     -
private.bulk_permission            -     -     -
private.cancel_runs                -     -     -
private.canvas_number              -     -     -
private.change_schedule            -     -     -
private.causing_run                -     -     -
private.change_actor               -     -     -
private.change_fits                -     -     -
private.change_obstacle            -     -     -
private.change_options             -     -     -
private.change_tables              -     -     x
private.drop_change_triggers       -     -     -
private.forget_lost_changes        -     -     -
private.is_own_table               -     -     -
private.json_setting               -     -     -
private.skip_change                -     -     -
private.start_change_runs          -     -     -
private.start_changed_flow         -     -     -
private.text_list                  -     -     -
public.cancel_job                  -     x     -
public.discard_dead_letter         -     x     -
public.discard_dead_letters        -     x     -
public.get_job                     -     x     -
public.list_jobs                   -     x     -
public.queue_statistics            -     x     -
public.replay_dead_letters         -     x     -
public.retry_job                   -     x     -
public.run_job_now                 -     x     -
engine.cancel_job                  -     -     x
engine.discard_dead_letter         -     -     x
engine.discard_dead_letters        -     -     x
engine.get_job                     -     -     x
engine.list_jobs                   -     -     x
engine.queue_statistics            -     -     x
engine.replay_dead_letters         -     -     x
engine.retry_job                   -     -     x
engine.run_job_now                 -     -     x
private.cancel_job                 -     -     -
private.dead_letters_from           -     -     -
private.depth_of                   -     -     -
private.discard_dead_letter        -     -     -
private.discard_dead_letters       -     -     -
private.find_job                   -     -     -
private.find_jobs                  -     -     -
private.job_again                  -     -     -
private.job_conditions             -     -     -
private.queue_numbers              -     -     -
private.queue_statistics           -     -     -
private.replay_dead_letters        -     -     -
private.retry_job                  -     -     -
private.run_job_now                -     -     -
private.throughput_of              -     -     -
private.check_entity               -     -     -
private.check_pins                 -     -     -
private.check_schedule             -     -     -
private.check_trigger_node         -     -     -
private.check_upcoming             -     -     -
private.clock_since                -     -     -
private.close_region               -     -     -
private.count_runs                 -     -     -
private.create_run                 -     -     -
private.drop_scope                 -     -     -
private.duration_bucket            -     x     -
private.edge_lengths               -     -     -
private.end_items                  -     -     -
private.end_run                    -     -     -
private.end_waits                  -     -     -
private.ensure_tenant              -     -     -
private.entity_reply               -     -     -
private.explain_insides            -     x     -
private.explain_joins              -     -     -
private.explain_tokens             -     -     -
private.api_usage_of               -     -     -
private.api_version_of             -     -     -
private.flags_of                   -     -     -
private.fail                       -     -     -
private.finish_run                 -     -     -
private.fire_due_time              -     -     -
private.fire_schedule              -     -     -
private.fire_schedules             -     -     -
private.flow_reply                 -     -     -
private.free_slots                 -     -     -
private.graph_without_layout       -     -     -
private.has_to_undo                -     -     -
private.histogram                  -     x     -
private.idempotent_reply           -     -     -
private.item_scope                 -     -     -
private.job_details                -     -     -
private.job_reply                  -     -     -
private.keep_reply                 -     -     -
private.keep_worker                -     -     -
private.lock_entity                -     -     -
private.lock_flow                  -     -     -
private.lock_limits                -     -     -
private.lock_run                   -     -     -
private.lock_schedule              -     -     -
private.lock_webhook_endpoint      -     -     -
private.map_entity                 -     -     -
private.may_receive_live           -     x     -
private.move_entities              -     -     -
private.move_settled_entities      -     -     -
private.new_webhook_secret         -     -     -
private.publish_event              -     -     -
private.read_steps                 -     -     -
private.record_steps               -     -     -
private.webhook_subscription_reply - - -
private.lock_webhook_subscription - - -
private.keep_subscription_secret - - -
private.change_webhook_subscription - - -
private.reset_endpoint - - -
private.wake_endpoint - - -
private.end_disabled_deliveries - - -
private.promote_deliveries - - -
private.disable_subscription - - -
private.publish_run - - -
private.publish_approvals - - -
private.retry_deliveries - - -
private.lock_webhook_delivery - - -
private.keep_webhooks_out - - -
private.purge_webhook_messages - - -
private.caller_portal - - -
private.portal_organization - x -
private.portal_application - x -
private.require_webhooks - - -
private.fit_portal - - -
private.webhook_portal_reply - - -
engine.gate_webhook_portal - - x
engine.get_approval_request - - x
public.create_webhook_portal - x -
public.revoke_webhook_portal - x -
private.publish_flow - - -
private.publish_entity - - -
private.publish_move - - -
private.publish_member - - -
private.publish_api_key - - -
private.publish_secret_notice - - -
private.add_message                -     -     -
private.node_centre                -     -     -
private.now                        -     x     x
private.open_regions               -     -     -
engine.add_api_usage               -     -     x
engine.get_cache_usage             -     -     x
private.add_cache_usage            -     -     -
private.bump_generation            -     -     -
private.bump_generation_of         -     -     -
private.bump_organization_generation -   -     -
private.generation_of              -     -     -
engine.get_api_usage               -     -     x
engine.get_flag                    -     -     x
engine.list_flags                  -     -     x
engine.remove_flag                 -     -     x
engine.set_flag                    -     -     x
engine.set_flag_rule               -     -     x
engine.gate_key                    -     -     x
private.add_api_key                -     -     -
private.change_api_key             -     -     -
private.check_api_key_seed         -     -     -
private.lock_api_key               -     -     -
public.create_api_key              -     x     -
public.revoke_api_key              -     x     -
public.rotate_api_key              -     x     -
public.update_api_key              -     x     -
private.caller_key_id              -     -     -
private.caller_user_id             -     -     -
private.organizations_with         -     x     -
private.require_person             -     -     -
private.percentile                 -     x     -
private.place_entity               -     -     -
private.purge_rate_limits          -     -     -
private.refresh_entity             -     -     -
private.refresh_mapped_entity      -     -     -
private.refusal_code               -     -     -
private.refuse_change              -     -     -
private.refuse_references          -     -     -
private.region_items               -     -     -
private.repeat_run                 -     -     -
private.require_permission         -     -     -
private.resolve_parent             -     -     -
private.resolve_token              -     -     -
private.run_limit_keys             -     -     -
private.run_limits                 -     -     -
private.run_resolution             -     -     -
private.run_stats_of               -     x     -
private.run_steps_page             -     x     -
private.run_tokens                 -     x     -
private.runs_counted_to            -     x     -
private.secure_live                -     -     -
private.secure_run_data            -     -     -
private.send_live                  -     -     -
private.runs_still_open            -     -     -
private.said_once                   -     -     -
private.schedule_jitter            -     -     -
private.schedule_obstacle          -     -     -
private.schedule_reply             -     -     -
private.scope_chain                -     -     -
private.scratch_flow               -     -     -
private.setting                    -     -     -
private.small_number               -     -     -
private.spawn_items                -     -     -
private.start_children             -     -     -
private.start_error_flow           -     -     -
private.start_queued_firing        -     -     -
private.start_scheduled_run        -     -     -
private.steps_to_redo              -     -     -
private.sum_run_stats              -     x     -
private.take_over_steps            -     -     -
private.take_signals               -     -     -
private.take_slots                 -     -     -
private.take_many_tokens           -     -     -
private.take_tokens                -     -     -
private.take_request_tokens        -     -     -
private.rate_answer                -     -     -
private.refuse_request             -     -     -
private.limit_struck               -     -     -
private.request_buckets            -     -     -
private.limit_subject_id           -     -     -
private.has_second_factor          -     -     -
private.must_show_factor           -     -     -
private.require_aal2               -     -     -
private.change_is_sensitive        -     -     -
public.set_mfa_policy              -     x     -
public.get_second_factor           -     x     -
private.security_event             -     -     -
private.client_ip                  -     -     -
private.ip_block_until             -     -     -
private.input_is_valid             -     -     -
private.require_open_ip            -     -     -
private.ip_network                 -     -     -
private.ip_bucket                  -     -     -
private.ip_is_ours                 -     -     -
private.block_ip                   -     -     -
private.security_events_page       -     -     -
private.prune_security             -     -     -
public.list_security_events        -     x     -
engine.list_security_events        -     -     x
engine.note_refusals               -     -     x
engine.blocking_settings           -     -     x
engine.set_blocking_settings       -     -     x
engine.list_ip_blocks              -     -     x
engine.add_ip_block                -     -     x
engine.remove_ip_block             -     -     x
engine.list_rate_limit_overrides   -     -     x
engine.set_rate_limit_override     -     -     x
engine.remove_rate_limit_override  -     -     x
engine.list_rate_limit_buckets     -     -     x
engine.reset_rate_limit_buckets    -     -     x
private.to_uuid                    -     -     -
private.touch                      -     -     -
private.try_end_run                -     -     -
private.try_lock_run               -     -     -
private.undo_nodes                 -     -     -
private.uuid_v7                    -     -     -
private.uuid_v7_floor              -     -     -
private.waiting_token              -     -     -
private.activate_turns             -     -     -
private.admit_jobs                 -     -     -
private.begin_tokens               -     -     -
private.count_running              -     -     -
private.end_queued_job             -     -     -
private.enqueue_job                -     -     -
private.enqueue_one                -     -     -
private.finish_leases              -     -     -
private.shorten_leases             -     -     -
private.find_turns                 -     -     -
private.forget_heads               -     -     -
private.give_turn                  -     -     -
private.is_awake                   -     -     -
private.lease_jobs                 -     -     -
private.leased_jobs                -     -     x
private.lock_concurrency_key       -     -     -
private.note_turns                 -     -     -
private.pick_jobs                  -     -     -
private.pick_more_jobs             -     -     -
private.platform_id                -     -     -
private.put_back_leases            -     -     -
private.resting_status             -     -     -
private.sweep_jobs                 -     -     -
private.tell_task                  -     -     -
private.unblock_jobs                -     -     -
private.wake_if_idle               -     -     -
private.wake_workers               -     -     -
private.watch_live                 -     -     -
private.webhook_body               -     -     -
private.webhook_endpoint_reply     -     -     -
private.with_upcoming              -     -     -
private.work_bulk_operation        -     -     -
engine.work_bulk_operation         -     -     x
private.work_bulk_operations       -     -     -
engine.get_digest                  -     -     x
engine.list_task_runs              -     -     x
engine.list_tasks                  -     -     x
engine.queue_digests               -     -     x
engine.request_task                -     -     x
engine.run_task                    -     -     x
engine.start_waiting_task          -     -     x
engine.update_task                 -     -     x
engine.watch_tasks                 -     -     x
private.check_leases               -     -     -
private.clean_rate_limits          -     -     -
private.close_lost_runs            -     -     -
private.count_usage                -     -     -
private.count_usage_of             -     -     -
private.end_task_run               -     -     -
private.keep_cron_job              -     -     -
private.keep_partitions            -     -     -
private.mail_operators             -     -     -
private.prune_cron_history         -     -     -
private.prune_idempotency_keys     -     -     -
private.prune_job_counts           -     -     -
private.raise_alerts               -     -     -
private.retry_webhooks             -     -     -
private.roll_up_analytics          -     -     -
private.roll_up_day                -     -     -
private.schedule_tasks             -     -     -
private.scheduled_tasks            -     -     -
private.skip_task                  -     -     -
private.stop_task_job              -     -     -
private.task_attempt               -     -     -
private.task_ended                 -     -     -
private.task_holders               -     -     -
private.task_run_reply             -     -     -
private.task_waits_for             -     -     -
private.try_lock_task              -     -     -
private.digest_due                 -     -     -
public.accept_invitation           -     x     -
public.change_member_role          -     x     -
public.create_invitation           -     x     -
public.create_organization         -     x     -
public.create_workspace            -     x     -
public.decline_invitation          -     x     -
public.delete_organization         -     x     -
public.delete_workspace            -     x     -
public.get_organization_usage      -     x     -
public.leave_organization          -     x     -
public.list_own_invitations        -     x     -
public.remove_member               -     x     -
public.resend_invitation           -     x     -
public.restore_organization        -     x     -
public.revoke_invitation           -     x     -
public.transfer_organization       -     x     -
public.update_organization         -     x     -
public.update_workspace            -     x     -
engine.list_organization_objects   -     -     x
engine.organizations_to_remove     -     -     x
engine.remove_organization         -     -     x
engine.resume_organization         -     -     x
engine.suspend_organization        -     -     x
engine.write_invitation            -     -     x
private.check_name                 -     -     -
private.check_slug                 -     -     -
private.confirmed_email            -     -     -
private.drop_invitations_by        -     -     -
private.end_membership             -     -     -
private.invitation_for             -     -     -
private.invitation_reply           -     -     -
private.join_by_invitations        -     -     -
private.join_organization          -     -     -
private.lock_invitation            -     -     -
private.lock_member                -     -     -
private.lock_organization          -     -     -
private.lock_workspace             -     -     -
private.mail_invitation            -     -     -
private.member_reply               -     -     -
private.organization_reply         -     -     -
private.require_other_owner        -     -     -
private.require_rank               -     -     -
private.require_room               -     -     -
private.role_of_caller             -     -     -
private.role_rank                  -     -     -
private.tenant_relations           -     -     -
private.used_of                    -     -     -
`;

/**
 * What each RPC of `public` answers members of the organization that owns the thing named: `ok`, `null` (nothing to see),
 * or the code of the error. Strangers are not in the table: for them every thing of another tenant is a missing one, which
 * is tested of every id of every RPC.
 */
export const CALLS = `
rpc                       owner     admin     developer  member     viewer     guest      suspended
cancel_bulk_operation     ok        ok        ok         ok         forbidden  forbidden  forbidden
cancel_mail               ok        ok        forbidden  forbidden  forbidden  forbidden  forbidden
resend_mail               ok        ok        forbidden  forbidden  forbidden  forbidden  forbidden
get_mail_preferences      ok        ok        ok         ok         ok         ok         forbidden
set_mail_preferences      ok        ok        ok         ok         ok         ok         forbidden
suppress_address          ok        ok        forbidden  forbidden  forbidden  forbidden  forbidden
lift_suppression          ok        ok        forbidden  forbidden  forbidden  forbidden  forbidden
get_mail_stats            ok        ok        ok         forbidden  forbidden  forbidden  forbidden
cancel_job                ok        ok        ok         ok         forbidden  forbidden  forbidden
discard_dead_letter       ok        ok        ok         ok         forbidden  forbidden  forbidden
discard_dead_letters      ok        ok        ok         ok         forbidden  forbidden  forbidden
get_job                   ok        ok        ok         ok         ok         forbidden  forbidden
list_jobs                 ok        ok        ok         ok         ok         forbidden  forbidden
queue_statistics          ok        ok        ok         ok         ok         forbidden  forbidden
replay_dead_letters       ok        ok        ok         ok         forbidden  forbidden  forbidden
retry_job                 ok        ok        ok         ok         forbidden  forbidden  forbidden
run_job_now               ok        ok        ok         ok         forbidden  forbidden  forbidden
get_audit_event           ok        ok        forbidden  forbidden  forbidden  forbidden  forbidden
get_audit_proof           conflict  conflict  forbidden  forbidden  forbidden  forbidden  forbidden
list_activity             ok        ok        ok         ok         ok         ok         forbidden
list_audit_events         ok        ok        forbidden  forbidden  forbidden  forbidden  forbidden
list_audit_keys           ok        ok        ok         ok         ok         ok         ok
verify_audit              ok        ok        forbidden  forbidden  forbidden  forbidden  forbidden
verify_audit_end          ok        ok        forbidden  forbidden  forbidden  forbidden  forbidden
cancel_run                ok        ok        ok         ok         forbidden  forbidden  forbidden
count_version_runs        ok        ok        ok         ok         ok         null       null
set_mfa_policy            ok        forbidden forbidden  forbidden  forbidden  forbidden  forbidden
get_second_factor         ok        ok        ok         ok         ok         ok         ok
list_security_events      ok        ok        forbidden  forbidden  forbidden  forbidden  forbidden
create_api_key            ok        ok        forbidden  forbidden  forbidden  forbidden  forbidden
revoke_api_key            ok        ok        forbidden  forbidden  forbidden  forbidden  forbidden
rotate_api_key            ok        ok        forbidden  forbidden  forbidden  forbidden  forbidden
update_api_key            ok        ok        forbidden  forbidden  forbidden  forbidden  forbidden
create_secret             ok        ok        ok         forbidden  forbidden  forbidden  forbidden
delete_secret             ok        ok        ok         forbidden  forbidden  forbidden  forbidden
destroy_secret_version    ok        ok        ok         forbidden  forbidden  forbidden  forbidden
missing_secrets           ok        ok        ok         ok         ok         ok         forbidden
list_secret_accesses      ok        ok        ok         forbidden  forbidden  forbidden  forbidden
list_secret_flows         ok        ok        ok         forbidden  forbidden  forbidden  forbidden
list_secret_versions      ok        ok        ok         forbidden  forbidden  forbidden  forbidden
next_secret_version       ok        ok        ok         forbidden  forbidden  forbidden  forbidden
request_secret_reveal     ok        ok        ok         forbidden  forbidden  forbidden  forbidden
restore_secret_version    ok        ok        ok         forbidden  forbidden  forbidden  forbidden
set_secret_value          ok        ok        ok         forbidden  forbidden  forbidden  forbidden
update_secret             ok        ok        ok         forbidden  forbidden  forbidden  forbidden
create_bulk_operation     ok        ok        ok         ok         forbidden  forbidden  forbidden
create_entity             ok        ok        ok         ok         forbidden  forbidden  forbidden
create_flow               ok        ok        ok         forbidden  forbidden  forbidden  forbidden
create_schedule           ok        ok        ok         forbidden  forbidden  forbidden  forbidden
create_webhook_endpoint   ok        ok        ok         forbidden  forbidden  forbidden  forbidden
decide_step               conflict  conflict  conflict   conflict   forbidden  forbidden  forbidden
delete_entity             ok        ok        ok         ok         forbidden  forbidden  forbidden
delete_flow               ok        ok        ok         forbidden  forbidden  forbidden  forbidden
delete_run                ok        ok        ok         ok         forbidden  forbidden  forbidden
delete_schedule           ok        ok        ok         forbidden  forbidden  forbidden  forbidden
delete_webhook_endpoint   ok        ok        ok         forbidden  forbidden  forbidden  forbidden
duplicate_flow            ok        ok        ok         forbidden  forbidden  forbidden  forbidden
execute_graph             ok        ok        ok         forbidden  forbidden  forbidden  forbidden
explain_run               ok        ok        ok         ok         ok         null       null
gate                      ok        ok        ok         ok         ok         ok         ok
get_entity_journey        ok        ok        ok         ok         ok         null       null
get_flow_stats            ok        ok        ok         ok         ok         null       null
get_latest_run            ok        ok        ok         ok         ok         null       null
get_run                   ok        ok        ok         ok         ok         null       null
get_run_progress          ok        ok        ok         ok         ok         null       null
get_stats                 ok        ok        ok         ok         ok         null       null
create_budget             ok        forbidden forbidden  forbidden  forbidden  forbidden  forbidden
delete_budget             ok        forbidden forbidden  forbidden  forbidden  forbidden  forbidden
get_budget                ok        ok        forbidden  forbidden  forbidden  forbidden  forbidden
get_usage                 ok        ok        forbidden  forbidden  forbidden  forbidden  forbidden
update_budget             ok        forbidden forbidden  forbidden  forbidden  forbidden  forbidden
get_webhook_endpoint      ok        ok        ok         ok         forbidden  forbidden  forbidden
get_webhook_stats         ok        ok        ok         ok         forbidden  forbidden  forbidden
import_flows              ok        ok        ok         forbidden  forbidden  forbidden  forbidden
list_edge_stats           ok        ok        ok         ok         ok         ok         null
list_run_steps            ok        ok        ok         ok         ok         null       null
find_run_archives         ok        ok        ok         ok         ok         null       null
get_run_archive           ok        ok        ok         ok         ok         null       null
list_waiting_steps        ok        ok        ok         ok         ok         null       null
move_entity               ok        ok        ok         ok         forbidden  forbidden  forbidden
pause_run                 ok        ok        ok         ok         forbidden  forbidden  forbidden
replay_webhook_event      ok        ok        ok         forbidden  forbidden  forbidden  forbidden
rerun_run                 ok        ok        ok         ok         forbidden  forbidden  forbidden
restore_flow_version      ok        ok        ok         forbidden  forbidden  forbidden  forbidden
resume_run                ok        ok        ok         ok         forbidden  forbidden  forbidden
retry_run                 ok        ok        ok         ok         forbidden  forbidden  forbidden
retry_step                conflict  conflict  conflict   conflict   forbidden  forbidden  forbidden
rotate_webhook_secret     ok        ok        ok         forbidden  forbidden  forbidden  forbidden
save_flow                 ok        ok        ok         forbidden  forbidden  forbidden  forbidden
get_mail_settings         ok        ok        ok         forbidden  forbidden  forbidden  forbidden
update_mail_settings      ok        ok        forbidden  forbidden  forbidden  forbidden  forbidden
create_webhook_portal     ok        ok        ok         forbidden  forbidden  forbidden  forbidden
revoke_webhook_portal     ok        ok        ok         forbidden  forbidden  forbidden  forbidden
signal_run                ok        ok        ok         ok         forbidden  forbidden  forbidden
start_run                 ok        ok        ok         ok         forbidden  forbidden  forbidden
sync_profile              ok        ok        ok         ok         ok         ok         ok
trigger_schedule          ok        ok        ok         ok         forbidden  forbidden  forbidden
update_entity             ok        ok        ok         ok         forbidden  forbidden  forbidden
update_schedule           ok        ok        ok         forbidden  forbidden  forbidden  forbidden
update_webhook_endpoint   ok        ok        ok         forbidden  forbidden  forbidden  forbidden
create_webhook_subscription ok ok ok forbidden forbidden forbidden forbidden
delete_webhook_subscription ok ok ok forbidden forbidden forbidden forbidden
get_webhook_subscription ok ok ok ok forbidden forbidden forbidden
rotate_webhook_subscription_secret ok ok ok forbidden forbidden forbidden forbidden
update_webhook_subscription ok ok ok forbidden forbidden forbidden forbidden
retry_webhook_delivery ok ok ok forbidden forbidden forbidden forbidden
cancel_webhook_delivery ok ok ok forbidden forbidden forbidden forbidden
retry_webhook_deliveries ok ok ok forbidden forbidden forbidden forbidden
test_webhook_subscription ok ok ok forbidden forbidden forbidden forbidden
get_webhook_subscription_stats ok ok ok ok forbidden forbidden forbidden
watch_run                 ok        ok        ok         ok         ok         forbidden  forbidden
watch_runs                ok        ok        ok         ok         ok         forbidden  forbidden
accept_invitation         not_found not_found not_found not_found not_found not_found not_found
change_member_role        ok        ok        forbidden forbidden forbidden forbidden forbidden
create_invitation         ok        ok        forbidden forbidden forbidden forbidden forbidden
create_organization       ok        ok        ok        ok        ok        ok        ok
create_workspace          ok        ok        ok        forbidden forbidden forbidden forbidden
decline_invitation        not_found not_found not_found not_found not_found not_found not_found
delete_organization       ok        forbidden forbidden forbidden forbidden forbidden forbidden
delete_workspace          ok        ok        ok        forbidden forbidden forbidden forbidden
get_api_usage             ok        ok        ok        ok        ok        ok        forbidden
pin_api_version           ok        ok        forbidden forbidden forbidden forbidden forbidden
get_organization_usage    ok        ok        ok        ok        ok        ok        forbidden
leave_organization        conflict  ok        ok        ok        ok        ok        conflict
list_own_invitations      ok        ok        ok        ok        ok        ok        ok
remove_member             ok        ok        forbidden forbidden forbidden forbidden forbidden
resend_invitation         ok        ok        forbidden forbidden forbidden forbidden forbidden
restore_organization      ok        forbidden forbidden forbidden forbidden forbidden forbidden
revoke_invitation         ok        ok        forbidden forbidden forbidden forbidden forbidden
transfer_organization     ok        forbidden forbidden forbidden forbidden forbidden forbidden
update_organization       ok        ok        forbidden forbidden forbidden forbidden forbidden
update_workspace          ok        ok        ok        forbidden forbidden forbidden forbidden
`;

/** A table of this file: row name → column name → cell. */
export type Table = Record<string, Record<string, string>>;

/** Reads a table of this file. */
export function parseTable(text: string): Table {
  const [head, ...lines] = text.trim().split("\n").map((line) => line.trim().split(/\s+/));
  const columns = head!.slice(1);
  const table: Table = {};
  for (const [name, ...cells] of lines) {
    if (cells.length !== columns.length || name! in table) throw new Error(`Cannot read the line of ${name}`);
    table[name!] = Object.fromEntries(columns.map((column, index) => [column, cells[index]!]));
  }
  return table;
}
