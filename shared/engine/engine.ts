import { LargeValues, serviceBlobStore } from "../blobs/mod.ts";
import { adminClient } from "../db/mod.ts";
import type { Env } from "../env/mod.ts";
import type { Json } from "../graph/mod.ts";
import { createLog } from "../log/mod.ts";
import { keyringOf, SecretReader } from "../secrets/mod.ts";
import { Breakers, createProviders, type Providers } from "../providers/mod.ts";
import { inlineTransport } from "./_inline_transport.ts";
import { BreakerHints } from "./breaker_hints.ts";
import { type CallbackPlace, callbackUrl } from "./callback_url.ts";
import { EngineClient, type EngineTransport } from "./client.ts";
import { InlineRunner } from "./inline_runner.ts";
import type { JobRunner } from "./job_types.ts";
import { PlanCache } from "./plan_cache.ts";
import { postgresTransport } from "./postgres_transport.ts";
import { postgrestTransport } from "./postgrest_transport.ts";
import { WebhookReceiver } from "./receiver.ts";
import { runAhead } from "./run_ahead.ts";
import { WatchingClient } from "./run_ends.ts";
import type { AheadPlace, AheadRun } from "./types.ts";
import { Worker } from "./worker.ts";

/** Makes what runs jobs. */
export type MakeJobRunner = (services: { providers: Providers; breakers: Breakers }) => JobRunner;

/** The engine of one isolate. */
export interface Engine {
  /** Calls through the Data API, or over a direct connection when `INLINE_TRANSPORT` says so. */
  readonly client: WatchingClient;
  /** Runs what requests start. */
  readonly inline: InlineRunner;
  /** Looks up endpoints of webhooks and keeps what needs no run of its own any more. */
  readonly receiver: WebhookReceiver;
  /**
   * Runs a flow that only computes before its event is kept, see {@linkcode runAhead}.
   *
   * @returns Null when the event has to take the usual way.
   */
  runAhead(place: AheadPlace, organizationId: string, input: { [key: string]: Json }): Promise<AheadRun | null>;
  /**
   * A worker that drains the queue, over the transport that the environment names.
   *
   * @param jobs Makes what runs jobs; without it the worker is for tokens only.
   */
  createWorker(jobs?: MakeJobRunner): Promise<{ worker: Worker; close(): Promise<void> }>;
}

/** What is run ahead has no lease to lose. */
const NEVER = new AbortController().signal;

const engines = new WeakMap<Env, Engine>();

/**
 * The engine of this isolate, made once for an environment. It acts as `service_role`: what a run does has no caller
 * any more. Listed in docs/security.md.
 */
export function getEngine(env: Env): Engine {
  let engine = engines.get(env);
  if (engine === undefined) {
    engine = createEngine(env);
    engines.set(env, engine);
  }
  return engine;
}

function createEngine(env: Env): Engine {
  const client = new WatchingClient(requestTransport(env));
  const providers = createProviders(env);
  const log = createLog("engine");
  const breakers = new Breakers();
  const hints = new BreakerHints(breakers, client, log);
  const plans = new PlanCache(client);
  const common = {
    providers,
    breakers,
    log,
    values: new LargeValues(serviceBlobStore(env), {
      onInline: (error) => log.warn("engine.output_stays_inline", { error }),
    }),
    callbackUrl: (place: CallbackPlace) => callbackUrl(env.secretKeys.default, env.functionsUrl, place),
  };
  return {
    client,
    inline: new InlineRunner({ ...common, client, plans, secrets: new SecretReader(client, keyringOf(env)) }),
    receiver: new WebhookReceiver(client),
    runAhead: (place, organizationId, input) =>
      runAhead(plans, place, organizationId, input, { providers, log, signal: NEVER, random: Math.random }),
    async createWorker(jobs) {
      const options = {
        ...common,
        kind: "worker" as const,
        concurrency: { max: env.workerConcurrency },
        ...(jobs !== undefined && { jobs: jobs({ providers, breakers }) }),
      };
      await hints.refresh();
      if (env.workerTransport !== "postgres" || env.databaseUrl === null) {
        return {
          worker: new Worker({ ...options, client, plans, secrets: new SecretReader(client, keyringOf(env)) }),
          close: () => Promise.resolve(),
        };
      }
      const direct = new EngineClient(await postgresTransport(env.databaseUrl));
      const secrets = new SecretReader(direct, keyringOf(env));
      const worker = new Worker({ ...options, client: direct, plans: new PlanCache(direct), secrets });
      return { worker, close: () => direct.close() };
    },
  };
}

/** What carries the calls of requests. */
function requestTransport(env: Env): EngineTransport {
  const dataApi = postgrestTransport(adminClient(env));
  const isDirect = env.inlineTransport === "postgres" && env.databaseUrl !== null;
  return isDirect ? inlineTransport(env.databaseUrl, dataApi) : dataApi;
}
