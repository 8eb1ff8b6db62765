import { compile, parsePlan, type Plan, PLAN_VERSION } from "../graph/mod.ts";
import type { GraphProblem, Json } from "../graph/mod.ts";
import { nodeCatalog } from "../nodes/mod.ts";
import type { EngineClient } from "./client.ts";
import type { Job, LoadedVersion } from "./types.ts";

/** A version made ready to run, or why it can not be. */
export type ReadyFlow =
  | { ok: true; id: string; name: string; plan: Plan }
  | { ok: false; message: string; problems: GraphProblem[] };

/** How many versions an isolate remembers. */
const MAX_VERSIONS = 500;

/**
 * Plans of versions. A version never changes, so what is here never grows stale; versions that differ in layout only
 * share a plan by its hash.
 */
export class PlanCache {
  readonly #versions = new Map<string, ReadyFlow>();
  readonly #plans = new Map<string, Plan>();
  readonly #client: EngineClient;

  /** @param client Where plans come from. */
  constructor(client: EngineClient) {
    this.#client = client;
  }

  /** A version, if it is known already. */
  peek(versionId: string): ReadyFlow | undefined {
    return this.#versions.get(versionId);
  }

  /** The flows of some jobs by version id; one call for all that are not known yet. */
  async get(jobs: Job[]): Promise<Map<string, ReadyFlow>> {
    const wanted = new Set(jobs.map((job) => job.flow_version_id));
    const unknown = [...wanted].filter((id) => !this.#versions.has(id));
    const found = new Map<string, ReadyFlow>();
    if (unknown.length > 0) {
      for (const version of await this.#client.loadPlans(unknown, PLAN_VERSION)) {
        this.#remember(version.version_id, await this.#make(version));
      }
    }
    for (const id of wanted) {
      const flow = this.#versions.get(id);
      if (flow !== undefined) found.set(id, flow);
    }
    return found;
  }

  async #make(version: LoadedVersion): Promise<ReadyFlow> {
    const known = this.#plans.get(version.plan_hash);
    const facts = { ok: true as const, id: version.flow_id, name: version.flow_name };
    if (known !== undefined) return { ...facts, plan: known };
    const stored = version.plan === null ? undefined : parsePlan(version.plan);
    if (stored?.ok) return { ...facts, plan: this.#rememberPlan(version.plan_hash, stored.plan) };
    const compiled = compile(version.graph, nodeCatalog);
    if (!compiled.ok) return { ok: false, message: "The flow has problems", problems: compiled.problems.slice(0, 20) };
    await this.#client.storePlan(version.version_id, compiled.plan as unknown as Json, PLAN_VERSION);
    return { ...facts, plan: this.#rememberPlan(version.plan_hash, compiled.plan) };
  }

  #rememberPlan(hash: string, plan: Plan): Plan {
    trim(this.#plans);
    this.#plans.set(hash, plan);
    return plan;
  }

  #remember(id: string, flow: ReadyFlow): void {
    trim(this.#versions);
    this.#versions.set(id, flow);
  }
}

/** Drops the oldest entry of a full map. */
function trim<K, V>(map: Map<K, V>): void {
  if (map.size < MAX_VERSIONS) return;
  const oldest = map.keys().next();
  if (!oldest.done) map.delete(oldest.value);
}
