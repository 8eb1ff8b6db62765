/**
 * Types of the tables and functions that the Data API shows, from sql/. Written by `deno task db:types`.
 *
 * @module
 */
export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];

export type Database = {
  "engine": {
    Tables: {
      [_ in never]: never;
    };
    Views: {
      "cache_rates": {
        Row: {
          "day": string;
          "hit_rate": number | null;
          "hits": number;
          "joined": number;
          "matched": number;
          "misses": number;
          "not_modified": number;
          "not_modified_rate": number | null;
          "operation": string;
          "requests": number | null;
          "stale": number;
        };
        ComputedFields: never;
        Relationships: [];
      };
      "changes": {
        Row: {
          "batch": number;
          "claims": (string)[];
          "columns": (string)[] | null;
          "condition": Json | null;
          "created_at": string;
          "excluded": (string)[];
          "flow_id": string;
          "flow_name": string | null;
          "id": string;
          "last_skipped_at": string | null;
          "max_depth": number;
          "max_runs": number;
          "name": string;
          "operations": (string)[];
          "organization_id": string;
          "required": boolean;
          "skipped": number | null;
          "skipped_because": Json | null;
          "state": string | null;
          "table": string | null;
          "trigger_node": string | null;
          "updated_at": string;
        };
        ComputedFields: never;
        Relationships: [];
      };
      "dead_letters": {
        Row: {
          "attempts": number;
          "completed_at": string;
          "created_at": string;
          "error_code": string | null;
          "error_details": Json | null;
          "error_message": string | null;
          "id": string;
          "max_attempts": number;
          "organization_id": string;
          "payload": Json | null;
          "started_at": string | null;
          "type": string;
        };
        ComputedFields: never;
        Insert: {
          "attempts"?: number | null;
          "completed_at"?: string | null;
          "created_at"?: string | null;
          "error_code"?: never;
          "error_details"?: never;
          "error_message"?: never;
          "id"?: string | null;
          "max_attempts"?: number | null;
          "organization_id"?: string | null;
          "payload"?: Json | null;
          "started_at"?: string | null;
          "type"?: string | null;
        };
        Update: {
          "attempts"?: number | null;
          "completed_at"?: string | null;
          "created_at"?: string | null;
          "error_code"?: never;
          "error_details"?: never;
          "error_message"?: never;
          "id"?: string | null;
          "max_attempts"?: number | null;
          "organization_id"?: string | null;
          "payload"?: Json | null;
          "started_at"?: string | null;
          "type"?: string | null;
        };
        Relationships: [];
      };
      "jobs": {
        Row: {
          "attempts": number | null;
          "cancel_requested_at": string | null;
          "completed_at": string | null;
          "concurrency_key": string | null;
          "created_at": string | null;
          "error": Json | null;
          "error_message": string | null;
          "expires_at": string | null;
          "id": string | null;
          "max_attempts": number | null;
          "organization_id": string | null;
          "payload": Json | null;
          "priority": number | null;
          "progress": Json | null;
          "replay_of": string | null;
          "replayed_as": string | null;
          "result": Json | null;
          "run_id": string | null;
          "scheduled_for": string | null;
          "started_at": string | null;
          "status": string | null;
          "type": string | null;
          "unique_key": string | null;
          "worker_id": string | null;
        };
        ComputedFields: never;
        Relationships: [];
      };
      "queue_depth": {
        Row: {
          "jobs": number | null;
          "oldest": string | null;
          "oldest_seconds": number | null;
          "status": string | null;
          "type": string | null;
        };
        ComputedFields: never;
        Relationships: [];
      };
      "queue_organizations": {
        Row: {
          "blocked": number | null;
          "dead_letters": number | null;
          "delayed": number | null;
          "max_running": number | null;
          "name": string | null;
          "oldest_due_at": string | null;
          "oldest_due_seconds": number | null;
          "organization_id": string | null;
          "plan_id": string | null;
          "queued": number | null;
          "running": number | null;
          "waiting": number | null;
          "weight": number | null;
        };
        ComputedFields: never;
        Relationships: [];
      };
      "stuck": {
        Row: {
          "id": string | null;
          "organization_id": string | null;
          "problem": string | null;
          "seconds": number | null;
          "since": string | null;
          "type": string | null;
          "why": string | null;
        };
        ComputedFields: never;
        Relationships: [];
      };
      "workers": {
        Row: {
          "expires_at": string;
          "id": string;
          "is_alive": boolean | null;
          "jobs": number | null;
          "kind": string;
          "started_at": string;
          "steps": number | null;
        };
        ComputedFields: never;
        Insert: {
          "expires_at"?: string | null;
          "id"?: string | null;
          "is_alive"?: never;
          "jobs"?: never;
          "kind"?: string | null;
          "started_at"?: string | null;
          "steps"?: never;
        };
        Update: {
          "expires_at"?: string | null;
          "id"?: string | null;
          "is_alive"?: never;
          "jobs"?: never;
          "kind"?: string | null;
          "started_at"?: string | null;
          "steps"?: never;
        };
        Relationships: [];
      };
    };
    Functions: {
      "add_api_usage": { Args: { "p_cache"?: Json; "p_rows": Json }; Returns: undefined };
      "add_ip_block": {
        Args: { "p_by": string; "p_network": string; "p_reason": string; "p_until": string };
        Returns: Json;
      };
      "add_run_archive": {
        Args: {
          "p_archive": Json;
          "p_more": boolean;
          "p_organization_id": string;
          "p_pass_id": string;
          "p_position": Json;
          "p_week": string;
        };
        Returns: string;
      };
      "admit_runs": { Args: { "p_organization_id": string }; Returns: number };
      "apply_retention": { Args: Record<PropertyKey, never>; Returns: Json };
      "begin_run_archive": { Args: { "p_organization_id": string; "p_week": string }; Returns: Json };
      "begin_webhook_batch": { Args: { "p_lease": string; "p_subscription_id": string }; Returns: Json };
      "billing_reconcile_state": { Args: { "p_ticket"?: number }; Returns: Json };
      "billing_ticket": { Args: Record<PropertyKey, never>; Returns: number };
      "blocking_settings": { Args: Record<PropertyKey, never>; Returns: Json };
      "call_all_seats": { Args: Record<PropertyKey, never>; Returns: number };
      "cancel_job": { Args: { "p_job_id": string }; Returns: Json };
      "claim_jobs": {
        Args: {
          "p_kind"?: string;
          "p_limit"?: number;
          "p_listens"?: boolean;
          "p_run_id"?: string;
          "p_worker_id": string;
        };
        Returns: Json;
      };
      "claim_mails": {
        Args: { "p_lease_seconds"?: number; "p_limit"?: number; "p_per_second"?: number; "p_provider": string };
        Returns: Json;
      };
      "claim_new_mail": {
        Args: {
          "p_data": Json;
          "p_key": string;
          "p_organization_id": string;
          "p_provider": string;
          "p_template": string;
          "p_to": string;
        };
        Returns: Json;
      };
      "complete_callbacks": { Args: { "p_callbacks": Json; "p_wake"?: boolean }; Returns: Json };
      "configure": {
        Args: { "p_functions_url": string; "p_max_workers"?: number; "p_operator_email"?: string };
        Returns: Json;
      };
      "count_secrets_by_key": { Args: Record<PropertyKey, never>; Returns: Json };
      "discard_dead_letter": { Args: { "p_job_id": string }; Returns: undefined };
      "discard_dead_letters": {
        Args: { "p_dry_run"?: boolean; "p_filter"?: Json; "p_limit"?: number; "p_organization_id"?: string };
        Returns: Json;
      };
      "end_billing_reconcile": { Args: { "p_began_at": string }; Returns: undefined };
      "end_meter_reports": { Args: { "p_results": Json }; Returns: number };
      "end_stripe_events": { Args: { "p_events": Json }; Returns: undefined };
      "end_webhook_batch": {
        Args: { "p_lease": string; "p_results": Json; "p_subscription_id": string };
        Returns: Json;
      };
      "enqueue_jobs": { Args: { "p_jobs": Json }; Returns: Json };
      "enqueue_jobs_once": { Args: { "p_idempotency_key"?: string; "p_jobs": Json }; Returns: Json };
      "ensure_partitions": { Args: { "p_weeks_ahead"?: number }; Returns: number };
      "expired_run_archives": { Args: { "p_limit"?: number }; Returns: Json };
      "finish_jobs": { Args: { "p_results": Json; "p_worker_id": string }; Returns: Json };
      "finish_mails": { Args: { "p_batch_id": string; "p_results": Json }; Returns: Json };
      "finish_run_archive": {
        Args: { "p_organization_id": string; "p_pass_id": string; "p_week": string };
        Returns: undefined;
      };
      "gate_key": {
        Args: {
          "p_cached"?: string;
          "p_ip"?: string;
          "p_operation"?: string;
          "p_organization_id"?: string;
          "p_route"?: string;
          "p_secret_hash": string;
        };
        Returns: Json;
      };
      "gate_webhook_portal": {
        Args: {
          "p_ip"?: string;
          "p_operation"?: string;
          "p_organization_id"?: string;
          "p_route"?: string;
          "p_secret_hash": string;
        };
        Returns: Json;
      };
      "get_api_usage": { Args: { "p_from": string; "p_organization_id": string; "p_to": string }; Returns: Json };
      "get_approval_request": { Args: { "p_node_id": string; "p_run_id": string; "p_scope"?: string }; Returns: Json };
      "get_cache_usage": { Args: { "p_from": string; "p_to": string }; Returns: Json };
      "get_callback": { Args: { "p_node_id": string; "p_run_id": string; "p_scope"?: string }; Returns: string };
      "get_digest": { Args: { "p_day": string; "p_organization_id": string; "p_period"?: string }; Returns: Json };
      "get_flag": { Args: { "p_name": string }; Returns: Json };
      "get_job": { Args: { "p_job_id": string }; Returns: Json };
      "get_mail_preferences": { Args: { "p_mail_id": string }; Returns: Json };
      "get_run_end": { Args: { "p_run_id": string }; Returns: Json };
      "get_seats": { Args: { "p_organization_id": string }; Returns: Json };
      "get_secret_warning": { Args: { "p_due_at": string; "p_kind": string; "p_secret_id": string }; Returns: Json };
      "get_webhook_endpoint": {
        Args: { "p_count"?: number; "p_ips"?: Json; "p_slug": string; "p_test"?: boolean };
        Returns: Json;
      };
      "get_webhook_sender": { Args: { "p_endpoint_id": string; "p_user_id": string }; Returns: Json };
      "heartbeat": { Args: { "p_worker_id": string }; Returns: boolean };
      "ingest_webhook": {
        Args: {
          "p_ahead"?: Json;
          "p_dedupe_body": boolean;
          "p_endpoint_id": string;
          "p_event_key": string;
          "p_headers": Json;
          "p_input": Json;
          "p_mapped"?: Json;
          "p_method": string;
          "p_query": Json;
          "p_raw_body": string;
          "p_test"?: boolean;
          "p_traceparent"?: string;
          "p_type": string;
          "p_unsigned"?: boolean;
          "p_worker_id"?: string;
        };
        Returns: Json;
      };
      "ingest_webhooks": {
        Args: { "p_deliveries": Json; "p_endpoint_id": string; "p_trigger_node": string; "p_version_id": string };
        Returns: Json;
      };
      "keep_billing_reconcile": { Args: { "p_progress": Json }; Returns: undefined };
      "list_flags": { Args: Record<PropertyKey, never>; Returns: Json };
      "list_ip_blocks": {
        Args: {
          "p_after"?: string;
          "p_ascending"?: boolean;
          "p_before"?: string;
          "p_is_automatic"?: boolean;
          "p_limit"?: number;
          "p_network"?: string;
        };
        Returns: Json;
      };
      "list_jobs": {
        Args: {
          "p_after"?: string;
          "p_ascending"?: boolean;
          "p_filter"?: Json;
          "p_limit"?: number;
          "p_organization_id"?: string;
        };
        Returns: Json;
      };
      "list_organization_objects": { Args: { "p_limit"?: number; "p_organization_id": string }; Returns: Json };
      "list_rate_limit_buckets": { Args: { "p_subject_id": string; "p_subject_kind": string }; Returns: Json };
      "list_rate_limit_overrides": { Args: { "p_subject_id"?: string; "p_subject_kind"?: string }; Returns: Json };
      "list_schedules_to_refill": { Args: { "p_limit"?: number }; Returns: Json };
      "list_security_events": {
        Args: {
          "p_after"?: string;
          "p_ascending"?: boolean;
          "p_before"?: string;
          "p_filter"?: Json;
          "p_limit"?: number;
          "p_organization_id"?: string;
        };
        Returns: Json;
      };
      "list_task_runs": {
        Args: {
          "p_after"?: string;
          "p_ascending"?: boolean;
          "p_limit"?: number;
          "p_name": string;
          "p_status"?: (string)[];
          "p_trigger"?: (string)[];
        };
        Returns: Json;
      };
      "list_tasks": { Args: Record<PropertyKey, never>; Returns: Json };
      "list_unsigned_audit": { Args: { "p_limit"?: number }; Returns: Json };
      "load_plans": { Args: { "p_plan_version": number; "p_version_ids": (string)[] }; Returns: Json };
      "make_meter_reports": { Args: Record<PropertyKey, never>; Returns: Json };
      "note_refusals": { Args: { "p_refusals": Json }; Returns: Json };
      "off_change": { Args: { "p_flow_id"?: string; "p_name"?: string; "p_table": unknown }; Returns: Json };
      "on_change": { Args: { "p_flow_id": string; "p_options"?: Json; "p_table": unknown }; Returns: Json };
      "organizations_to_remove": { Args: { "p_limit"?: number }; Returns: Json };
      "plain_webhook_secrets": { Args: { "p_limit"?: number }; Returns: Json };
      "put_billing": { Args: { "p_found": Json; "p_stripe_customer_id": string; "p_ticket": number }; Returns: Json };
      "put_billing_customer": { Args: { "p_organization_id": string; "p_stripe_customer_id": string }; Returns: Json };
      "put_plan_prices": { Args: { "p_prices": Json; "p_ticket"?: number }; Returns: Json };
      "queue_digests": { Args: { "p_day"?: string }; Returns: Json };
      "queue_statistics": { Args: { "p_minutes"?: number; "p_organization_id"?: string }; Returns: Json };
      "read_run_archive": {
        Args: {
          "p_bytes"?: number;
          "p_organization_id": string;
          "p_pass_id": string;
          "p_position"?: Json;
          "p_week": string;
        };
        Returns: Json;
      };
      "read_secrets": { Args: { "p_reads": Json }; Returns: Json };
      "receive_mail_event": { Args: { "p_event": Json }; Returns: Json };
      "receive_stripe_events": { Args: { "p_events": Json }; Returns: Json };
      "record_webhook_rejection": {
        Args: { "p_delivery"?: Json; "p_endpoint_id": string; "p_reason": string };
        Returns: undefined;
      };
      "redeem_secret_ticket": { Args: { "p_ticket": string }; Returns: Json };
      "redeem_wake": { Args: { "p_ticket": string }; Returns: boolean };
      "release_spend": { Args: { "p_reservation_id": string }; Returns: boolean };
      "release_worker": { Args: { "p_wake_successor"?: boolean; "p_worker_id": string }; Returns: Json };
      "remove_flag": { Args: { "p_name": string }; Returns: undefined };
      "remove_ip_block": { Args: { "p_by": string; "p_id": string }; Returns: undefined };
      "remove_organization": { Args: { "p_limit"?: number; "p_organization_id": string }; Returns: Json };
      "remove_rate_limit_override": {
        Args: { "p_scope"?: string; "p_subject_id": string; "p_subject_kind": string };
        Returns: undefined;
      };
      "remove_run_archives": { Args: { "p_ids": (string)[] }; Returns: number };
      "replay_dead_letters": {
        Args: { "p_dry_run"?: boolean; "p_filter"?: Json; "p_limit"?: number; "p_organization_id"?: string };
        Returns: Json;
      };
      "report_jobs": { Args: { "p_progress"?: Json; "p_worker_id": string }; Returns: Json };
      "request_task": { Args: { "p_idempotency_key"?: string; "p_name": string }; Returns: Json };
      "reserve_spend": { Args: { "p_call": Json }; Returns: Json };
      "reset_rate_limit_buckets": { Args: { "p_subject_id": string; "p_subject_kind": string }; Returns: number };
      "resume_organization": { Args: { "p_if_version"?: number; "p_organization_id": string }; Returns: Json };
      "retry_job": { Args: { "p_idempotency_key"?: string; "p_job_id": string }; Returns: Json };
      "rewrap_secrets": { Args: { "p_rows": Json }; Returns: number };
      "run_job_now": { Args: { "p_job_id": string }; Returns: Json };
      "run_task": { Args: { "p_name": string; "p_trigger"?: string }; Returns: Json };
      "schema_version": { Args: Record<PropertyKey, never>; Returns: Json };
      "seal_audit": { Args: Record<PropertyKey, never>; Returns: Json };
      "seal_webhook_secrets": { Args: { "p_rows": Json }; Returns: number };
      "secrets_to_rewrap": { Args: { "p_key_id": string; "p_limit"?: number; "p_skip"?: Json }; Returns: Json };
      "send_mails": { Args: { "p_mails": Json }; Returns: Json };
      "send_webhooks_on": { Args: { "p_limit"?: number; "p_organization_id": string }; Returns: Json };
      "set_blocking_settings": { Args: { "p_settings": Json }; Returns: Json };
      "set_flag": { Args: { "p_changes"?: Json; "p_name": string }; Returns: Json };
      "set_flag_rule": { Args: { "p_is_on": boolean; "p_name": string; "p_organization_id": string }; Returns: Json };
      "set_mail_preferences": { Args: { "p_mail_id": string; "p_wanted": Json }; Returns: Json };
      "set_model_price": {
        Args: { "p_micros_per_million": number; "p_model": string; "p_unit": string; "p_valid_from"?: string };
        Returns: unknown;
        SetofOptions: {
          from: "*";
          to: "model_prices";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "set_rate_limit_override": { Args: { "p_by": string; "p_override": Json }; Returns: Json };
      "set_request_proof_key": { Args: { "p_key": string }; Returns: undefined };
      "settle_jobs": { Args: { "p_results": Json; "p_worker_id": string }; Returns: Json };
      "settle_spend": { Args: { "p_reservation_id": string; "p_units": Json }; Returns: Json };
      "share_breakers": { Args: { "p_changes"?: Json }; Returns: Json };
      "sign_audit": { Args: { "p_key": Json; "p_signatures": Json }; Returns: number };
      "start_waiting_task": { Args: Record<PropertyKey, never>; Returns: Json };
      "store_plan": { Args: { "p_plan": Json; "p_plan_version": number; "p_version_id": string }; Returns: undefined };
      "store_upcoming": { Args: { "p_lists": Json }; Returns: number };
      "suspend_organization": {
        Args: { "p_if_version"?: number; "p_organization_id": string; "p_reason"?: string };
        Returns: Json;
      };
      "take_meter_reports": { Args: { "p_limit": number }; Returns: Json };
      "take_stripe_events": { Args: { "p_key": string; "p_limit"?: number }; Returns: Json };
      "tick": { Args: Record<PropertyKey, never>; Returns: Json };
      "unsubscribe_mail": { Args: { "p_mail_id": string }; Returns: Json };
      "update_task": { Args: { "p_changes": Json; "p_name": string }; Returns: Json };
      "watch_tasks": { Args: Record<PropertyKey, never>; Returns: Json };
      "work_bulk_operation": {
        Args: { "p_operation_id": string; "p_runs"?: number; "p_seconds"?: number };
        Returns: Json;
      };
      "write_invitation": { Args: { "p_invitation_id": string }; Returns: Json };
    };
    Enums: {
      [_ in never]: never;
    };
    CompositeTypes: {
      [_ in never]: never;
    };
  };
  "public": {
    Tables: {
      "analytics_daily": {
        Row: {
          "cancelled": number;
          "compensated": number;
          "compensation_failed": number;
          "completed": number;
          "day": string;
          "failed": number;
          "flow_id": string;
          "organization_id": string;
          "p50_ms": number | null;
          "p95_ms": number | null;
          "rolled_up_at": string;
          "runs": number;
          "steps": number;
          "success_rate": number | null;
          "unfinished": number;
        };
        ComputedFields: never;
        Insert: {
          "cancelled": number;
          "compensated": number;
          "compensation_failed": number;
          "completed": number;
          "day": string;
          "failed": number;
          "flow_id": string;
          "organization_id": string;
          "p50_ms"?: number | null;
          "p95_ms"?: number | null;
          "rolled_up_at"?: string;
          "runs": number;
          "steps"?: number;
          "success_rate"?: number | null;
          "unfinished": number;
        };
        Update: {
          "cancelled"?: number;
          "compensated"?: number;
          "compensation_failed"?: number;
          "completed"?: number;
          "day"?: string;
          "failed"?: number;
          "flow_id"?: string;
          "organization_id"?: string;
          "p50_ms"?: number | null;
          "p95_ms"?: number | null;
          "rolled_up_at"?: string;
          "runs"?: number;
          "steps"?: number;
          "success_rate"?: number | null;
          "unfinished"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "analytics_daily_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "api_keys": {
        Row: {
          "created_at": string;
          "created_by": string | null;
          "expires_at": string | null;
          "id": string;
          "ip_allow": (string)[];
          "last_four": string;
          "last_used_at": string | null;
          "mode": string;
          "name": string;
          "organization_id": string;
          "prefix": string;
          "request_burst": number | null;
          "requests_per_minute": number | null;
          "revoked_at": string | null;
          "rotated_at": string | null;
          "rotated_from": string | null;
          "scopes": (string)[];
          "updated_at": string;
          "version": number;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "created_by"?: string | null;
          "expires_at"?: string | null;
          "id"?: string;
          "ip_allow"?: (string)[];
          "last_four": string;
          "last_used_at"?: string | null;
          "mode": string;
          "name": string;
          "organization_id": string;
          "prefix": string;
          "request_burst"?: number | null;
          "requests_per_minute"?: number | null;
          "revoked_at"?: string | null;
          "rotated_at"?: string | null;
          "rotated_from"?: string | null;
          "scopes": (string)[];
          "updated_at"?: string;
          "version"?: number;
        };
        Update: {
          "created_at"?: string;
          "created_by"?: string | null;
          "expires_at"?: string | null;
          "id"?: string;
          "ip_allow"?: (string)[];
          "last_four"?: string;
          "last_used_at"?: string | null;
          "mode"?: string;
          "name"?: string;
          "organization_id"?: string;
          "prefix"?: string;
          "request_burst"?: number | null;
          "requests_per_minute"?: number | null;
          "revoked_at"?: string | null;
          "rotated_at"?: string | null;
          "rotated_from"?: string | null;
          "scopes"?: (string)[];
          "updated_at"?: string;
          "version"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "api_keys_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "api_keys_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "api_keys_rotated_from_fkey";
            columns: ["rotated_from"];
            isOneToOne: false;
            referencedRelation: "api_keys";
            referencedColumns: ["id"];
          },
        ];
      };
      "audit_events": {
        Row: {
          "action": string;
          "actor": string;
          "after": Json | null;
          "agent": string | null;
          "auth": string;
          "before": Json | null;
          "details": Json | null;
          "id": string;
          "ip": string | null;
          "key_id": string | null;
          "occurred_at": string;
          "organization_id": string;
          "request_id": string | null;
          "target_id": string | null;
          "target_type": string;
          "tx": unknown;
          "user_id": string | null;
          "via": string;
        };
        ComputedFields: never;
        Insert: {
          "action": string;
          "actor": string;
          "after"?: Json | null;
          "agent"?: string | null;
          "auth": string;
          "before"?: Json | null;
          "details"?: Json | null;
          "id"?: string;
          "ip"?: string | null;
          "key_id"?: string | null;
          "occurred_at"?: string;
          "organization_id": string;
          "request_id"?: string | null;
          "target_id"?: string | null;
          "target_type": string;
          "tx"?: unknown;
          "user_id"?: string | null;
          "via": string;
        };
        Update: {
          "action"?: string;
          "actor"?: string;
          "after"?: Json | null;
          "agent"?: string | null;
          "auth"?: string;
          "before"?: Json | null;
          "details"?: Json | null;
          "id"?: string;
          "ip"?: string | null;
          "key_id"?: string | null;
          "occurred_at"?: string;
          "organization_id"?: string;
          "request_id"?: string | null;
          "target_id"?: string | null;
          "target_type"?: string;
          "tx"?: unknown;
          "user_id"?: string | null;
          "via"?: string;
        };
        Relationships: [];
      };
      "audit_events_default": {
        Row: {
          "action": string;
          "actor": string;
          "after": Json | null;
          "agent": string | null;
          "auth": string;
          "before": Json | null;
          "details": Json | null;
          "id": string;
          "ip": string | null;
          "key_id": string | null;
          "occurred_at": string;
          "organization_id": string;
          "request_id": string | null;
          "target_id": string | null;
          "target_type": string;
          "tx": unknown;
          "user_id": string | null;
          "via": string;
        };
        ComputedFields: never;
        Insert: {
          "action": string;
          "actor": string;
          "after"?: Json | null;
          "agent"?: string | null;
          "auth": string;
          "before"?: Json | null;
          "details"?: Json | null;
          "id"?: string;
          "ip"?: string | null;
          "key_id"?: string | null;
          "occurred_at"?: string;
          "organization_id": string;
          "request_id"?: string | null;
          "target_id"?: string | null;
          "target_type": string;
          "tx"?: unknown;
          "user_id"?: string | null;
          "via": string;
        };
        Update: {
          "action"?: string;
          "actor"?: string;
          "after"?: Json | null;
          "agent"?: string | null;
          "auth"?: string;
          "before"?: Json | null;
          "details"?: Json | null;
          "id"?: string;
          "ip"?: string | null;
          "key_id"?: string | null;
          "occurred_at"?: string;
          "organization_id"?: string;
          "request_id"?: string | null;
          "target_id"?: string | null;
          "target_type"?: string;
          "tx"?: unknown;
          "user_id"?: string | null;
          "via"?: string;
        };
        Relationships: [];
      };
      "billing_customers": {
        Row: {
          "balance": number;
          "created_at": string;
          "currency": string | null;
          "deleted": boolean;
          "delinquent": boolean;
          "email": string | null;
          "entitled_plan_id": string | null;
          "has_payment_method": boolean;
          "organization_id": string;
          "stripe_customer_id": string;
          "subscription_status": string | null;
          "sync_ticket": number;
          "synced_at": string | null;
          "tax_exempt": string;
        };
        ComputedFields: never;
        Insert: {
          "balance"?: number;
          "created_at"?: string;
          "currency"?: string | null;
          "deleted"?: boolean;
          "delinquent"?: boolean;
          "email"?: string | null;
          "entitled_plan_id"?: string | null;
          "has_payment_method"?: boolean;
          "organization_id": string;
          "stripe_customer_id": string;
          "subscription_status"?: string | null;
          "sync_ticket"?: number;
          "synced_at"?: string | null;
          "tax_exempt"?: string;
        };
        Update: {
          "balance"?: number;
          "created_at"?: string;
          "currency"?: string | null;
          "deleted"?: boolean;
          "delinquent"?: boolean;
          "email"?: string | null;
          "entitled_plan_id"?: string | null;
          "has_payment_method"?: boolean;
          "organization_id"?: string;
          "stripe_customer_id"?: string;
          "subscription_status"?: string | null;
          "sync_ticket"?: number;
          "synced_at"?: string | null;
          "tax_exempt"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "billing_customers_entitled_plan_id_fkey";
            columns: ["entitled_plan_id"];
            isOneToOne: false;
            referencedRelation: "plans";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "billing_customers_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: true;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "budgets": {
        Row: {
          "amount": number;
          "created_at": string;
          "created_by": string | null;
          "flow_id": string | null;
          "id": string;
          "is_enabled": boolean;
          "meter": string;
          "name": string;
          "on_limit": string;
          "organization_id": string;
          "period": string;
          "updated_at": string;
          "version": number;
        };
        ComputedFields: never;
        Insert: {
          "amount": number;
          "created_at"?: string;
          "created_by"?: string | null;
          "flow_id"?: string | null;
          "id"?: string;
          "is_enabled"?: boolean;
          "meter": string;
          "name": string;
          "on_limit"?: string;
          "organization_id": string;
          "period"?: string;
          "updated_at"?: string;
          "version"?: number;
        };
        Update: {
          "amount"?: number;
          "created_at"?: string;
          "created_by"?: string | null;
          "flow_id"?: string | null;
          "id"?: string;
          "is_enabled"?: boolean;
          "meter"?: string;
          "name"?: string;
          "on_limit"?: string;
          "organization_id"?: string;
          "period"?: string;
          "updated_at"?: string;
          "version"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "budgets_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "budgets_flow_id_fkey";
            columns: ["flow_id"];
            isOneToOne: false;
            referencedRelation: "flows";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "budgets_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "bulk_operations": {
        Row: {
          "action": string;
          "api_key_id": string | null;
          "busy": (string)[];
          "created_at": string;
          "created_by": string;
          "done": number;
          "error": Json | null;
          "errors": NonNullable<Json>;
          "failed": number;
          "filter": NonNullable<Json>;
          "finished_at": string | null;
          "id": string;
          "organization_id": string;
          "position": string;
          "status": string;
          "total": number;
          "worked_at": string | null;
        };
        ComputedFields: never;
        Insert: {
          "action": string;
          "api_key_id"?: string | null;
          "busy"?: (string)[];
          "created_at"?: string;
          "created_by": string;
          "done"?: number;
          "error"?: Json | null;
          "errors"?: NonNullable<Json>;
          "failed"?: number;
          "filter": NonNullable<Json>;
          "finished_at"?: string | null;
          "id"?: string;
          "organization_id": string;
          "position"?: string;
          "status"?: string;
          "total": number;
          "worked_at"?: string | null;
        };
        Update: {
          "action"?: string;
          "api_key_id"?: string | null;
          "busy"?: (string)[];
          "created_at"?: string;
          "created_by"?: string;
          "done"?: number;
          "error"?: Json | null;
          "errors"?: NonNullable<Json>;
          "failed"?: number;
          "filter"?: NonNullable<Json>;
          "finished_at"?: string | null;
          "id"?: string;
          "organization_id"?: string;
          "position"?: string;
          "status"?: string;
          "total"?: number;
          "worked_at"?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "bulk_operations_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "entities": {
        Row: {
          "created_at": string;
          "created_by": string | null;
          "data": NonNullable<Json>;
          "deleted_at": string | null;
          "entered_at": string | null;
          "external_key": string | null;
          "flow_id": string;
          "id": string;
          "move_count": number;
          "name": string;
          "node_id": string | null;
          "organization_id": string;
          "run_id": string | null;
          "type": string;
          "updated_at": string;
          "version": number;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "created_by"?: string | null;
          "data"?: NonNullable<Json>;
          "deleted_at"?: string | null;
          "entered_at"?: string | null;
          "external_key"?: string | null;
          "flow_id": string;
          "id"?: string;
          "move_count"?: number;
          "name": string;
          "node_id"?: string | null;
          "organization_id": string;
          "run_id"?: string | null;
          "type": string;
          "updated_at"?: string;
          "version"?: number;
        };
        Update: {
          "created_at"?: string;
          "created_by"?: string | null;
          "data"?: NonNullable<Json>;
          "deleted_at"?: string | null;
          "entered_at"?: string | null;
          "external_key"?: string | null;
          "flow_id"?: string;
          "id"?: string;
          "move_count"?: number;
          "name"?: string;
          "node_id"?: string | null;
          "organization_id"?: string;
          "run_id"?: string | null;
          "type"?: string;
          "updated_at"?: string;
          "version"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "entities_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "entities_flow_id_fkey";
            columns: ["flow_id"];
            isOneToOne: false;
            referencedRelation: "flows";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "entities_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "entity_moves": {
        Row: {
          "edge_id": string | null;
          "entity_id": string;
          "flow_id": string;
          "from_node": string | null;
          "moved_at": string;
          "moved_by": string | null;
          "number": number;
          "organization_id": string;
          "reason": string;
          "run_id": string | null;
          "seconds": number | null;
          "to_node": string;
        };
        ComputedFields: never;
        Insert: {
          "edge_id"?: string | null;
          "entity_id": string;
          "flow_id": string;
          "from_node"?: string | null;
          "moved_at": string;
          "moved_by"?: string | null;
          "number": number;
          "organization_id": string;
          "reason": string;
          "run_id"?: string | null;
          "seconds"?: number | null;
          "to_node": string;
        };
        Update: {
          "edge_id"?: string | null;
          "entity_id"?: string;
          "flow_id"?: string;
          "from_node"?: string | null;
          "moved_at"?: string;
          "moved_by"?: string | null;
          "number"?: number;
          "organization_id"?: string;
          "reason"?: string;
          "run_id"?: string | null;
          "seconds"?: number | null;
          "to_node"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "entity_moves_entity_id_fkey";
            columns: ["entity_id"];
            isOneToOne: false;
            referencedRelation: "entities";
            referencedColumns: ["id"];
          },
        ];
      };
      "flow_edge_stats": {
        Row: {
          "flow_id": string;
          "from_node": string;
          "last_at": string;
          "moves": number;
          "organization_id": string;
          "to_node": string;
          "total_seconds": number;
        };
        ComputedFields: never;
        Insert: {
          "flow_id": string;
          "from_node": string;
          "last_at": string;
          "moves": number;
          "organization_id": string;
          "to_node": string;
          "total_seconds": number;
        };
        Update: {
          "flow_id"?: string;
          "from_node"?: string;
          "last_at"?: string;
          "moves"?: number;
          "organization_id"?: string;
          "to_node"?: string;
          "total_seconds"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "flow_edge_stats_flow_id_fkey";
            columns: ["flow_id"];
            isOneToOne: false;
            referencedRelation: "flows";
            referencedColumns: ["id"];
          },
        ];
      };
      "flow_version_runs": {
        Row: {
          "first_run_at": string;
          "flow_id": string;
          "flow_version_id": string;
          "last_run_at": string;
          "organization_id": string;
          "runs": number;
        };
        ComputedFields: never;
        Insert: {
          "first_run_at": string;
          "flow_id": string;
          "flow_version_id": string;
          "last_run_at": string;
          "organization_id": string;
          "runs": number;
        };
        Update: {
          "first_run_at"?: string;
          "flow_id"?: string;
          "flow_version_id"?: string;
          "last_run_at"?: string;
          "organization_id"?: string;
          "runs"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "flow_version_runs_flow_version_id_fkey";
            columns: ["flow_version_id"];
            isOneToOne: true;
            referencedRelation: "flow_versions";
            referencedColumns: ["id"];
          },
        ];
      };
      "flow_versions": {
        Row: {
          "compensate_on_cancel": boolean;
          "content_hash": string;
          "created_at": string;
          "created_by": string | null;
          "edge_lengths": NonNullable<Json>;
          "error_flow_id": string | null;
          "flow_id": string;
          "graph": NonNullable<Json>;
          "id": string;
          "number": number;
          "organization_id": string;
          "plan_hash": string;
          "run_limits": Json | null;
          "timeout_seconds": number;
          "undo_nodes": (string)[] | null;
        };
        ComputedFields: never;
        Insert: {
          "compensate_on_cancel"?: boolean;
          "content_hash": string;
          "created_at"?: string;
          "created_by"?: string | null;
          "edge_lengths"?: NonNullable<Json>;
          "error_flow_id"?: string | null;
          "flow_id": string;
          "graph": NonNullable<Json>;
          "id"?: string;
          "number": number;
          "organization_id": string;
          "plan_hash": string;
          "run_limits"?: Json | null;
          "timeout_seconds": number;
          "undo_nodes"?: (string)[] | null;
        };
        Update: {
          "compensate_on_cancel"?: boolean;
          "content_hash"?: string;
          "created_at"?: string;
          "created_by"?: string | null;
          "edge_lengths"?: NonNullable<Json>;
          "error_flow_id"?: string | null;
          "flow_id"?: string;
          "graph"?: NonNullable<Json>;
          "id"?: string;
          "number"?: number;
          "organization_id"?: string;
          "plan_hash"?: string;
          "run_limits"?: Json | null;
          "timeout_seconds"?: number;
          "undo_nodes"?: (string)[] | null;
        };
        Relationships: [
          {
            foreignKeyName: "flow_versions_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "flow_versions_flow_id_fkey";
            columns: ["flow_id"];
            isOneToOne: false;
            referencedRelation: "flows";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "flow_versions_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "flows": {
        Row: {
          "created_at": string;
          "created_by": string | null;
          "current_version_id": string | null;
          "deleted_at": string | null;
          "description": string;
          "id": string;
          "is_active": boolean;
          "name": string;
          "organization_id": string;
          "updated_at": string;
          "version": number;
          "workspace_id": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "created_by"?: string | null;
          "current_version_id"?: string | null;
          "deleted_at"?: string | null;
          "description"?: string;
          "id"?: string;
          "is_active"?: boolean;
          "name": string;
          "organization_id": string;
          "updated_at"?: string;
          "version"?: number;
          "workspace_id": string;
        };
        Update: {
          "created_at"?: string;
          "created_by"?: string | null;
          "current_version_id"?: string | null;
          "deleted_at"?: string | null;
          "description"?: string;
          "id"?: string;
          "is_active"?: boolean;
          "name"?: string;
          "organization_id"?: string;
          "updated_at"?: string;
          "version"?: number;
          "workspace_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "flows_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "flows_current_version_id_fkey";
            columns: ["current_version_id"];
            isOneToOne: false;
            referencedRelation: "flow_versions";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "flows_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "flows_organization_id_workspace_id_fkey";
            columns: ["organization_id", "workspace_id"];
            isOneToOne: false;
            referencedRelation: "workspaces";
            referencedColumns: ["organization_id", "id"];
          },
        ];
      };
      "invitations": {
        Row: {
          "accepted_by": string | null;
          "created_at": string;
          "created_by": string | null;
          "email": string;
          "ended_at": string | null;
          "expires_at": string;
          "id": string;
          "mailed_at": string | null;
          "mails": number;
          "organization_id": string;
          "role": string;
          "status": string;
          "updated_at": string;
          "version": number;
        };
        ComputedFields: never;
        Insert: {
          "accepted_by"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "email": string;
          "ended_at"?: string | null;
          "expires_at": string;
          "id"?: string;
          "mailed_at"?: string | null;
          "mails"?: number;
          "organization_id": string;
          "role": string;
          "status"?: string;
          "updated_at"?: string;
          "version"?: number;
        };
        Update: {
          "accepted_by"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "email"?: string;
          "ended_at"?: string | null;
          "expires_at"?: string;
          "id"?: string;
          "mailed_at"?: string | null;
          "mails"?: number;
          "organization_id"?: string;
          "role"?: string;
          "status"?: string;
          "updated_at"?: string;
          "version"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "invitations_accepted_by_fkey";
            columns: ["accepted_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "invitations_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "invitations_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "invoices": {
        Row: {
          "amount_due": number;
          "amount_paid": number;
          "amount_refunded": number;
          "attempt_count": number;
          "billing_reason": string | null;
          "collection_method": string;
          "created_at": string;
          "currency": string;
          "dispute_due_at": string | null;
          "dispute_status": string | null;
          "due_at": string | null;
          "failure_reason": string | null;
          "finalized_at": string | null;
          "hosted_invoice_url": string | null;
          "invoice_pdf": string | null;
          "lines": NonNullable<Json>;
          "next_payment_attempt": string | null;
          "number": string | null;
          "organization_id": string;
          "paid_at": string | null;
          "payment_method": string | null;
          "period_end": string | null;
          "period_start": string | null;
          "status": string;
          "stripe_customer_id": string;
          "stripe_invoice_id": string;
          "stripe_subscription_id": string | null;
          "subtotal": number;
          "sync_ticket": number;
          "synced_at": string;
          "tax": number;
          "total": number;
        };
        ComputedFields: never;
        Insert: {
          "amount_due": number;
          "amount_paid": number;
          "amount_refunded"?: number;
          "attempt_count"?: number;
          "billing_reason"?: string | null;
          "collection_method": string;
          "created_at": string;
          "currency": string;
          "dispute_due_at"?: string | null;
          "dispute_status"?: string | null;
          "due_at"?: string | null;
          "failure_reason"?: string | null;
          "finalized_at"?: string | null;
          "hosted_invoice_url"?: string | null;
          "invoice_pdf"?: string | null;
          "lines"?: NonNullable<Json>;
          "next_payment_attempt"?: string | null;
          "number"?: string | null;
          "organization_id": string;
          "paid_at"?: string | null;
          "payment_method"?: string | null;
          "period_end"?: string | null;
          "period_start"?: string | null;
          "status": string;
          "stripe_customer_id": string;
          "stripe_invoice_id": string;
          "stripe_subscription_id"?: string | null;
          "subtotal": number;
          "sync_ticket"?: number;
          "synced_at"?: string;
          "tax"?: number;
          "total": number;
        };
        Update: {
          "amount_due"?: number;
          "amount_paid"?: number;
          "amount_refunded"?: number;
          "attempt_count"?: number;
          "billing_reason"?: string | null;
          "collection_method"?: string;
          "created_at"?: string;
          "currency"?: string;
          "dispute_due_at"?: string | null;
          "dispute_status"?: string | null;
          "due_at"?: string | null;
          "failure_reason"?: string | null;
          "finalized_at"?: string | null;
          "hosted_invoice_url"?: string | null;
          "invoice_pdf"?: string | null;
          "lines"?: NonNullable<Json>;
          "next_payment_attempt"?: string | null;
          "number"?: string | null;
          "organization_id"?: string;
          "paid_at"?: string | null;
          "payment_method"?: string | null;
          "period_end"?: string | null;
          "period_start"?: string | null;
          "status"?: string;
          "stripe_customer_id"?: string;
          "stripe_invoice_id"?: string;
          "stripe_subscription_id"?: string | null;
          "subtotal"?: number;
          "sync_ticket"?: number;
          "synced_at"?: string;
          "tax"?: number;
          "total"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "invoices_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "job_history": {
        Row: {
          "attempts": number;
          "completed_at": string;
          "concurrency_key": string | null;
          "created_at": string;
          "error": Json | null;
          "id": string;
          "max_attempts": number;
          "organization_id": string;
          "payload": Json | null;
          "priority": number;
          "replay_of": string | null;
          "replayed_as": string | null;
          "result": Json | null;
          "scheduled_for": string;
          "started_at": string | null;
          "status": string;
          "type": string;
          "unique_key": string | null;
        };
        ComputedFields: never;
        Insert: {
          "attempts": number;
          "completed_at": string;
          "concurrency_key"?: string | null;
          "created_at": string;
          "error"?: Json | null;
          "id": string;
          "max_attempts": number;
          "organization_id": string;
          "payload"?: Json | null;
          "priority": number;
          "replay_of"?: string | null;
          "replayed_as"?: string | null;
          "result"?: Json | null;
          "scheduled_for": string;
          "started_at"?: string | null;
          "status": string;
          "type": string;
          "unique_key"?: string | null;
        };
        Update: {
          "attempts"?: number;
          "completed_at"?: string;
          "concurrency_key"?: string | null;
          "created_at"?: string;
          "error"?: Json | null;
          "id"?: string;
          "max_attempts"?: number;
          "organization_id"?: string;
          "payload"?: Json | null;
          "priority"?: number;
          "replay_of"?: string | null;
          "replayed_as"?: string | null;
          "result"?: Json | null;
          "scheduled_for"?: string;
          "started_at"?: string | null;
          "status"?: string;
          "type"?: string;
          "unique_key"?: string | null;
        };
        Relationships: [];
      };
      "job_history_default": {
        Row: {
          "attempts": number;
          "completed_at": string;
          "concurrency_key": string | null;
          "created_at": string;
          "error": Json | null;
          "id": string;
          "max_attempts": number;
          "organization_id": string;
          "payload": Json | null;
          "priority": number;
          "replay_of": string | null;
          "replayed_as": string | null;
          "result": Json | null;
          "scheduled_for": string;
          "started_at": string | null;
          "status": string;
          "type": string;
          "unique_key": string | null;
        };
        ComputedFields: never;
        Insert: {
          "attempts": number;
          "completed_at": string;
          "concurrency_key"?: string | null;
          "created_at": string;
          "error"?: Json | null;
          "id": string;
          "max_attempts": number;
          "organization_id": string;
          "payload"?: Json | null;
          "priority": number;
          "replay_of"?: string | null;
          "replayed_as"?: string | null;
          "result"?: Json | null;
          "scheduled_for": string;
          "started_at"?: string | null;
          "status": string;
          "type": string;
          "unique_key"?: string | null;
        };
        Update: {
          "attempts"?: number;
          "completed_at"?: string;
          "concurrency_key"?: string | null;
          "created_at"?: string;
          "error"?: Json | null;
          "id"?: string;
          "max_attempts"?: number;
          "organization_id"?: string;
          "payload"?: Json | null;
          "priority"?: number;
          "replay_of"?: string | null;
          "replayed_as"?: string | null;
          "result"?: Json | null;
          "scheduled_for"?: string;
          "started_at"?: string | null;
          "status"?: string;
          "type"?: string;
          "unique_key"?: string | null;
        };
        Relationships: [];
      };
      "job_queue": {
        Row: {
          "attempts": number;
          "concurrency_key": string | null;
          "concurrency_limit": number | null;
          "created_at": string;
          "deadline_at": string | null;
          "epoch": number;
          "error_message": string | null;
          "expires_at": string | null;
          "id": string;
          "max_attempts": number;
          "node_id": string | null;
          "organization_id": string;
          "pausing": boolean;
          "payload": Json | null;
          "priority": number;
          "reads": (string)[] | null;
          "resume": boolean;
          "run_id": string | null;
          "scheduled_for": string;
          "scope": string;
          "started_at": string | null;
          "status": string;
          "type": string;
          "unique_key": string | null;
          "worker_id": string | null;
        };
        ComputedFields: never;
        Insert: {
          "attempts"?: number;
          "concurrency_key"?: string | null;
          "concurrency_limit"?: number | null;
          "created_at"?: string;
          "deadline_at"?: string | null;
          "epoch"?: number;
          "error_message"?: string | null;
          "expires_at"?: string | null;
          "id"?: string;
          "max_attempts"?: number;
          "node_id"?: string | null;
          "organization_id": string;
          "pausing"?: boolean;
          "payload"?: Json | null;
          "priority"?: number;
          "reads"?: (string)[] | null;
          "resume"?: boolean;
          "run_id"?: string | null;
          "scheduled_for"?: string;
          "scope"?: string;
          "started_at"?: string | null;
          "status"?: string;
          "type"?: string;
          "unique_key"?: string | null;
          "worker_id"?: string | null;
        };
        Update: {
          "attempts"?: number;
          "concurrency_key"?: string | null;
          "concurrency_limit"?: number | null;
          "created_at"?: string;
          "deadline_at"?: string | null;
          "epoch"?: number;
          "error_message"?: string | null;
          "expires_at"?: string | null;
          "id"?: string;
          "max_attempts"?: number;
          "node_id"?: string | null;
          "organization_id"?: string;
          "pausing"?: boolean;
          "payload"?: Json | null;
          "priority"?: number;
          "reads"?: (string)[] | null;
          "resume"?: boolean;
          "run_id"?: string | null;
          "scheduled_for"?: string;
          "scope"?: string;
          "started_at"?: string | null;
          "status"?: string;
          "type"?: string;
          "unique_key"?: string | null;
          "worker_id"?: string | null;
        };
        Relationships: [];
      };
      "mail_events": {
        Row: {
          "detail": Json | null;
          "error": string | null;
          "id": string;
          "mail_id": string | null;
          "occurred_at": string;
          "organization_id": string | null;
          "provider": string;
          "provider_event_id": string;
          "provider_message_id": string;
          "received_at": string;
          "status": string;
          "tagged_mail_id": string | null;
          "type": string;
        };
        ComputedFields: never;
        Insert: {
          "detail"?: Json | null;
          "error"?: string | null;
          "id"?: string;
          "mail_id"?: string | null;
          "occurred_at": string;
          "organization_id"?: string | null;
          "provider": string;
          "provider_event_id": string;
          "provider_message_id": string;
          "received_at"?: string;
          "status"?: string;
          "tagged_mail_id"?: string | null;
          "type": string;
        };
        Update: {
          "detail"?: Json | null;
          "error"?: string | null;
          "id"?: string;
          "mail_id"?: string | null;
          "occurred_at"?: string;
          "organization_id"?: string | null;
          "provider"?: string;
          "provider_event_id"?: string;
          "provider_message_id"?: string;
          "received_at"?: string;
          "status"?: string;
          "tagged_mail_id"?: string | null;
          "type"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "mail_events_mail_id_fkey";
            columns: ["mail_id"];
            isOneToOne: false;
            referencedRelation: "mails";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "mail_events_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "mail_suppressions": {
        Row: {
          "address": string;
          "created_at": string;
          "created_by": string | null;
          "id": string;
          "mail_id": string | null;
          "note": string | null;
          "organization_id": string | null;
          "reason": string;
          "scope": string;
          "tenant_id": string;
        };
        ComputedFields: never;
        Insert: {
          "address": string;
          "created_at"?: string;
          "created_by"?: string | null;
          "id"?: string;
          "mail_id"?: string | null;
          "note"?: string | null;
          "organization_id"?: string | null;
          "reason": string;
          "scope": string;
          "tenant_id": string;
        };
        Update: {
          "address"?: string;
          "created_at"?: string;
          "created_by"?: string | null;
          "id"?: string;
          "mail_id"?: string | null;
          "note"?: string | null;
          "organization_id"?: string | null;
          "reason"?: string;
          "scope"?: string;
          "tenant_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "mail_suppressions_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "mail_suppressions_mail_id_fkey";
            columns: ["mail_id"];
            isOneToOne: false;
            referencedRelation: "mails";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "mail_suppressions_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "mails": {
        Row: {
          "attempts": number;
          "batch_id": string | null;
          "category": string;
          "clicked_at": string | null;
          "clicks": number;
          "created_at": string;
          "delivered_at": string | null;
          "ended_at": string | null;
          "error": Json | null;
          "expires_at": string;
          "id": string;
          "is_unsure": boolean;
          "key": string;
          "leased_until": string | null;
          "opened_at": string | null;
          "opens": number;
          "organization_id": string | null;
          "priority": number;
          "provider": string | null;
          "provider_message_id": string | null;
          "resent_from": string | null;
          "scheduled_for": string;
          "sent_at": string | null;
          "status": string;
          "subject": string | null;
          "template": string;
          "tenant_id": string;
          "to_address": string;
        };
        ComputedFields: never;
        Insert: {
          "attempts"?: number;
          "batch_id"?: string | null;
          "category": string;
          "clicked_at"?: string | null;
          "clicks"?: number;
          "created_at"?: string;
          "delivered_at"?: string | null;
          "ended_at"?: string | null;
          "error"?: Json | null;
          "expires_at": string;
          "id"?: string;
          "is_unsure"?: boolean;
          "key": string;
          "leased_until"?: string | null;
          "opened_at"?: string | null;
          "opens"?: number;
          "organization_id"?: string | null;
          "priority": number;
          "provider"?: string | null;
          "provider_message_id"?: string | null;
          "resent_from"?: string | null;
          "scheduled_for": string;
          "sent_at"?: string | null;
          "status"?: string;
          "subject"?: string | null;
          "template": string;
          "tenant_id": string;
          "to_address": string;
        };
        Update: {
          "attempts"?: number;
          "batch_id"?: string | null;
          "category"?: string;
          "clicked_at"?: string | null;
          "clicks"?: number;
          "created_at"?: string;
          "delivered_at"?: string | null;
          "ended_at"?: string | null;
          "error"?: Json | null;
          "expires_at"?: string;
          "id"?: string;
          "is_unsure"?: boolean;
          "key"?: string;
          "leased_until"?: string | null;
          "opened_at"?: string | null;
          "opens"?: number;
          "organization_id"?: string | null;
          "priority"?: number;
          "provider"?: string | null;
          "provider_message_id"?: string | null;
          "resent_from"?: string | null;
          "scheduled_for"?: string;
          "sent_at"?: string | null;
          "status"?: string;
          "subject"?: string | null;
          "template"?: string;
          "tenant_id"?: string;
          "to_address"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "mails_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "mails_resent_from_fkey";
            columns: ["resent_from"];
            isOneToOne: false;
            referencedRelation: "mails";
            referencedColumns: ["id"];
          },
        ];
      };
      "organization_members": {
        Row: {
          "created_at": string;
          "organization_id": string;
          "role": string;
          "updated_at": string;
          "user_id": string;
          "version": number;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "organization_id": string;
          "role"?: string;
          "updated_at"?: string;
          "user_id": string;
          "version"?: number;
        };
        Update: {
          "created_at"?: string;
          "organization_id"?: string;
          "role"?: string;
          "updated_at"?: string;
          "user_id"?: string;
          "version"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "organization_members_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "organization_members_user_id_fkey";
            columns: ["user_id"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
        ];
      };
      "organizations": {
        Row: {
          "created_at": string;
          "created_by": string | null;
          "deletes_at": string | null;
          "deletion_requested_by": string | null;
          "id": string;
          "name": string;
          "plan_id": string;
          "require_mfa": string;
          "slug": string;
          "suspended_at": string | null;
          "suspended_reason": string | null;
          "updated_at": string;
          "version": number;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "created_by"?: string | null;
          "deletes_at"?: string | null;
          "deletion_requested_by"?: string | null;
          "id"?: string;
          "name": string;
          "plan_id"?: string;
          "require_mfa"?: string;
          "slug": string;
          "suspended_at"?: string | null;
          "suspended_reason"?: string | null;
          "updated_at"?: string;
          "version"?: number;
        };
        Update: {
          "created_at"?: string;
          "created_by"?: string | null;
          "deletes_at"?: string | null;
          "deletion_requested_by"?: string | null;
          "id"?: string;
          "name"?: string;
          "plan_id"?: string;
          "require_mfa"?: string;
          "slug"?: string;
          "suspended_at"?: string | null;
          "suspended_reason"?: string | null;
          "updated_at"?: string;
          "version"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "organizations_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "organizations_deletion_requested_by_fkey";
            columns: ["deletion_requested_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "organizations_plan_id_fkey";
            columns: ["plan_id"];
            isOneToOne: false;
            referencedRelation: "plans";
            referencedColumns: ["id"];
          },
        ];
      };
      "plan_prices": {
        Row: {
          "billing_interval": string | null;
          "currency": string;
          "is_active": boolean;
          "kind": string;
          "lookup_key": string | null;
          "plan_id": string | null;
          "stripe_price_id": string;
          "sync_ticket": number;
          "synced_at": string;
          "unit_amount": number | null;
        };
        ComputedFields: never;
        Insert: {
          "billing_interval"?: string | null;
          "currency": string;
          "is_active": boolean;
          "kind": string;
          "lookup_key"?: string | null;
          "plan_id"?: string | null;
          "stripe_price_id": string;
          "sync_ticket"?: number;
          "synced_at"?: string;
          "unit_amount"?: number | null;
        };
        Update: {
          "billing_interval"?: string | null;
          "currency"?: string;
          "is_active"?: boolean;
          "kind"?: string;
          "lookup_key"?: string | null;
          "plan_id"?: string | null;
          "stripe_price_id"?: string;
          "sync_ticket"?: number;
          "synced_at"?: string;
          "unit_amount"?: number | null;
        };
        Relationships: [
          {
            foreignKeyName: "plan_prices_plan_id_fkey";
            columns: ["plan_id"];
            isOneToOne: false;
            referencedRelation: "plans";
            referencedColumns: ["id"];
          },
        ];
      };
      "plans": {
        Row: {
          "archives_runs": boolean;
          "hook_requests_per_minute": number;
          "id": string;
          "included_seats": number;
          "max_api_keys": number;
          "max_concurrent_jobs": number | null;
          "max_concurrent_runs": number | null;
          "max_flows": number;
          "max_members": number;
          "max_run_seconds": number;
          "max_runs_per_month": number | null;
          "max_schedules": number;
          "max_secrets": number;
          "max_webhook_endpoints": number;
          "max_webhook_subscriptions": number;
          "max_workspaces": number;
          "name": string;
          "organization_request_burst": number;
          "organization_requests_per_minute": number;
          "queue_weight": number;
          "request_burst": number;
          "requests_per_minute": number;
          "retention_days": NonNullable<Json>;
        };
        ComputedFields: never;
        Insert: {
          "archives_runs"?: boolean;
          "hook_requests_per_minute": number;
          "id": string;
          "included_seats"?: number;
          "max_api_keys"?: number;
          "max_concurrent_jobs"?: number | null;
          "max_concurrent_runs"?: number | null;
          "max_flows": number;
          "max_members"?: number;
          "max_run_seconds": number;
          "max_runs_per_month"?: number | null;
          "max_schedules"?: number;
          "max_secrets"?: number;
          "max_webhook_endpoints": number;
          "max_webhook_subscriptions"?: number;
          "max_workspaces"?: number;
          "name": string;
          "organization_request_burst"?: number;
          "organization_requests_per_minute"?: number;
          "queue_weight"?: number;
          "request_burst": number;
          "requests_per_minute": number;
          "retention_days"?: NonNullable<Json>;
        };
        Update: {
          "archives_runs"?: boolean;
          "hook_requests_per_minute"?: number;
          "id"?: string;
          "included_seats"?: number;
          "max_api_keys"?: number;
          "max_concurrent_jobs"?: number | null;
          "max_concurrent_runs"?: number | null;
          "max_flows"?: number;
          "max_members"?: number;
          "max_run_seconds"?: number;
          "max_runs_per_month"?: number | null;
          "max_schedules"?: number;
          "max_secrets"?: number;
          "max_webhook_endpoints"?: number;
          "max_webhook_subscriptions"?: number;
          "max_workspaces"?: number;
          "name"?: string;
          "organization_request_burst"?: number;
          "organization_requests_per_minute"?: number;
          "queue_weight"?: number;
          "request_burst"?: number;
          "requests_per_minute"?: number;
          "retention_days"?: NonNullable<Json>;
        };
        Relationships: [];
      };
      "profiles": {
        Row: {
          "created_at": string;
          "display_name": string | null;
          "email": string | null;
          "id": string;
          "updated_at": string;
          "version": number;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "display_name"?: string | null;
          "email"?: string | null;
          "id": string;
          "updated_at"?: string;
          "version"?: number;
        };
        Update: {
          "created_at"?: string;
          "display_name"?: string | null;
          "email"?: string | null;
          "id"?: string;
          "updated_at"?: string;
          "version"?: number;
        };
        Relationships: [];
      };
      "run_archives": {
        Row: {
          "bytes": number;
          "created_at": string;
          "first_run_id": string;
          "id": string;
          "last_run_id": string;
          "lines": number;
          "member_offsets": (number)[];
          "member_run_ids": (string)[];
          "organization_id": string;
          "part": number;
          "path": string;
          "raw_bytes": number;
          "runs": number;
          "sha256": string;
          "week": string;
        };
        ComputedFields: never;
        Insert: {
          "bytes": number;
          "created_at"?: string;
          "first_run_id": string;
          "id"?: string;
          "last_run_id": string;
          "lines": number;
          "member_offsets": (number)[];
          "member_run_ids": (string)[];
          "organization_id": string;
          "part": number;
          "path": string;
          "raw_bytes": number;
          "runs": number;
          "sha256": string;
          "week": string;
        };
        Update: {
          "bytes"?: number;
          "created_at"?: string;
          "first_run_id"?: string;
          "id"?: string;
          "last_run_id"?: string;
          "lines"?: number;
          "member_offsets"?: (number)[];
          "member_run_ids"?: (string)[];
          "organization_id"?: string;
          "part"?: number;
          "path"?: string;
          "raw_bytes"?: number;
          "runs"?: number;
          "sha256"?: string;
          "week"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "run_archives_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "run_stats_daily": {
        Row: {
          "cancelled": number;
          "compensated": number;
          "compensating": number;
          "compensation_failed": number;
          "completed": number;
          "day": string;
          "duration_ms": number;
          "durations": (number)[];
          "failed": number;
          "flow_id": string;
          "organization_id": string;
          "paused": number;
          "queued": number;
          "running": number;
          "timed": number;
        };
        ComputedFields: never;
        Insert: {
          "cancelled"?: number;
          "compensated"?: number;
          "compensating"?: number;
          "compensation_failed"?: number;
          "completed"?: number;
          "day": string;
          "duration_ms"?: number;
          "durations"?: (number)[];
          "failed"?: number;
          "flow_id": string;
          "organization_id": string;
          "paused"?: number;
          "queued"?: number;
          "running"?: number;
          "timed"?: number;
        };
        Update: {
          "cancelled"?: number;
          "compensated"?: number;
          "compensating"?: number;
          "compensation_failed"?: number;
          "completed"?: number;
          "day"?: string;
          "duration_ms"?: number;
          "durations"?: (number)[];
          "failed"?: number;
          "flow_id"?: string;
          "organization_id"?: string;
          "paused"?: number;
          "queued"?: number;
          "running"?: number;
          "timed"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "run_stats_daily_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "run_steps": {
        Row: {
          "attempt": number;
          "error": Json | null;
          "exit": number | null;
          "finished_at": string;
          "handles": (string)[] | null;
          "leaf": boolean;
          "node_id": string;
          "organization_id": string;
          "output": Json | null;
          "run_id": string;
          "scope": string;
          "started_at": string;
          "status": string;
        };
        ComputedFields: never;
        Insert: {
          "attempt"?: number;
          "error"?: Json | null;
          "exit"?: number | null;
          "finished_at": string;
          "handles"?: (string)[] | null;
          "leaf"?: boolean;
          "node_id": string;
          "organization_id": string;
          "output"?: Json | null;
          "run_id": string;
          "scope"?: string;
          "started_at": string;
          "status": string;
        };
        Update: {
          "attempt"?: number;
          "error"?: Json | null;
          "exit"?: number | null;
          "finished_at"?: string;
          "handles"?: (string)[] | null;
          "leaf"?: boolean;
          "node_id"?: string;
          "organization_id"?: string;
          "output"?: Json | null;
          "run_id"?: string;
          "scope"?: string;
          "started_at"?: string;
          "status"?: string;
        };
        Relationships: [];
      };
      "run_steps_default": {
        Row: {
          "attempt": number;
          "error": Json | null;
          "exit": number | null;
          "finished_at": string;
          "handles": (string)[] | null;
          "leaf": boolean;
          "node_id": string;
          "organization_id": string;
          "output": Json | null;
          "run_id": string;
          "scope": string;
          "started_at": string;
          "status": string;
        };
        ComputedFields: never;
        Insert: {
          "attempt"?: number;
          "error"?: Json | null;
          "exit"?: number | null;
          "finished_at": string;
          "handles"?: (string)[] | null;
          "leaf"?: boolean;
          "node_id": string;
          "organization_id": string;
          "output"?: Json | null;
          "run_id": string;
          "scope"?: string;
          "started_at": string;
          "status": string;
        };
        Update: {
          "attempt"?: number;
          "error"?: Json | null;
          "exit"?: number | null;
          "finished_at"?: string;
          "handles"?: (string)[] | null;
          "leaf"?: boolean;
          "node_id"?: string;
          "organization_id"?: string;
          "output"?: Json | null;
          "run_id"?: string;
          "scope"?: string;
          "started_at"?: string;
          "status"?: string;
        };
        Relationships: [];
      };
      "runs": {
        Row: {
          "concurrency_key": string | null;
          "created_at": string;
          "created_by": string | null;
          "deadline_at": string;
          "depth": number;
          "entity_id": string | null;
          "error": Json | null;
          "finished_at": string | null;
          "flow_id": string;
          "flow_version_id": string;
          "id": string;
          "input": NonNullable<Json>;
          "organization_id": string;
          "output": Json | null;
          "parent_run_id": string | null;
          "pins": Json | null;
          "retry_of": string | null;
          "schedule_id": string | null;
          "started_at": string | null;
          "status": string;
          "traceparent": string | null;
          "trigger": string;
          "trigger_node": string | null;
          "webhook_event_id": string | null;
        };
        ComputedFields: never;
        Insert: {
          "concurrency_key"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "deadline_at": string;
          "depth"?: number;
          "entity_id"?: string | null;
          "error"?: Json | null;
          "finished_at"?: string | null;
          "flow_id": string;
          "flow_version_id": string;
          "id"?: string;
          "input": NonNullable<Json>;
          "organization_id": string;
          "output"?: Json | null;
          "parent_run_id"?: string | null;
          "pins"?: Json | null;
          "retry_of"?: string | null;
          "schedule_id"?: string | null;
          "started_at"?: string | null;
          "status"?: string;
          "traceparent"?: string | null;
          "trigger": string;
          "trigger_node"?: string | null;
          "webhook_event_id"?: string | null;
        };
        Update: {
          "concurrency_key"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "deadline_at"?: string;
          "depth"?: number;
          "entity_id"?: string | null;
          "error"?: Json | null;
          "finished_at"?: string | null;
          "flow_id"?: string;
          "flow_version_id"?: string;
          "id"?: string;
          "input"?: NonNullable<Json>;
          "organization_id"?: string;
          "output"?: Json | null;
          "parent_run_id"?: string | null;
          "pins"?: Json | null;
          "retry_of"?: string | null;
          "schedule_id"?: string | null;
          "started_at"?: string | null;
          "status"?: string;
          "traceparent"?: string | null;
          "trigger"?: string;
          "trigger_node"?: string | null;
          "webhook_event_id"?: string | null;
        };
        Relationships: [];
      };
      "runs_default": {
        Row: {
          "concurrency_key": string | null;
          "created_at": string;
          "created_by": string | null;
          "deadline_at": string;
          "depth": number;
          "entity_id": string | null;
          "error": Json | null;
          "finished_at": string | null;
          "flow_id": string;
          "flow_version_id": string;
          "id": string;
          "input": NonNullable<Json>;
          "organization_id": string;
          "output": Json | null;
          "parent_run_id": string | null;
          "pins": Json | null;
          "retry_of": string | null;
          "schedule_id": string | null;
          "started_at": string | null;
          "status": string;
          "traceparent": string | null;
          "trigger": string;
          "trigger_node": string | null;
          "webhook_event_id": string | null;
        };
        ComputedFields: never;
        Insert: {
          "concurrency_key"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "deadline_at": string;
          "depth"?: number;
          "entity_id"?: string | null;
          "error"?: Json | null;
          "finished_at"?: string | null;
          "flow_id": string;
          "flow_version_id": string;
          "id"?: string;
          "input": NonNullable<Json>;
          "organization_id": string;
          "output"?: Json | null;
          "parent_run_id"?: string | null;
          "pins"?: Json | null;
          "retry_of"?: string | null;
          "schedule_id"?: string | null;
          "started_at"?: string | null;
          "status"?: string;
          "traceparent"?: string | null;
          "trigger": string;
          "trigger_node"?: string | null;
          "webhook_event_id"?: string | null;
        };
        Update: {
          "concurrency_key"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "deadline_at"?: string;
          "depth"?: number;
          "entity_id"?: string | null;
          "error"?: Json | null;
          "finished_at"?: string | null;
          "flow_id"?: string;
          "flow_version_id"?: string;
          "id"?: string;
          "input"?: NonNullable<Json>;
          "organization_id"?: string;
          "output"?: Json | null;
          "parent_run_id"?: string | null;
          "pins"?: Json | null;
          "retry_of"?: string | null;
          "schedule_id"?: string | null;
          "started_at"?: string | null;
          "status"?: string;
          "traceparent"?: string | null;
          "trigger"?: string;
          "trigger_node"?: string | null;
          "webhook_event_id"?: string | null;
        };
        Relationships: [];
      };
      "schedule_firings": {
        Row: {
          "fired_at": string;
          "is_manual": boolean;
          "organization_id": string;
          "outcome": string;
          "reason": string | null;
          "run_id": string | null;
          "schedule_id": string;
          "scheduled_for": string;
          "triggered_by": string | null;
        };
        ComputedFields: never;
        Insert: {
          "fired_at"?: string;
          "is_manual"?: boolean;
          "organization_id": string;
          "outcome": string;
          "reason"?: string | null;
          "run_id"?: string | null;
          "schedule_id": string;
          "scheduled_for": string;
          "triggered_by"?: string | null;
        };
        Update: {
          "fired_at"?: string;
          "is_manual"?: boolean;
          "organization_id"?: string;
          "outcome"?: string;
          "reason"?: string | null;
          "run_id"?: string | null;
          "schedule_id"?: string;
          "scheduled_for"?: string;
          "triggered_by"?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "schedule_firings_schedule_id_fkey";
            columns: ["schedule_id"];
            isOneToOne: false;
            referencedRelation: "schedules";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "schedule_firings_triggered_by_fkey";
            columns: ["triggered_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
        ];
      };
      "schedules": {
        Row: {
          "created_at": string;
          "created_by": string | null;
          "cron": string;
          "decided_until": string;
          "ends_at": string | null;
          "fire_at": string | null;
          "flow_id": string;
          "id": string;
          "input": NonNullable<Json>;
          "is_active": boolean;
          "jitter_seconds": number;
          "last_fired_at": string | null;
          "last_run_id": string | null;
          "missed_limit": number;
          "missed_policy": string;
          "name": string;
          "next_at": string | null;
          "open_runs": (string)[];
          "organization_id": string;
          "overlap_policy": string;
          "queued_count": number;
          "refill_at": string | null;
          "refilled_at": string;
          "starts_at": string | null;
          "timezone": string;
          "trigger_node": string | null;
          "upcoming": (string)[];
          "updated_at": string;
          "version": number;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "created_by"?: string | null;
          "cron": string;
          "decided_until"?: string;
          "ends_at"?: string | null;
          "fire_at"?: string | null;
          "flow_id": string;
          "id"?: string;
          "input"?: NonNullable<Json>;
          "is_active"?: boolean;
          "jitter_seconds"?: number;
          "last_fired_at"?: string | null;
          "last_run_id"?: string | null;
          "missed_limit"?: number;
          "missed_policy"?: string;
          "name": string;
          "next_at"?: string | null;
          "open_runs"?: (string)[];
          "organization_id": string;
          "overlap_policy"?: string;
          "queued_count"?: number;
          "refill_at"?: string | null;
          "refilled_at"?: string;
          "starts_at"?: string | null;
          "timezone"?: string;
          "trigger_node"?: string | null;
          "upcoming"?: (string)[];
          "updated_at"?: string;
          "version"?: number;
        };
        Update: {
          "created_at"?: string;
          "created_by"?: string | null;
          "cron"?: string;
          "decided_until"?: string;
          "ends_at"?: string | null;
          "fire_at"?: string | null;
          "flow_id"?: string;
          "id"?: string;
          "input"?: NonNullable<Json>;
          "is_active"?: boolean;
          "jitter_seconds"?: number;
          "last_fired_at"?: string | null;
          "last_run_id"?: string | null;
          "missed_limit"?: number;
          "missed_policy"?: string;
          "name"?: string;
          "next_at"?: string | null;
          "open_runs"?: (string)[];
          "organization_id"?: string;
          "overlap_policy"?: string;
          "queued_count"?: number;
          "refill_at"?: string | null;
          "refilled_at"?: string;
          "starts_at"?: string | null;
          "timezone"?: string;
          "trigger_node"?: string | null;
          "upcoming"?: (string)[];
          "updated_at"?: string;
          "version"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "schedules_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "schedules_flow_id_fkey";
            columns: ["flow_id"];
            isOneToOne: false;
            referencedRelation: "flows";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "schedules_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "secrets": {
        Row: {
          "created_at": string;
          "created_by": string | null;
          "current_version": number;
          "description": string;
          "expires_at": string | null;
          "id": string;
          "last_used_at": string | null;
          "name": string;
          "organization_id": string;
          "rotate_after_days": number | null;
          "rotated_at": string;
          "updated_at": string;
          "version": number;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "created_by"?: string | null;
          "current_version"?: number;
          "description"?: string;
          "expires_at"?: string | null;
          "id"?: string;
          "last_used_at"?: string | null;
          "name": string;
          "organization_id": string;
          "rotate_after_days"?: number | null;
          "rotated_at"?: string;
          "updated_at"?: string;
          "version"?: number;
        };
        Update: {
          "created_at"?: string;
          "created_by"?: string | null;
          "current_version"?: number;
          "description"?: string;
          "expires_at"?: string | null;
          "id"?: string;
          "last_used_at"?: string | null;
          "name"?: string;
          "organization_id"?: string;
          "rotate_after_days"?: number | null;
          "rotated_at"?: string;
          "updated_at"?: string;
          "version"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "secrets_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "secrets_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "subscriptions": {
        Row: {
          "billing_interval": string | null;
          "cancel_at": string | null;
          "cancel_at_period_end": boolean;
          "canceled_at": string | null;
          "created_at": string;
          "currency": string;
          "current_period_end": string | null;
          "current_period_start": string | null;
          "ended_at": string | null;
          "has_payment_method": boolean;
          "is_current": boolean;
          "latest_invoice_id": string | null;
          "organization_id": string;
          "past_due_since": string | null;
          "plan_id": string | null;
          "scheduled_plan_id": string | null;
          "seats": number;
          "status": string;
          "stripe_base_item_id": string | null;
          "stripe_customer_id": string;
          "stripe_seat_item_id": string | null;
          "stripe_subscription_id": string;
          "sync_ticket": number;
          "synced_at": string;
          "trial_end": string | null;
        };
        ComputedFields: never;
        Insert: {
          "billing_interval"?: string | null;
          "cancel_at"?: string | null;
          "cancel_at_period_end"?: boolean;
          "canceled_at"?: string | null;
          "created_at": string;
          "currency": string;
          "current_period_end"?: string | null;
          "current_period_start"?: string | null;
          "ended_at"?: string | null;
          "has_payment_method"?: boolean;
          "is_current"?: boolean;
          "latest_invoice_id"?: string | null;
          "organization_id": string;
          "past_due_since"?: string | null;
          "plan_id"?: string | null;
          "scheduled_plan_id"?: string | null;
          "seats"?: number;
          "status": string;
          "stripe_base_item_id"?: string | null;
          "stripe_customer_id": string;
          "stripe_seat_item_id"?: string | null;
          "stripe_subscription_id": string;
          "sync_ticket"?: number;
          "synced_at"?: string;
          "trial_end"?: string | null;
        };
        Update: {
          "billing_interval"?: string | null;
          "cancel_at"?: string | null;
          "cancel_at_period_end"?: boolean;
          "canceled_at"?: string | null;
          "created_at"?: string;
          "currency"?: string;
          "current_period_end"?: string | null;
          "current_period_start"?: string | null;
          "ended_at"?: string | null;
          "has_payment_method"?: boolean;
          "is_current"?: boolean;
          "latest_invoice_id"?: string | null;
          "organization_id"?: string;
          "past_due_since"?: string | null;
          "plan_id"?: string | null;
          "scheduled_plan_id"?: string | null;
          "seats"?: number;
          "status"?: string;
          "stripe_base_item_id"?: string | null;
          "stripe_customer_id"?: string;
          "stripe_seat_item_id"?: string | null;
          "stripe_subscription_id"?: string;
          "sync_ticket"?: number;
          "synced_at"?: string;
          "trial_end"?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "subscriptions_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "subscriptions_plan_id_fkey";
            columns: ["plan_id"];
            isOneToOne: false;
            referencedRelation: "plans";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "subscriptions_scheduled_plan_id_fkey";
            columns: ["scheduled_plan_id"];
            isOneToOne: false;
            referencedRelation: "plans";
            referencedColumns: ["id"];
          },
        ];
      };
      "usage_details": {
        Row: {
          "calls": number;
          "cost_micros": number;
          "flow_id": string;
          "hour": string;
          "input_tokens": number;
          "model": string;
          "node_id": string;
          "organization_id": string;
          "other_units": number;
          "output_tokens": number;
          "runs": number;
          "steps": number;
          "unpriced_calls": number;
        };
        ComputedFields: never;
        Insert: {
          "calls"?: number;
          "cost_micros"?: number;
          "flow_id": string;
          "hour": string;
          "input_tokens"?: number;
          "model"?: string;
          "node_id"?: string;
          "organization_id": string;
          "other_units"?: number;
          "output_tokens"?: number;
          "runs"?: number;
          "steps"?: number;
          "unpriced_calls"?: number;
        };
        Update: {
          "calls"?: number;
          "cost_micros"?: number;
          "flow_id"?: string;
          "hour"?: string;
          "input_tokens"?: number;
          "model"?: string;
          "node_id"?: string;
          "organization_id"?: string;
          "other_units"?: number;
          "output_tokens"?: number;
          "runs"?: number;
          "steps"?: number;
          "unpriced_calls"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "usage_details_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "usage_hourly": {
        Row: {
          "ai_tokens": number;
          "cost_micros": number;
          "counted_at": string;
          "hour": string;
          "jobs": number;
          "organization_id": string;
          "runs_cancelled": number;
          "runs_completed": number;
          "runs_failed": number;
          "runs_open": number;
          "runs_started": number;
          "steps": number;
          "webhook_events": number;
        };
        ComputedFields: never;
        Insert: {
          "ai_tokens"?: number;
          "cost_micros"?: number;
          "counted_at"?: string;
          "hour": string;
          "jobs"?: number;
          "organization_id": string;
          "runs_cancelled"?: number;
          "runs_completed"?: number;
          "runs_failed"?: number;
          "runs_open"?: number;
          "runs_started"?: number;
          "steps"?: number;
          "webhook_events"?: number;
        };
        Update: {
          "ai_tokens"?: number;
          "cost_micros"?: number;
          "counted_at"?: string;
          "hour"?: string;
          "jobs"?: number;
          "organization_id"?: string;
          "runs_cancelled"?: number;
          "runs_completed"?: number;
          "runs_failed"?: number;
          "runs_open"?: number;
          "runs_started"?: number;
          "steps"?: number;
          "webhook_events"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "usage_hourly_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "webhook_attempts": {
        Row: {
          "delivery_id": string;
          "duration_ms": number;
          "error_code": string | null;
          "error_message": string | null;
          "finished_at": string;
          "is_cut": boolean;
          "number": number;
          "organization_id": string;
          "request_headers": NonNullable<Json>;
          "response_body": string | null;
          "response_headers": Json | null;
          "response_status": number | null;
          "url": string;
        };
        ComputedFields: never;
        Insert: {
          "delivery_id": string;
          "duration_ms": number;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "finished_at"?: string;
          "is_cut"?: boolean;
          "number": number;
          "organization_id": string;
          "request_headers": NonNullable<Json>;
          "response_body"?: string | null;
          "response_headers"?: Json | null;
          "response_status"?: number | null;
          "url": string;
        };
        Update: {
          "delivery_id"?: string;
          "duration_ms"?: number;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "finished_at"?: string;
          "is_cut"?: boolean;
          "number"?: number;
          "organization_id"?: string;
          "request_headers"?: NonNullable<Json>;
          "response_body"?: string | null;
          "response_headers"?: Json | null;
          "response_status"?: number | null;
          "url"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "webhook_attempts_delivery_id_fkey";
            columns: ["delivery_id"];
            isOneToOne: false;
            referencedRelation: "webhook_deliveries";
            referencedColumns: ["id"];
          },
        ];
      };
      "webhook_deliveries": {
        Row: {
          "application": string | null;
          "attempts": number;
          "body": string | null;
          "counted_from": number;
          "created_at": string;
          "error_code": string | null;
          "finished_at": string | null;
          "id": string;
          "lease": string | null;
          "leased_until": string | null;
          "message_id": string;
          "next_attempt_at": string | null;
          "order_key": string | null;
          "organization_id": string;
          "response_status": number | null;
          "status": string;
          "subscription_id": string;
          "type": string;
        };
        ComputedFields: never;
        Insert: {
          "application"?: string | null;
          "attempts"?: number;
          "body"?: string | null;
          "counted_from"?: number;
          "created_at"?: string;
          "error_code"?: string | null;
          "finished_at"?: string | null;
          "id"?: string;
          "lease"?: string | null;
          "leased_until"?: string | null;
          "message_id": string;
          "next_attempt_at"?: string | null;
          "order_key"?: string | null;
          "organization_id": string;
          "response_status"?: number | null;
          "status"?: string;
          "subscription_id": string;
          "type": string;
        };
        Update: {
          "application"?: string | null;
          "attempts"?: number;
          "body"?: string | null;
          "counted_from"?: number;
          "created_at"?: string;
          "error_code"?: string | null;
          "finished_at"?: string | null;
          "id"?: string;
          "lease"?: string | null;
          "leased_until"?: string | null;
          "message_id"?: string;
          "next_attempt_at"?: string | null;
          "order_key"?: string | null;
          "organization_id"?: string;
          "response_status"?: number | null;
          "status"?: string;
          "subscription_id"?: string;
          "type"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "webhook_deliveries_message_id_fkey";
            columns: ["message_id"];
            isOneToOne: false;
            referencedRelation: "webhook_messages";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "webhook_deliveries_subscription_id_fkey";
            columns: ["subscription_id"];
            isOneToOne: false;
            referencedRelation: "webhook_subscriptions";
            referencedColumns: ["id"];
          },
        ];
      };
      "webhook_endpoints": {
        Row: {
          "config": NonNullable<Json>;
          "created_at": string;
          "created_by": string | null;
          "flow_id": string;
          "id": string;
          "is_active": boolean;
          "last_rejected_at": string | null;
          "last_rejection": string | null;
          "mapping": Json | null;
          "name": string;
          "organization_id": string;
          "provider": string;
          "rejected_count": number;
          "signature_required": boolean;
          "slug": string;
          "trigger_node": string | null;
          "updated_at": string;
          "version": number;
          "wait_seconds": number;
        };
        ComputedFields: never;
        Insert: {
          "config"?: NonNullable<Json>;
          "created_at"?: string;
          "created_by"?: string | null;
          "flow_id": string;
          "id"?: string;
          "is_active"?: boolean;
          "last_rejected_at"?: string | null;
          "last_rejection"?: string | null;
          "mapping"?: Json | null;
          "name": string;
          "organization_id": string;
          "provider": string;
          "rejected_count"?: number;
          "signature_required"?: boolean;
          "slug": string;
          "trigger_node"?: string | null;
          "updated_at"?: string;
          "version"?: number;
          "wait_seconds"?: number;
        };
        Update: {
          "config"?: NonNullable<Json>;
          "created_at"?: string;
          "created_by"?: string | null;
          "flow_id"?: string;
          "id"?: string;
          "is_active"?: boolean;
          "last_rejected_at"?: string | null;
          "last_rejection"?: string | null;
          "mapping"?: Json | null;
          "name"?: string;
          "organization_id"?: string;
          "provider"?: string;
          "rejected_count"?: number;
          "signature_required"?: boolean;
          "slug"?: string;
          "trigger_node"?: string | null;
          "updated_at"?: string;
          "version"?: number;
          "wait_seconds"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "webhook_endpoints_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "webhook_endpoints_flow_id_fkey";
            columns: ["flow_id"];
            isOneToOne: false;
            referencedRelation: "flows";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "webhook_endpoints_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "webhook_events": {
        Row: {
          "body_key": string | null;
          "deliveries": number;
          "endpoint_id": string;
          "event_key": string | null;
          "headers": NonNullable<Json>;
          "held_because": string | null;
          "id": string;
          "is_test": boolean;
          "mapped": Json | null;
          "mapping_error": string | null;
          "method": string;
          "organization_id": string;
          "query": NonNullable<Json>;
          "raw_body": string;
          "received_at": string;
          "replay_of": string | null;
          "run_id": string | null;
          "status": string;
          "type": string | null;
          "unsigned": boolean;
        };
        ComputedFields: never;
        Insert: {
          "body_key"?: string | null;
          "deliveries"?: number;
          "endpoint_id": string;
          "event_key"?: string | null;
          "headers": NonNullable<Json>;
          "held_because"?: string | null;
          "id"?: string;
          "is_test"?: boolean;
          "mapped"?: Json | null;
          "mapping_error"?: string | null;
          "method": string;
          "organization_id": string;
          "query"?: NonNullable<Json>;
          "raw_body": string;
          "received_at"?: string;
          "replay_of"?: string | null;
          "run_id"?: string | null;
          "status": string;
          "type"?: string | null;
          "unsigned"?: boolean;
        };
        Update: {
          "body_key"?: string | null;
          "deliveries"?: number;
          "endpoint_id"?: string;
          "event_key"?: string | null;
          "headers"?: NonNullable<Json>;
          "held_because"?: string | null;
          "id"?: string;
          "is_test"?: boolean;
          "mapped"?: Json | null;
          "mapping_error"?: string | null;
          "method"?: string;
          "organization_id"?: string;
          "query"?: NonNullable<Json>;
          "raw_body"?: string;
          "received_at"?: string;
          "replay_of"?: string | null;
          "run_id"?: string | null;
          "status"?: string;
          "type"?: string | null;
          "unsigned"?: boolean;
        };
        Relationships: [
          {
            foreignKeyName: "webhook_events_endpoint_id_fkey";
            columns: ["endpoint_id"];
            isOneToOne: false;
            referencedRelation: "webhook_endpoints";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "webhook_events_replay_of_fkey";
            columns: ["replay_of"];
            isOneToOne: false;
            referencedRelation: "webhook_events";
            referencedColumns: ["id"];
          },
        ];
      };
      "webhook_messages": {
        Row: {
          "created_at": string;
          "data": NonNullable<Json>;
          "id": string;
          "is_sent_on": boolean;
          "is_test": boolean;
          "order_key": string | null;
          "organization_id": string;
          "type": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "data": NonNullable<Json>;
          "id"?: string;
          "is_sent_on"?: boolean;
          "is_test"?: boolean;
          "order_key"?: string | null;
          "organization_id": string;
          "type": string;
        };
        Update: {
          "created_at"?: string;
          "data"?: NonNullable<Json>;
          "id"?: string;
          "is_sent_on"?: boolean;
          "is_test"?: boolean;
          "order_key"?: string | null;
          "organization_id"?: string;
          "type"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "webhook_messages_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "webhook_refusals": {
        Row: {
          "body": string;
          "body_bytes": number;
          "detail": string | null;
          "endpoint_id": string;
          "headers": NonNullable<Json>;
          "id": string;
          "is_test": boolean;
          "method": string;
          "organization_id": string;
          "query": NonNullable<Json>;
          "reason": string;
          "received_at": string;
        };
        ComputedFields: never;
        Insert: {
          "body": string;
          "body_bytes": number;
          "detail"?: string | null;
          "endpoint_id": string;
          "headers": NonNullable<Json>;
          "id"?: string;
          "is_test"?: boolean;
          "method": string;
          "organization_id": string;
          "query"?: NonNullable<Json>;
          "reason": string;
          "received_at"?: string;
        };
        Update: {
          "body"?: string;
          "body_bytes"?: number;
          "detail"?: string | null;
          "endpoint_id"?: string;
          "headers"?: NonNullable<Json>;
          "id"?: string;
          "is_test"?: boolean;
          "method"?: string;
          "organization_id"?: string;
          "query"?: NonNullable<Json>;
          "reason"?: string;
          "received_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "webhook_refusals_endpoint_id_fkey";
            columns: ["endpoint_id"];
            isOneToOne: false;
            referencedRelation: "webhook_endpoints";
            referencedColumns: ["id"];
          },
        ];
      };
      "webhook_subscriptions": {
        Row: {
          "application": string | null;
          "created_at": string;
          "created_by": string | null;
          "description": string;
          "disabled_at": string | null;
          "disabled_reason": string | null;
          "event_types": (string)[];
          "flow_ids": (string)[] | null;
          "header_names": (string)[];
          "id": string;
          "ordered": boolean;
          "organization_id": string;
          "priority": string;
          "rate_per_minute": number | null;
          "resource_ids": (string)[] | null;
          "status": string;
          "timeout_seconds": number;
          "transformation": Json | null;
          "updated_at": string;
          "url": string;
          "version": number;
        };
        ComputedFields: never;
        Insert: {
          "application"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "description"?: string;
          "disabled_at"?: string | null;
          "disabled_reason"?: string | null;
          "event_types": (string)[];
          "flow_ids"?: (string)[] | null;
          "header_names"?: (string)[];
          "id"?: string;
          "ordered"?: boolean;
          "organization_id": string;
          "priority"?: string;
          "rate_per_minute"?: number | null;
          "resource_ids"?: (string)[] | null;
          "status"?: string;
          "timeout_seconds"?: number;
          "transformation"?: Json | null;
          "updated_at"?: string;
          "url": string;
          "version"?: number;
        };
        Update: {
          "application"?: string | null;
          "created_at"?: string;
          "created_by"?: string | null;
          "description"?: string;
          "disabled_at"?: string | null;
          "disabled_reason"?: string | null;
          "event_types"?: (string)[];
          "flow_ids"?: (string)[] | null;
          "header_names"?: (string)[];
          "id"?: string;
          "ordered"?: boolean;
          "organization_id"?: string;
          "priority"?: string;
          "rate_per_minute"?: number | null;
          "resource_ids"?: (string)[] | null;
          "status"?: string;
          "timeout_seconds"?: number;
          "transformation"?: Json | null;
          "updated_at"?: string;
          "url"?: string;
          "version"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "webhook_subscriptions_created_by_fkey";
            columns: ["created_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "webhook_subscriptions_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "workspaces": {
        Row: {
          "created_at": string;
          "id": string;
          "is_default": boolean;
          "name": string;
          "organization_id": string;
          "updated_at": string;
          "version": number;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "id"?: string;
          "is_default"?: boolean;
          "name": string;
          "organization_id": string;
          "updated_at"?: string;
          "version"?: number;
        };
        Update: {
          "created_at"?: string;
          "id"?: string;
          "is_default"?: boolean;
          "name"?: string;
          "organization_id"?: string;
          "updated_at"?: string;
          "version"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "workspaces_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
    };
    Views: {
      [_ in never]: never;
    };
    Functions: {
      "accept_invitation": { Args: { "p_invitation_id"?: string; "p_token"?: string }; Returns: Json };
      "cancel_bulk_operation": { Args: { "p_operation_id": string }; Returns: Json };
      "cancel_job": { Args: { "p_job_id": string }; Returns: Json };
      "cancel_mail": { Args: { "p_mail_id": string }; Returns: Json };
      "cancel_run": { Args: { "p_run_id": string }; Returns: Json };
      "cancel_webhook_delivery": { Args: { "p_delivery_id": string }; Returns: Json };
      "change_member_role": {
        Args: { "p_if_version"?: number; "p_organization_id": string; "p_role": string; "p_user_id": string };
        Returns: Json;
      };
      "count_version_runs": { Args: { "p_flow_id": string; "p_version_ids": (string)[] }; Returns: Json };
      "create_api_key": {
        Args: {
          "p_idempotency_key"?: string;
          "p_last_four": string;
          "p_mode": string;
          "p_organization_id": string;
          "p_prefix": string;
          "p_secret_hash": string;
          "p_seed"?: string;
          "p_settings": Json;
        };
        Returns: Json;
      };
      "create_budget": {
        Args: { "p_idempotency_key"?: string; "p_organization_id": string; "p_settings": Json };
        Returns: Json;
      };
      "create_bulk_operation": {
        Args: {
          "p_action": string;
          "p_dry_run"?: boolean;
          "p_filter": Json;
          "p_idempotency_key"?: string;
          "p_organization_id": string;
        };
        Returns: Json;
      };
      "create_entity": {
        Args: {
          "p_data"?: Json;
          "p_external_key"?: string;
          "p_flow_id": string;
          "p_idempotency_key"?: string;
          "p_name"?: string;
          "p_node_id"?: string;
          "p_type": string;
          "p_upsert"?: boolean;
        };
        Returns: Json;
      };
      "create_flow": {
        Args: {
          "p_description"?: string;
          "p_graph": Json;
          "p_idempotency_key"?: string;
          "p_is_active"?: boolean;
          "p_name": string;
          "p_organization_id": string;
          "p_workspace_id"?: string;
        };
        Returns: Json;
      };
      "create_invitation": {
        Args: {
          "p_email": string;
          "p_expires_in_days"?: number;
          "p_idempotency_key"?: string;
          "p_organization_id": string;
          "p_role": string;
        };
        Returns: Json;
      };
      "create_organization": {
        Args: { "p_idempotency_key"?: string; "p_name": string; "p_slug"?: string };
        Returns: Json;
      };
      "create_schedule": {
        Args: { "p_flow_id": string; "p_idempotency_key"?: string; "p_settings": Json; "p_upcoming"?: (string)[] };
        Returns: Json;
      };
      "create_secret": {
        Args: {
          "p_description"?: string;
          "p_envelope": string;
          "p_expires_at"?: string;
          "p_fingerprint"?: string;
          "p_idempotency_key"?: string;
          "p_key_id": string;
          "p_name": string;
          "p_organization_id": string;
          "p_rotate_after_days"?: number;
          "p_secret_id": string;
        };
        Returns: Json;
      };
      "create_webhook_endpoint": {
        Args: {
          "p_config"?: Json;
          "p_flow_id": string;
          "p_idempotency_key"?: string;
          "p_mapping"?: Json;
          "p_name": string;
          "p_provider": string;
          "p_sealed"?: Json;
          "p_secret"?: string;
          "p_signature_required"?: boolean;
          "p_trigger_node"?: string;
          "p_wait_seconds"?: number;
        };
        Returns: Json;
      };
      "create_webhook_portal": {
        Args: {
          "p_idempotency_key"?: string;
          "p_organization_id": string;
          "p_secret_hash": string;
          "p_seed"?: string;
          "p_settings": Json;
        };
        Returns: Json;
      };
      "create_webhook_subscription": {
        Args: {
          "p_fingerprint"?: string;
          "p_headers"?: Json;
          "p_idempotency_key"?: string;
          "p_organization_id": string;
          "p_seed"?: string;
          "p_settings": Json;
          "p_signing": Json;
          "p_subscription_id": string;
        };
        Returns: Json;
      };
      "create_workspace": {
        Args: { "p_idempotency_key"?: string; "p_name": string; "p_organization_id": string };
        Returns: Json;
      };
      "decide_step": {
        Args: { "p_decision": Json; "p_node_id": string; "p_run_id": string; "p_scope"?: string; "p_wake"?: boolean };
        Returns: Json;
      };
      "decline_invitation": { Args: { "p_invitation_id"?: string; "p_token"?: string }; Returns: undefined };
      "delete_budget": { Args: { "p_budget_id": string; "p_if_version"?: number }; Returns: undefined };
      "delete_entity": { Args: { "p_entity_id": string; "p_if_version"?: number }; Returns: undefined };
      "delete_flow": { Args: { "p_flow_id": string; "p_if_version"?: number }; Returns: undefined };
      "delete_organization": { Args: { "p_if_version"?: number; "p_organization_id": string }; Returns: Json };
      "delete_run": { Args: { "p_run_id": string }; Returns: undefined };
      "delete_schedule": { Args: { "p_if_version"?: number; "p_schedule_id": string }; Returns: undefined };
      "delete_secret": {
        Args: { "p_force"?: boolean; "p_if_version"?: number; "p_secret_id": string };
        Returns: undefined;
      };
      "delete_webhook_endpoint": { Args: { "p_endpoint_id": string; "p_if_version"?: number }; Returns: undefined };
      "delete_webhook_subscription": {
        Args: { "p_if_version"?: number; "p_subscription_id": string };
        Returns: undefined;
      };
      "delete_workspace": {
        Args: {
          "p_if_version"?: number;
          "p_move_flows_to"?: string;
          "p_organization_id"?: string;
          "p_workspace_id": string;
        };
        Returns: undefined;
      };
      "destroy_secret_version": { Args: { "p_number": number; "p_secret_id": string }; Returns: Json };
      "discard_dead_letter": { Args: { "p_job_id": string }; Returns: undefined };
      "discard_dead_letters": {
        Args: { "p_dry_run"?: boolean; "p_filter"?: Json; "p_limit"?: number; "p_organization_id": string };
        Returns: Json;
      };
      "duplicate_flow": {
        Args: { "p_flow_id": string; "p_idempotency_key"?: string; "p_name"?: string };
        Returns: Json;
      };
      "execute_graph": {
        Args: {
          "p_flow_id"?: string;
          "p_graph": Json;
          "p_idempotency_key"?: string;
          "p_input"?: Json;
          "p_organization_id": string;
          "p_pins"?: Json;
          "p_traceparent"?: string;
          "p_trigger_node"?: string;
          "p_wake"?: boolean;
        };
        Returns: Json;
      };
      "explain_run": { Args: { "p_run_id": string }; Returns: Json };
      "find_run_archives": { Args: { "p_run_id": string }; Returns: Json };
      "gate": {
        Args: { "p_cached"?: string; "p_operation"?: string; "p_organization_id"?: string; "p_route"?: string };
        Returns: Json;
      };
      "get_api_usage": { Args: { "p_from": string; "p_organization_id": string; "p_to": string }; Returns: Json };
      "get_audit_event": { Args: { "p_event_id": string }; Returns: Json };
      "get_audit_proof": { Args: { "p_event_id": string }; Returns: Json };
      "get_budget": { Args: { "p_budget_id": string }; Returns: Json };
      "get_entity_journey": {
        Args: { "p_after"?: number; "p_descending"?: boolean; "p_entity_id": string; "p_limit"?: number };
        Returns: Json;
      };
      "get_flow_stats": { Args: { "p_days"?: number; "p_flow_id": string }; Returns: Json };
      "get_job": { Args: { "p_job_id": string }; Returns: Json };
      "get_latest_run": { Args: { "p_flow_id": string }; Returns: Json };
      "get_mail_preferences": { Args: { "p_organization_id": string }; Returns: Json };
      "get_mail_settings": { Args: { "p_organization_id": string }; Returns: Json };
      "get_mail_stats": {
        Args: { "p_days"?: number; "p_organization_id": string; "p_template"?: string };
        Returns: Json;
      };
      "get_organization_usage": { Args: { "p_organization_id": string }; Returns: Json };
      "get_run": { Args: { "p_run_id": string; "p_step_limit"?: number }; Returns: Json };
      "get_run_archive": { Args: { "p_archive_id": string }; Returns: Json };
      "get_run_progress": {
        Args: { "p_limit"?: number; "p_run_id": string; "p_seen"?: (string)[]; "p_since"?: string };
        Returns: Json;
      };
      "get_second_factor": { Args: { "p_organization_id"?: string }; Returns: Json };
      "get_stats": { Args: { "p_organization_id": string }; Returns: Json };
      "get_usage": {
        Args: {
          "p_flow_id"?: string;
          "p_from": string;
          "p_group_by"?: string;
          "p_limit"?: number;
          "p_organization_id": string;
          "p_to": string;
        };
        Returns: Json;
      };
      "get_webhook_endpoint": { Args: { "p_endpoint_id": string }; Returns: Json };
      "get_webhook_stats": { Args: { "p_days"?: number; "p_endpoint_id": string }; Returns: Json };
      "get_webhook_subscription": { Args: { "p_subscription_id": string }; Returns: Json };
      "get_webhook_subscription_stats": { Args: { "p_hours"?: number; "p_subscription_id": string }; Returns: Json };
      "import_flows": {
        Args: {
          "p_flows": Json;
          "p_idempotency_key"?: string;
          "p_is_active"?: boolean;
          "p_organization_id": string;
          "p_workspace_id"?: string;
        };
        Returns: Json;
      };
      "leave_organization": { Args: { "p_organization_id": string }; Returns: undefined };
      "lift_suppression": { Args: { "p_suppression_id": string }; Returns: undefined };
      "list_activity": {
        Args: {
          "p_after"?: string;
          "p_ascending"?: boolean;
          "p_filter"?: Json;
          "p_limit"?: number;
          "p_organization_id": string;
        };
        Returns: Json;
      };
      "list_audit_events": {
        Args: {
          "p_after"?: string;
          "p_ascending"?: boolean;
          "p_export"?: boolean;
          "p_filter"?: Json;
          "p_limit"?: number;
          "p_organization_id": string;
        };
        Returns: Json;
      };
      "list_audit_keys": { Args: Record<PropertyKey, never>; Returns: Json };
      "list_edge_stats": { Args: { "p_flow_id": string }; Returns: Json };
      "list_jobs": {
        Args: {
          "p_after"?: string;
          "p_ascending"?: boolean;
          "p_filter"?: Json;
          "p_limit"?: number;
          "p_organization_id": string;
        };
        Returns: Json;
      };
      "list_own_invitations": { Args: Record<PropertyKey, never>; Returns: Json };
      "list_run_steps": {
        Args: {
          "p_after"?: string;
          "p_descending"?: boolean;
          "p_from"?: string;
          "p_limit"?: number;
          "p_node_id"?: string;
          "p_run_id": string;
          "p_status"?: (string)[];
        };
        Returns: Json;
      };
      "list_secret_accesses": {
        Args: {
          "p_after"?: string;
          "p_descending"?: boolean;
          "p_kind"?: string;
          "p_limit"?: number;
          "p_run_id"?: string;
          "p_secret_id": string;
        };
        Returns: Json;
      };
      "list_secret_flows": { Args: { "p_secret_id": string }; Returns: Json };
      "list_secret_versions": {
        Args: { "p_after"?: number; "p_descending"?: boolean; "p_limit"?: number; "p_secret_id": string };
        Returns: Json;
      };
      "list_security_events": {
        Args: {
          "p_after"?: string;
          "p_ascending"?: boolean;
          "p_before"?: string;
          "p_filter"?: Json;
          "p_limit"?: number;
          "p_organization_id": string;
        };
        Returns: Json;
      };
      "list_waiting_steps": {
        Args: {
          "p_after"?: string;
          "p_descending"?: boolean;
          "p_flow_id"?: string;
          "p_kinds"?: (string)[];
          "p_limit"?: number;
          "p_organization_id": string;
        };
        Returns: Json;
      };
      "missing_secrets": { Args: { "p_names": (string)[]; "p_organization_id": string }; Returns: (string)[] };
      "move_entity": { Args: { "p_entity_id": string; "p_if_version"?: number; "p_node_id": string }; Returns: Json };
      "next_secret_version": { Args: { "p_secret_id": string }; Returns: Json };
      "pause_run": { Args: { "p_run_id": string }; Returns: Json };
      "pin_api_version": {
        Args: { "p_key_id"?: string; "p_organization_id": string; "p_version"?: string };
        Returns: undefined;
      };
      "queue_statistics": { Args: { "p_minutes"?: number; "p_organization_id": string }; Returns: Json };
      "remove_member": {
        Args: { "p_if_version"?: number; "p_organization_id": string; "p_user_id": string };
        Returns: undefined;
      };
      "replay_dead_letters": {
        Args: { "p_dry_run"?: boolean; "p_filter"?: Json; "p_limit"?: number; "p_organization_id": string };
        Returns: Json;
      };
      "replay_webhook_event": { Args: { "p_event_id": string; "p_idempotency_key"?: string }; Returns: Json };
      "request_secret_reveal": { Args: { "p_number"?: number; "p_secret_id": string }; Returns: Json };
      "rerun_run": {
        Args: {
          "p_current_version"?: boolean;
          "p_from"?: string;
          "p_idempotency_key"?: string;
          "p_input"?: Json;
          "p_outputs"?: Json;
          "p_run_id": string;
          "p_wake"?: boolean;
        };
        Returns: Json;
      };
      "resend_invitation": {
        Args: {
          "p_expires_in_days"?: number;
          "p_if_version"?: number;
          "p_invitation_id": string;
          "p_organization_id"?: string;
        };
        Returns: Json;
      };
      "resend_mail": { Args: { "p_mail_id": string }; Returns: Json };
      "restore_flow_version": {
        Args: { "p_flow_id": string; "p_if_version"?: number; "p_version_id": string };
        Returns: Json;
      };
      "restore_organization": { Args: { "p_if_version"?: number; "p_organization_id": string }; Returns: Json };
      "restore_secret_version": {
        Args: { "p_if_version"?: number; "p_number": number; "p_secret_id": string };
        Returns: Json;
      };
      "resume_run": { Args: { "p_run_id": string; "p_wake"?: boolean }; Returns: Json };
      "retry_job": { Args: { "p_idempotency_key"?: string; "p_job_id": string }; Returns: Json };
      "retry_run": { Args: { "p_idempotency_key"?: string; "p_run_id": string; "p_wake"?: boolean }; Returns: Json };
      "retry_step": {
        Args: {
          "p_idempotency_key"?: string;
          "p_node_id": string;
          "p_run_id": string;
          "p_scope"?: string;
          "p_wake"?: boolean;
        };
        Returns: Json;
      };
      "retry_webhook_deliveries": {
        Args: { "p_filter": Json; "p_limit"?: number; "p_organization_id": string };
        Returns: Json;
      };
      "retry_webhook_delivery": { Args: { "p_delivery_id": string }; Returns: Json };
      "revoke_api_key": { Args: { "p_if_version"?: number; "p_key_id": string }; Returns: Json };
      "revoke_invitation": {
        Args: { "p_if_version"?: number; "p_invitation_id": string; "p_organization_id"?: string };
        Returns: Json;
      };
      "revoke_webhook_portal": { Args: { "p_portal_id": string }; Returns: undefined };
      "rotate_api_key": {
        Args: {
          "p_expires_at"?: string;
          "p_idempotency_key"?: string;
          "p_if_version"?: number;
          "p_key_id": string;
          "p_last_four": string;
          "p_overlap_seconds"?: number;
          "p_prefix": string;
          "p_secret_hash": string;
          "p_seed"?: string;
        };
        Returns: Json;
      };
      "rotate_webhook_secret": {
        Args: { "p_endpoint_id": string; "p_overlap_seconds"?: number; "p_sealed"?: Json; "p_secret"?: string };
        Returns: Json;
      };
      "rotate_webhook_subscription_secret": {
        Args: { "p_if_version"?: number; "p_overlap_seconds"?: number; "p_signing": Json; "p_subscription_id": string };
        Returns: Json;
      };
      "run_job_now": { Args: { "p_job_id": string }; Returns: Json };
      "save_flow": {
        Args: {
          "p_description"?: string;
          "p_flow_id": string;
          "p_graph"?: Json;
          "p_if_version"?: number;
          "p_is_active"?: boolean;
          "p_name"?: string;
          "p_workspace_id"?: string;
        };
        Returns: Json;
      };
      "set_mail_preferences": { Args: { "p_organization_id": string; "p_wanted": Json }; Returns: Json };
      "set_mfa_policy": {
        Args: { "p_if_version"?: number; "p_organization_id": string; "p_policy": string };
        Returns: Json;
      };
      "set_secret_value": {
        Args: {
          "p_envelope": string;
          "p_expires_at"?: string;
          "p_if_version"?: number;
          "p_key_id": string;
          "p_number": number;
          "p_secret_id": string;
        };
        Returns: Json;
      };
      "signal_run": {
        Args: {
          "p_data"?: Json;
          "p_idempotency_key"?: string;
          "p_name": string;
          "p_run_id": string;
          "p_wake"?: boolean;
        };
        Returns: Json;
      };
      "start_run": {
        Args: {
          "p_entity_id"?: string;
          "p_flow_id": string;
          "p_idempotency_key"?: string;
          "p_input"?: Json;
          "p_pins"?: Json;
          "p_traceparent"?: string;
          "p_trigger_node"?: string;
          "p_wake"?: boolean;
        };
        Returns: Json;
      };
      "suppress_address": {
        Args: { "p_address": string; "p_idempotency_key"?: string; "p_note"?: string; "p_organization_id": string };
        Returns: Json;
      };
      "sync_profile": { Args: { "p_display_name"?: string }; Returns: Json };
      "test_webhook_subscription": {
        Args: { "p_data": Json; "p_idempotency_key"?: string; "p_subscription_id": string; "p_type": string };
        Returns: Json;
      };
      "transfer_organization": {
        Args: { "p_if_version"?: number; "p_organization_id": string; "p_own_role"?: string; "p_user_id": string };
        Returns: Json;
      };
      "trigger_schedule": { Args: { "p_idempotency_key"?: string; "p_schedule_id": string }; Returns: Json };
      "update_api_key": { Args: { "p_changes": Json; "p_if_version"?: number; "p_key_id": string }; Returns: Json };
      "update_budget": { Args: { "p_budget_id": string; "p_changes": Json; "p_if_version"?: number }; Returns: Json };
      "update_entity": {
        Args: {
          "p_data"?: Json;
          "p_entity_id": string;
          "p_external_key"?: string;
          "p_if_version"?: number;
          "p_name"?: string;
        };
        Returns: Json;
      };
      "update_mail_settings": {
        Args: { "p_changes": Json; "p_if_version"?: number; "p_organization_id": string };
        Returns: Json;
      };
      "update_organization": {
        Args: { "p_if_version"?: number; "p_name"?: string; "p_organization_id": string; "p_slug"?: string };
        Returns: Json;
      };
      "update_schedule": {
        Args: {
          "p_changes": Json;
          "p_flow_id"?: string;
          "p_if_version"?: number;
          "p_schedule_id": string;
          "p_upcoming"?: (string)[];
        };
        Returns: Json;
      };
      "update_secret": { Args: { "p_changes": Json; "p_if_version"?: number; "p_secret_id": string }; Returns: Json };
      "update_webhook_endpoint": {
        Args: {
          "p_config"?: Json;
          "p_endpoint_id": string;
          "p_flow_id"?: string;
          "p_if_version"?: number;
          "p_is_active"?: boolean;
          "p_mapping"?: Json;
          "p_name"?: string;
          "p_signature_required"?: boolean;
          "p_trigger_node"?: string;
          "p_wait_seconds"?: number;
        };
        Returns: Json;
      };
      "update_webhook_subscription": {
        Args: { "p_changes": Json; "p_headers"?: Json; "p_if_version"?: number; "p_subscription_id": string };
        Returns: Json;
      };
      "update_workspace": {
        Args: {
          "p_if_version"?: number;
          "p_is_default"?: boolean;
          "p_name"?: string;
          "p_organization_id"?: string;
          "p_workspace_id": string;
        };
        Returns: Json;
      };
      "verify_audit": { Args: { "p_after"?: number; "p_organization_id": string }; Returns: Json };
      "verify_audit_end": { Args: { "p_organization_id": string }; Returns: Json };
      "watch_run": { Args: { "p_run_id": string }; Returns: Json };
      "watch_runs": { Args: { "p_organization_id": string }; Returns: Json };
    };
    Enums: {
      [_ in never]: never;
    };
    CompositeTypes: {
      [_ in never]: never;
    };
  };
};

type DatabaseWithoutInternals = Omit<Database, "__InternalSupabase">;

type DefaultSchema = DatabaseWithoutInternals[Extract<keyof Database, "public">];

export type Tables<
  DefaultSchemaTableNameOrOptions extends
    | keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof (
      & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
      & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"]
    )
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals } ? (
    & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"]
  )[TableName] extends {
    Row: infer R;
  } ? R
  : never
  : DefaultSchemaTableNameOrOptions extends keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    ? (DefaultSchema["Tables"] & DefaultSchema["Views"])[DefaultSchemaTableNameOrOptions] extends {
      Row: infer R;
    } ? R
    : never
  : never;

export type TablesInsert<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends {
    Insert: infer I;
  } ? I
  : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Insert: infer I;
    } ? I
    : never
  : never;

export type TablesUpdate<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends {
    Update: infer U;
  } ? U
  : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Update: infer U;
    } ? U
    : never
  : never;

export type Enums<
  DefaultSchemaEnumNameOrOptions extends
    | keyof DefaultSchema["Enums"]
    | { schema: keyof DatabaseWithoutInternals },
  EnumName extends DefaultSchemaEnumNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"]
    : never = never,
> = DefaultSchemaEnumNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"][EnumName]
  : DefaultSchemaEnumNameOrOptions extends keyof DefaultSchema["Enums"]
    ? DefaultSchema["Enums"][DefaultSchemaEnumNameOrOptions]
  : never;

export type CompositeTypes<
  PublicCompositeTypeNameOrOptions extends
    | keyof DefaultSchema["CompositeTypes"]
    | { schema: keyof DatabaseWithoutInternals },
  CompositeTypeName extends PublicCompositeTypeNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"]
    : never = never,
> = PublicCompositeTypeNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"][CompositeTypeName]
  : PublicCompositeTypeNameOrOptions extends keyof DefaultSchema["CompositeTypes"]
    ? DefaultSchema["CompositeTypes"][PublicCompositeTypeNameOrOptions]
  : never;

export const Constants = {
  "engine": {
    Enums: {},
  },
  "public": {
    Enums: {},
  },
} as const;
