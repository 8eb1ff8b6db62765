/**
 * The engine's calls into Postgres: one small interface, whatever carries them.
 *
 * @module
 */
import { toBase64 } from "../bytes/mod.ts";
import { type AheadDelivery, encodeDelivery } from "./_encode_delivery.ts";
import { encodeResult } from "./_encode_result.ts";
import type { Json } from "../graph/mod.ts";
import type { SpendUnits } from "../nodes/mod.ts";
import type { BreakerFacts } from "../providers/mod.ts";
import type { SecretReading, SecretReply } from "../secrets/mod.ts";
import type { CallbackPlace } from "./callback_url.ts";
import { type Claim, readClaim } from "./read_claim.ts";
import type { EnqueuedJob, FinishReply, JobProgress, JobSettlement, LeaseSettlement, NewJob } from "./job_types.ts";
import type {
  CallbackCall,
  CallbackReply,
  CallbackState,
  IngestReply,
  Job,
  JobResult,
  LoadedVersion,
  RefusedDelivery,
  RunEnd,
  SettleReply,
  SpendCall,
  SpendReply,
  WebhookDelivery,
} from "./types.ts";

/** The SQL functions of schema `engine` that TypeScript calls, each with its parameters and their SQL types. */
export const ENGINE_FUNCTIONS = {
  claim_jobs: { p_worker_id: "uuid", p_limit: "integer", p_kind: "text", p_run_id: "uuid", p_listens: "boolean" },
  settle_jobs: { p_worker_id: "uuid", p_results: "jsonb" },
  finish_jobs: { p_worker_id: "uuid", p_results: "jsonb" },
  report_jobs: { p_worker_id: "uuid", p_progress: "jsonb" },
  enqueue_jobs: { p_jobs: "jsonb" },
  reserve_spend: { p_call: "jsonb" },
  settle_spend: { p_reservation_id: "uuid", p_units: "jsonb" },
  release_spend: { p_reservation_id: "uuid" },
  share_breakers: { p_changes: "jsonb" },
  read_secrets: { p_reads: "jsonb" },
  heartbeat: { p_worker_id: "uuid" },
  release_worker: { p_worker_id: "uuid", p_wake_successor: "boolean" },
  redeem_wake: { p_ticket: "uuid" },
  tick: {},
  load_plans: { p_version_ids: "uuid[]", p_plan_version: "integer" },
  store_plan: { p_version_id: "uuid", p_plan: "jsonb", p_plan_version: "integer" },
  get_webhook_endpoint: { p_slug: "text", p_test: "boolean", p_count: "integer" },
  get_webhook_sender: { p_endpoint_id: "uuid", p_user_id: "uuid" },
  get_run_end: { p_run_id: "uuid" },
  get_callback: { p_run_id: "uuid", p_node_id: "text", p_scope: "text" },
  complete_callbacks: { p_callbacks: "jsonb", p_wake: "boolean" },
  record_webhook_rejection: { p_endpoint_id: "uuid", p_reason: "text", p_delivery: "jsonb" },
  ingest_webhook: {
    p_endpoint_id: "uuid",
    p_event_key: "text",
    p_type: "text",
    p_method: "text",
    p_headers: "jsonb",
    p_query: "jsonb",
    p_raw_body: "text",
    p_dedupe_body: "boolean",
    p_input: "jsonb",
    p_traceparent: "text",
    p_worker_id: "uuid",
    p_unsigned: "boolean",
    p_test: "boolean",
    p_mapped: "jsonb",
  },
  ingest_webhooks: { p_endpoint_id: "uuid", p_version_id: "uuid", p_trigger_node: "text", p_deliveries: "jsonb" },
} as const;

/** The name of a SQL function of the engine. */
export type EngineFunction = keyof typeof ENGINE_FUNCTIONS;

/** Carries a call to Postgres. Rejects with an `AppError`; `service_unavailable` and `timeout` leave open whether it ran. */
export interface EngineTransport {
  call(name: EngineFunction, args: { [parameter: string]: Json }): Promise<Json>;
  /**
   * Listens for news of work on a connection of its own, where the transport can: over a direct connection, and not
   * through what shares connections among clients by the transaction.
   *
   * @param onNotify Called when there is work; with the id of a worker when it is meant for that one only.
   * @returns Ends it; null when nothing would ever be heard.
   */
  listen?(onNotify: (workerId: string) => void): Promise<(() => Promise<void>) | null>;
  close(): Promise<void>;
}

/** What a worker is: one that drains the queue, or a request that runs what it started. */
export type WorkerKind = "worker" | "inline";

/** What is claimed. */
export interface ClaimOptions {
  kind: WorkerKind;
  /** Tokens of this run only. */
  runId?: string;
  /** When there is nothing: whoever makes work next tells those who listen. */
  listens?: boolean;
}

/** Bytes of the body of a refused delivery that are kept. */
const MAX_REFUSED_BYTES = 4_096;

