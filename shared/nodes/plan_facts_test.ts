import { assertEquals } from "../../tests/helpers/assert.ts";
import { PLAN_VERSION } from "../graph/mod.ts";
import { getNode, nodeCatalog } from "./registry.ts";

/**
 * What goes into plans, as it was at a plan version: type → the start of a SHA-256. Stored plans are compiled anew only
 * when `PLAN_VERSION` in shared/graph/plan.ts is raised. So when a line here is wrong, raise it, and write both anew from
 * what the test says. A new node type needs its line and no new version: no stored plan has it.
 */
const RECORDED = {
  planVersion: 1,
  facts: {
    "action.http": "a3ae9fb36e24",
    "action.transform": "95ef7e8ea54c",
    "communication.email": "24ec2030f114",
    "logic.if": "af4c030ec6ca",
    "logic.merge": "e43959f603f4",
    "logic.stop": "e78161ca827d",
    "logic.switch": "a92aecd7eef6",
    "trigger.manual": "eeb3168ae181",
    "trigger.webhook": "eeb3168ae181",
  },
};

/** What a node type tells the compiler, as text. */
function factsOf(type: string): string {
  const { kind, handles, joins, terminal, defaultRetry, defaultTimeoutSeconds } = nodeCatalog.get(type)!;
  const configs = [getNode(type)!.exampleConfig, {}];
  return JSON.stringify([
    kind,
    configs.map((config) => handles(config)),
    joins ?? false,
    terminal ?? false,
    defaultRetry === undefined ? null : Object.entries(defaultRetry).toSorted(([a], [b]) => a < b ? -1 : 1),
    defaultTimeoutSeconds ?? null,
  ]);
}

async function fingerprint(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return Array.from(digest.subarray(0, 6), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

Deno.test("PLAN_VERSION is raised when what a node type tells the compiler changes", async () => {
  const entries = nodeCatalog.types().toSorted().map(async (type) => [type, await fingerprint(factsOf(type))] as const);
  const facts = Object.fromEntries(await Promise.all(entries));
  assertEquals(
    { planVersion: PLAN_VERSION, facts },
    RECORDED,
    "Plans that are stored were compiled from other facts: raise PLAN_VERSION, then record the new state here",
  );
});
