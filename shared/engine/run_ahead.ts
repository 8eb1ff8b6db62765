/**
 * Runs that only compute, run before their event is kept.
 *
 * Such a run can be computed again without anybody noticing, so it needs no token, no lease and no checkpoint: the event,
 * the run and its steps are written by one transaction, and acknowledged after it. Anything that could have an effect,
 * wait, fail or grow large takes the usual way.
 *
 * @module
 */
import type { Json, Plan } from "../graph/mod.ts";
import { AheadWalk } from "./_ahead_walk.ts";
import { encodeSteps } from "./_encode_result.ts";
import { uuidV7 } from "./_uuid_v7.ts";
import { toStorable } from "./storable.ts";
import type { StepSurroundings } from "./execute_node.ts";
import type { PlanCache } from "./plan_cache.ts";
import type { AheadPlace, AheadRun, Job } from "./types.ts";

/** A longer flow takes the usual way: the sender waits for what is run ahead. */
const MAX_NODES = 100;

/** Steps of a run, those of all items of its regions; an item that leaves none counts as one. */
const MAX_STEPS = 400;

/**
 * Milliseconds after which it is given up: the platform ends an isolate that has used two seconds for a request, and
 * with it would go the event, again each time its sender repeats it.
 */
const MAX_MS = 500;

/** Characters of all outputs together. */
const MAX_CHARACTERS = 64_000;

const suitable = new WeakMap<Plan, boolean>();

/**
 * Runs a flow that only computes.
 *
 * @param plans Its plan is used when it is here already: the first event of a version takes the usual way.
 * @param place Version, trigger and time, as the database gave them.
 * @param organizationId The tenant.
 * @param input What the trigger gives, without the event's id and time.
 * @returns What to record with the event; null when the event has to take the usual way.
 */
export async function runAhead(
  plans: PlanCache,
  place: AheadPlace,
  organizationId: string,
  input: { [key: string]: Json },
  surroundings: Omit<StepSurroundings, "values" | "callbackUrl" | "givesUp">,
): Promise<AheadRun | null> {
  const flow = plans.peek(place.version_id);
  if (flow === undefined || !flow.ok || !onlyComputes(flow.plan)) return null;
  const event_id = uuidV7(place.received_at);
  const run_id = uuidV7(place.received_at);
  const job: Job = {
    job: run_id,
    epoch: 0,
    type: "flow.step",
    organization_id: organizationId,
    run_id,
    attempt: 1,
    deadline_ms: place.timeout_seconds * 1_000,
    trigger: "webhook",
    ...(place.trigger_node !== null && { trigger_node: place.trigger_node }),
    started_at: place.received_at,
    flow_id: flow.id,
    flow_version_id: place.version_id,
    // As it would come back from Postgres: `keys(trigger.body)` must not depend on the way that an event takes.
    input: toStorable({ ...input, event_id, received_at: place.received_at }, Infinity),
    outputs: {},
    recorded: null,
  };
  const until = performance.now() + MAX_MS;
  const givesUp = () => performance.now() > until;
  const steps = await new AheadWalk(job, flow, { ...surroundings, givesUp }, MAX_STEPS).run() ?? [];
  if (steps.length === 0) return null;
  if (steps.some(({ status, attempt }) => attempt !== 1 || (status !== "completed" && status !== "skipped"))) {
    return null;
  }
  const encoded = encodeSteps(steps, performance.now());
  if (JSON.stringify(encoded).length > MAX_CHARACTERS) return null;
  // As private.finish_run has it.
  const last = steps.filter(({ leaf, status }) => leaf && status === "completed");
  return { ...place, event_id, run_id, output: last.length === 1 ? last[0]?.output ?? null : null, steps: encoded };
}

/** Whether no node of a flow does or awaits anything, and none goes round until something is so. */
function onlyComputes(plan: Plan): boolean {
  let known = suitable.get(plan);
  if (known === undefined) {
    known = plan.nodes.length <= MAX_NODES && plan.regions.every(({ kind }) => kind !== "while") &&
      plan.nodes.every(({ kind }) => kind === "pure" || kind === "trigger");
    suitable.set(plan, known);
  }
  return known;
}