/** Typed calls over a transport. */
export class EngineClient {
  readonly #transport: EngineTransport;

  /** @param transport What carries the calls. */
  constructor(transport: EngineTransport) {
    this.#transport = transport;
  }

  /** Leases up to `limit` pieces of work that are due, tokens and jobs. Registers the worker. */
  async claim(workerId: string, limit: number, { kind, runId, listens }: ClaimOptions): Promise<Claim> {
    return readClaim(
      await this.#call("claim_jobs", {
        p_worker_id: workerId,
        p_limit: limit,
        p_kind: kind,
        p_run_id: runId ?? null,
        p_listens: listens ?? false,
      }),
    );
  }

  /** The tokens of a claim, for whoever claims what belongs to one run: there are no jobs among it. */
  async claimJobs(workerId: string, limit: number, kind: WorkerKind, runId?: string): Promise<Job[]> {
    return (await this.claim(workerId, limit, { kind, ...(runId !== undefined && { runId }) })).tokens;
  }

  /** Records what became of jobs, or of whole leases, in one transaction. */
  async finishJobs(workerId: string, settlements: readonly (JobSettlement | LeaseSettlement)[]): Promise<FinishReply> {
    return await this.#call("finish_jobs", { p_worker_id: workerId, p_results: settlements as unknown as Json });
  }

  /** Tells how far jobs are; answers which of the worker's jobs somebody asked to stop. */
  async reportJobs(workerId: string, progress: readonly JobProgress[]): Promise<{ cancel: string[] }> {
    return await this.#call("report_jobs", { p_worker_id: workerId, p_progress: progress as unknown as Json });
  }

  /**
   * Puts jobs into the queue, all or none, in one transaction; 10,000 at most.
   *
   * @returns What became of each, in their order.
   * @throws {AppError} `invalid_request` with every problem.
   */
  async enqueueJobs(jobs: readonly NewJob[]): Promise<EnqueuedJob[]> {
    return await this.#call("enqueue_jobs", { p_jobs: jobs as unknown as Json });
  }

  /** Tells which services are left alone, or well again; answers which others leave alone. */
  async shareBreakers(changes: readonly BreakerFacts[]): Promise<Omit<BreakerFacts, "state">[]> {
    const open = await this.#call<{ key: string; open_ms: number; calls: number; failures: number }[]>(
      "share_breakers",
      { p_changes: changes.map(({ openMs, ...facts }) => ({ ...facts, open_ms: Math.round(openMs) })) },
    );
    return open.map(({ open_ms, ...facts }) => ({ ...facts, openMs: open_ms }));
  }

  /** Gives secrets that steps name, encrypted, and writes down who read them. */
  async readSecrets(readings: readonly SecretReading[]): Promise<SecretReply[]> {
    return await this.#call("read_secrets", { p_reads: readings as unknown as Json });
  }

  /** Reserves what a call of a model may use at most, of every budget that concerns it. */
  async reserveSpend(call: SpendCall): Promise<SpendReply> {
    return await this.#call("reserve_spend", { p_call: { ...call, units: { ...call.units } } });
  }

  /** Counts what a call of a model used, once however often it is told. */
  async settleSpend(reservationId: string, units: SpendUnits): Promise<void> {
    await this.#call("settle_spend", { p_reservation_id: reservationId, p_units: { ...units } });
  }

  /** Gives back what was reserved for a call that cost nothing. */
  async releaseSpend(reservationId: string): Promise<void> {
    await this.#call("release_spend", { p_reservation_id: reservationId });
  }

  /** Listens for news of work; null when this transport can not. See {@linkcode EngineTransport.listen}. */
  async listen(onNotify: (workerId: string) => void): Promise<(() => Promise<void>) | null> {
    return await this.#transport.listen?.(onNotify) ?? null;
  }

  /** Records what a worker has done with its jobs, in one transaction. */
  async settleJobs(workerId: string, results: JobResult[]): Promise<SettleReply> {
    const now = performance.now();
    return await this.#call<SettleReply>("settle_jobs", {
      p_worker_id: workerId,
      p_results: results.map((result) => encodeResult(result, now)),
    });
  }

  /** Prolongs the worker's lease; false = it was lost. */
  async heartbeat(workerId: string): Promise<boolean> {
    return await this.#call<boolean>("heartbeat", { p_worker_id: workerId });
  }

  /** Gives the worker's jobs back. `more` = there is work that nobody may have been woken for. */
  async releaseWorker(workerId: string, wakeSuccessor = false): Promise<{ freed: number; more: boolean }> {
    return await this.#call("release_worker", { p_worker_id: workerId, p_wake_successor: wakeSuccessor });
  }

  /** True once for a ticket with which Postgres called the worker function. */
  async redeemWake(ticket: string): Promise<boolean> {
    return await this.#call<boolean>("redeem_wake", { p_ticket: ticket });
  }

  /** Ends the waits of steps whose callback URLs were called; the caller has checked the signatures. */
  async completeCallbacks(calls: readonly CallbackCall[], wake = true): Promise<CallbackReply[]> {
    return await this.#call<CallbackReply[]>("complete_callbacks", {
      p_callbacks: calls.map((call) => ({ ...call })),
      p_wake: wake,
    });
  }

  /** Turns the clock by hand; pg_cron does it every ten seconds. */
  async tick(): Promise<Record<string, Json>> {
    return await this.#call("tick", {});
  }

  /** Plans of versions, or their graphs where no plan of this compiler is stored. */
  async loadPlans(versionIds: string[], planVersion: number): Promise<LoadedVersion[]> {
    return await this.#call<LoadedVersion[]>("load_plans", {
      p_version_ids: versionIds,
      p_plan_version: planVersion,
    });
  }

  /** Keeps a plan for the next isolate. */
  async storePlan(versionId: string, plan: Json, planVersion: number): Promise<void> {
    await this.#call("store_plan", { p_version_id: versionId, p_plan: plan, p_plan_version: planVersion });
  }

  /**
   * What the receiver needs to judge a delivery, null when no active endpoint has this slug. For the test address, one
   * that is switched off will do.
   *
   * @param count How many deliveries it is for: so many tokens of its rate limit are taken, as far as there are.
   * @param ips The address that each comes from, null = not known. Then the answer says which are blocked.
   */
  async getWebhookEndpoint(
    slug: string,
    test = false,
    count = 1,
    ips: readonly (string | null)[] = [],
  ): Promise<Json> {
    const known = ips.some((ip) => ip !== null) ? { p_ips: [...ips] } : {};
    return await this.#call("get_webhook_endpoint", { p_slug: slug, p_test: test, p_count: count, ...known });
  }

  /** What it takes to send a test event; null unless this user may change the endpoint. */
  async getWebhookSender(endpointId: string, userId: string): Promise<Json> {
    return await this.#call("get_webhook_sender", { p_endpoint_id: endpointId, p_user_id: userId });
  }

  /** Counts a refused delivery, and keeps it among the endpoint's latest refusals. */
  async recordWebhookRejection(endpointId: string, reason: string, delivery: RefusedDelivery): Promise<void> {
    await this.#call("record_webhook_rejection", {
      p_endpoint_id: endpointId,
      p_reason: reason,
      p_delivery: {
        detail: delivery.detail ?? null,
        method: delivery.method,
        headers: delivery.headers,
        query: delivery.query,
        body: toBase64(delivery.rawBody.subarray(0, MAX_REFUSED_BYTES)),
        body_bytes: delivery.rawBody.length,
        test: delivery.test,
      },
    });
  }

  /** Keeps a verified delivery and starts its run; with `workerId`, the first token is leased to that worker. */
  async ingestWebhook(delivery: WebhookDelivery, workerId?: string): Promise<IngestReply> {
    return await this.#call<IngestReply>("ingest_webhook", {
      p_endpoint_id: delivery.endpointId,
      p_event_key: delivery.eventKey,
      p_type: delivery.type,
      p_method: delivery.method,
      p_headers: delivery.headers,
      p_query: delivery.query,
      p_raw_body: toBase64(delivery.rawBody),
      p_dedupe_body: delivery.dedupeBody,
      p_input: delivery.input,
      p_traceparent: delivery.traceparent ?? null,
      p_worker_id: workerId ?? null,
      p_unsigned: delivery.unsigned ?? false,
      p_test: delivery.test ?? false,
      p_mapped: delivery.mapped ?? null,
    });
  }

  /**
   * Keeps verified deliveries to one endpoint together with their runs, which have been run already by the same version,
   * in one transaction.
   *
   * @returns Which were kept, by the ids of the events; the others have to take the usual way.
   */
  async ingestWebhooks(endpointId: string, deliveries: readonly AheadDelivery[]): Promise<Set<string>> {
    const { version_id, trigger_node } = deliveries[0]!.ahead;
    const kept = await this.#call<string[]>("ingest_webhooks", {
      p_endpoint_id: endpointId,
      p_version_id: version_id,
      p_trigger_node: trigger_node,
      p_deliveries: deliveries.map(encodeDelivery),
    });
    return new Set(kept);
  }

  /** How a run has ended; null = it has not. */
  async getRunEnd(runId: string): Promise<RunEnd | null> {
    return await this.#call("get_run_end", { p_run_id: runId });
  }

  /** Ends the connection. */
  async close(): Promise<void> {
    await this.#transport.close();
  }

  /** Whether a callback to a step is still open; null = there is no such run. The signature has been checked. */
  async getCallback({ runId, node, scope }: CallbackPlace): Promise<CallbackState | null> {
    return await this.#call("get_callback", { p_run_id: runId, p_node_id: node, p_scope: scope });
  }

  async #call<T>(name: EngineFunction, args: { [parameter: string]: Json }): Promise<T> {
    return await this.#transport.call(name, args) as T;
  }
}
