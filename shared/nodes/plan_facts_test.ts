import { assertEquals } from "../../tests/helpers/assert.ts";
import { PLAN_VERSION } from "../graph/mod.ts";
import { getNode, nodeCatalog } from "./registry.ts";

/**
 * What goes into plans, as it was at a plan version: type → the start of a SHA-256. Stored plans are compiled anew only
 * when `PLAN_VERSION` in shared/graph/plan.ts is raised. So when a line here is wrong, raise it, and write both anew from
 * what the test says. A new node type needs its line and no new version: no stored plan has it.
 */
const RECORDED = {
  planVersion: 2,
  facts: {
    "action.http": "94790a70858d",
    "action.transform": "27d3f59ee1cc",
    "communication.email": "3ec94cb086e7",
    "logic.boundary": "f457eb379f31",
    "logic.collector": "b7f9ace12230",
    "logic.if": "6596827e24d4",
    "logic.loop.break": "0f33dc0ff41a",
    "logic.loop.for": "751d0e534087",
    "logic.loop.foreach": "48a483086cb8",
    "logic.loop.while": "e8337b214750",
    "logic.merge": "64531e1abeae",
    "logic.splitter": "4360cc8da46c",
    "logic.stop": "268fd5d78d55",
    "logic.subflow": "a0e99c765f47",
    "logic.switch": "8156424163be",
    "logic.wait": "2d66a0a1cced",
    "trigger.error": "f0b55787e9b8",
    "trigger.event": "f0b55787e9b8",
    "trigger.flow": "f0b55787e9b8",
    "trigger.manual": "f0b55787e9b8",
    "trigger.schedule": "f0b55787e9b8",
    "trigger.webhook": "f0b55787e9b8",
  },
};

/** What a node type tells the compiler, as text. */
function factsOf(type: string): string {
  const known = nodeCatalog.get(type)!;
  const { kind, handles, joins, terminal, defaultRetry, defaultTimeoutSeconds } = known;
  const configs = [getNode(type)!.exampleConfig, {}];
  return JSON.stringify([
    kind,
    configs.map((config) => handles(config)),
    joins ?? false,
    terminal ?? false,
    defaultRetry === undefined ? null : Object.entries(defaultRetry).toSorted(([a], [b]) => a < b ? -1 : 1),
    defaultTimeoutSeconds ?? null,
    [known.region ?? null, known.closes ?? false, known.breaks ?? false, known.defaultOnError ?? null],
    configs.map((config) => known.need?.(config) ?? null),
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
