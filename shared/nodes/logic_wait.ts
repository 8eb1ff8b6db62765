import { z } from "zod";
import type { Json, JsonObject } from "../graph/mod.ts";
import { defineNode } from "./define_node.ts";
import { isObject, json } from "./json_values.ts";
import type { NodeResult, NodeWait, Resolution } from "./types.ts";

/** Seconds a wait may last: as long as a run. */
const MAX_SECONDS = 2_592_000;
/** Modes whose wait ends with a time-out when nothing else comes. */
const ANSWERED = ["signal", "approval", "callback"];
/** The setting that a mode can not do without. */
const NEEDED = {
  duration: "durationSeconds",
  until: "until",
  signal: "signal",
  approval: null,
  callback: null,
} as const;

const approversSchema = z.strictObject({
  roles: z.array(z.enum(["owner", "admin", "developer", "member", "viewer", "guest"])).max(6).default([]),
  userIds: z.array(z.guid()).max(50).default([]),
});

const configSchema = z.strictObject({
  mode: z.enum(["duration", "until", "signal", "approval", "callback"]).describe("What is waited for"),
  durationSeconds: z.number().min(0).max(MAX_SECONDS).optional().describe("duration: how long"),
  until: z.iso.datetime({ offset: true }).optional().describe("until: a moment, ISO 8601 with Z or an offset"),
  signal: z.string().regex(/^[A-Za-z0-9_.:-]{1,200}$/, "Use letters, digits, _ . : and - only").optional().describe(
    "signal: its name. One that came before is taken at once",
  ),
  title: z.string().max(200).optional().describe("What people read while it waits"),
  description: z.string().max(10_000).optional().describe("More about it: what is to be approved, and why"),
  approvers: approversSchema.optional().describe(
    "approval: who may decide, by role or by user; nobody named = everybody who may run flows",
  ),
  timeoutSeconds: z.number().min(1).max(MAX_SECONDS).optional().describe(
    "signal, approval, callback: after this the flow goes on at timeout; absent = when the run times out",
  ),
}).superRefine((config, context) => {
  const needed = NEEDED[config.mode];
  if (needed !== null && config[needed] === undefined) {
    context.addIssue({ code: "custom", path: [needed], message: `The mode ${config.mode} needs ${needed}` });
  }
});
type WaitConfig = z.output<typeof configSchema>;

/** Lets the run rest until something happens. */
export const logicWait = defineNode({
  type: "logic.wait",
  title: "Wait",
  description:
    "Waits for some time, until a moment, for a signal, for a person's approval or for a callback. Nothing runs and " +
    "nothing is paid meanwhile.",
  category: "logic",
  kind: "effect",
  configSchema,
  outputSchema: z.union([
    z.null().describe("duration, until"),
    z.object({ data: json.describe("What was sent") }).describe("signal, callback"),
    z.object({
      decision: z.enum(["approved", "rejected"]),
      user_id: z.string().nullable(),
      comment: z.string().nullable(),
      decided_at: z.string().optional().describe("ISO 8601"),
    }).describe("approval"),
    z.object({ timed_out: z.literal(true) }).describe("Nothing came in time"),
  ]),
  handles: handlesOfConfig,
  // A mode that an expression gives is known to the run only.
  waits: (config) => kindOf(config) ?? "timer",
  handlesOfOutput(output) {
    if (!isObject(output)) return ["out"];
    if (output["timed_out"] === true) return ["timeout"];
    const { decision } = output;
    return decision === "approved" || decision === "rejected" ? [decision] : ["out"];
  },
  defaultRetry: { maxAttempts: 1, backoff: "fixed", delaySeconds: 0, maxDelaySeconds: 0, jitter: false },
  exampleConfig: {
    mode: "approval",
    title: "Refund {{ trigger.body.amount }} to {{ trigger.body.email }}?",
    approvers: { roles: ["owner", "admin"] },
    timeoutSeconds: 86_400,
  },
  exampleInput: { trigger: { body: { amount: 250, email: "ada@example.com" } } },
  execute(config, { resolution, now }) {
    return resolution === null ? begin(config, now()) : end(config, resolution);
  },
});

/** Must answer for any object: the compiler asks before the schema has spoken. */
function handlesOfConfig(config: JsonObject): string[] {
  const { mode, timeoutSeconds } = config;
  const answers = mode === "approval" ? ["approved", "rejected"] : ["out"];
  const timesOut = ANSWERED.includes(String(mode)) && timeoutSeconds !== undefined && timeoutSeconds !== null;
  return timesOut ? [...answers, "timeout"] : answers;
}

/** As above. */
function kindOf({ mode }: JsonObject): NodeWait["kind"] | null {
  if (mode === "duration" || mode === "until") return "timer";
  return mode === "signal" || mode === "approval" || mode === "callback" ? mode : null;
}

function begin(config: WaitConfig, now: number): NodeResult {
  const wait = waitOf(config, now);
  // A moment that has passed is no wait.
  return wait.kind === "timer" && (wait.seconds ?? 0) <= 0 ? { output: null } : { output: null, wait };
}

function waitOf(config: WaitConfig, now: number): NodeWait {
  const shown = describeWait(config);
  const data = shown === null ? {} : { data: shown };
  switch (config.mode) {
    case "duration":
      return { kind: "timer", seconds: config.durationSeconds ?? 0, ...data };
    case "until":
      return { kind: "timer", seconds: (Date.parse(config.until ?? "") - now) / 1000, ...data };
    default:
      return {
        kind: config.mode,
        ...(config.mode === "signal" ? { name: config.signal ?? "" } : {}),
        ...(config.timeoutSeconds === undefined ? {} : { seconds: config.timeoutSeconds }),
        ...data,
      };
  }
}

/** What people see of it, in the API's spelling; null when there is nothing to say. */
function describeWait({ mode, title, description, until, approvers }: WaitConfig): Json {
  const shown: JsonObject = {};
  if (title !== undefined) shown["title"] = title;
  if (description !== undefined) shown["description"] = description;
  if (mode === "until" && until !== undefined) shown["until"] = until;
  const { roles = [], userIds = [] } = approvers ?? {};
  // Absent, not empty: nobody named means everybody.
  if (mode === "approval" && roles.length + userIds.length > 0) shown["approvers"] = { roles, user_ids: userIds };
  return Object.keys(shown).length === 0 ? null : shown;
}

function end({ mode }: WaitConfig, { by, data }: Resolution): NodeResult {
  if (mode === "duration" || mode === "until") return { output: null, handles: ["out"] };
  if (by === "timeout") return { output: { timed_out: true }, handles: ["timeout"] };
  if (mode !== "approval") return { output: { data }, handles: ["out"] };
  const { decision, user_id = null, comment = null, decided_at } = isObject(data) ? data : {};
  // Whatever is no clear yes is a no.
  const handle = decision === "approved" ? "approved" : "rejected";
  const at = decided_at === undefined ? {} : { decided_at };
  return { output: { decision: handle, user_id, comment, ...at }, handles: [handle] };
}
