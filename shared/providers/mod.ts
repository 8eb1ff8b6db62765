/**
 * Clients of outside services, each behind a small interface.
 *
 * @module
 */
export { addressFault, checkAddresses, parseTarget, type Target } from "./address_guard.ts";
export {
  type BreakerFacts,
  type BreakerOptions,
  type BreakerState,
  type CallVerdict,
  CircuitBreaker,
} from "./breaker.ts";
export { Breakers, type BreakersOptions } from "./breakers.ts";
export { createProviders, type ProviderEnv } from "./create_providers.ts";
export { type EmailFailure, readEmailFailure } from "./email_failure.ts";
export { createGuardedHttpProvider, type GuardedHttpOptions } from "./guarded_http_provider.ts";
export { isHeaderName, isHeaderValue, isOwnHeader } from "./http1.ts";
export { NodeError, type NodeErrorCode, type NodeErrorOptions } from "./node_error.ts";
export { parseRetryAfter } from "./parse_retry_after.ts";
export type { HostResolver } from "./resolve_host.ts";
export type * from "./types.ts";
