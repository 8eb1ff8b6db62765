/**
 * Security events as the API shows them. What they mean stands in docs/security.md.
 *
 * @module
 */
export {
  SECURITY_EVENT_KINDS,
  type SecurityEvent,
  type SecurityEventFilter,
  securityEventFilters,
  securityEventSchema,
  toFilter,
} from "./security_event.ts";
