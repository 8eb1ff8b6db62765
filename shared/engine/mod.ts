/**
 * The engine: plans what happens next, runs it, and has Postgres record it.
 *
 * @module
 */
export { EngineClient, type EngineFunction, type EngineTransport, type WorkerKind } from "./client.ts";
export { type Engine, getEngine } from "./engine.ts";
export { InlineRunner } from "./inline_runner.ts";
export { PlanCache } from "./plan_cache.ts";
export { postgresTransport, type PostgresTransportOptions } from "./postgres_transport.ts";
export { postgrestTransport } from "./postgrest_transport.ts";
export * from "./types.ts";
export { type DrainOptions, type DrainReport, Worker, type WorkerOptions } from "./worker.ts";
