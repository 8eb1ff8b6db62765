/**
 * The engine: plans what happens next, runs it, and has Postgres record it.
 *
 * @module
 */
export { BreakerHints } from "./breaker_hints.ts";
export { type CallbackPlace, callbackUrl, readCallback, signCallback } from "./callback_url.ts";
export { EngineClient, type EngineFunction, type EngineTransport, type WorkerKind } from "./client.ts";
export { type Engine, getEngine } from "./engine.ts";
export { InlineRunner, type InlineRunnerOptions } from "./inline_runner.ts";
export { PlanCache } from "./plan_cache.ts";
export { runAhead } from "./run_ahead.ts";
export { postgresTransport, type PostgresTransportOptions } from "./postgres_transport.ts";
export { postgrestTransport } from "./postgrest_transport.ts";
export { type Claim, readClaim } from "./read_claim.ts";
export { backoffDelay } from "./retry.ts";
export * from "./job_types.ts";
export { toStorable } from "./storable.ts";
export * from "./types.ts";
export { Worker } from "./worker.ts";
export type { DrainOptions, DrainReport, WorkerOptions } from "./worker_options.ts";
