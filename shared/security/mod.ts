/**
 * Security events as the API shows them. What they mean stands in docs/security.md.
 *
 * @module
 */
export {
  ALL_SECURITY_EVENTS,
  SECURITY_EVENTS,
  type SecurityEvent,
  type SecurityEventQuery,
  toEventArguments,
} from "./security_event.ts";
