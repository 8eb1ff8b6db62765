/**
 * Rate limits as callers see them. The limiter itself is SQL (`private.take_tokens`), reached through the gate.
 *
 * @module
 */
export { type RateAnswer, rateLimitError, rateLimitHeaders } from "./rate_limit.ts";
export { LocalLimiter, type LocalLimiterOptions } from "./local_limiter.ts";
