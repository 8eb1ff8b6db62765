/**
 * Runs that are run before their event is kept, against a simple interpreter: random flows that only compute, in regions
 * too.
 *
 * `AHEAD_CASES` says how many flows are drawn (4,000 if it does not), `AHEAD_SEED` repeats one of them.
 *
 * @module
 */
import { type AheadRun, type PlanCache, runAhead } from "../../shared/engine/mod.ts";
import { compile, type Json } from "../../shared/graph/mod.ts";
import { nodeCatalog } from "../../shared/nodes/mod.ts";
import { assert } from "../helpers/assert.ts";
import { localProviders, type RunRow } from "../helpers/engine.ts";
import { Ambiguous } from "./_expected.ts";
import { type RandomFlow, randomFlow } from "./_random_flow.ts";
import { interpret } from "./_reference_interpreter.ts";
import { judgeRun, type Played } from "./_run_judge.ts";

const PLACE = {
  version_id: crypto.randomUUID(),
  received_at: "2026-01-02T03:04:05.678901+00:00",
  timeout_seconds: 3_600,
};

/** Half of the flows: what only computes, in regions for the most part. */
const COMPUTES = { effects: 0, waits: 0, stops: 0, risks: 0, regions: 0.3 };

Deno.test("what is run ahead of its event gives what a simple interpreter says", async () => {
  const given = Deno.env.get("AHEAD_SEED");
  const [start = 0] = crypto.getRandomValues(new Uint32Array(1));
  const first = given === undefined ? start : Number(given);
  const count = given === undefined ? Number(Deno.env.get("AHEAD_CASES") ?? 4_000) : 1;
  console.log(`AHEAD_SEED=${first} and the following`);
  // Runs, those with regions in regions, steps in bodies: a test that runs nothing ahead would pass too.
  const tally = { ahead: 0, nested: 0, inBodies: 0, ambiguous: 0 };
  for (let seed = first; seed < first + count; seed++) {
    const drawn = randomFlow(seed, { losses: false, temper: seed % 2 === 0 ? COMPUTES : {} });
    const triggerNode = drawn.triggerNode ?? drawn.graph.nodes.find(({ type }) => type.startsWith("trigger."))?.id;
    const flow = { ...drawn, triggerNode: triggerNode ?? null };
    const run = await ahead(flow);
    if (run === null) continue;
    const { event_id, received_at } = run;
    const played = { ...flow, input: { ...flow.input, event_id, received_at } };
    try {
      judgeRun(await toPlayed(played, run));
    } catch (error) {
      if (error instanceof Ambiguous) {
        tally.ambiguous++;
        continue;
      }
      throw new Error(
        `AHEAD_SEED=${seed}: ${error instanceof Error ? error.message : error}\n${JSON.stringify(flow)}`,
        {
          cause: error,
        },
      );
    }
    const scopes = stepsOf(run).map(({ scope }) => scope);
    tally.ahead++;
    tally.nested += Number(scopes.some((scope) => scope.includes("/")));
    tally.inBodies += scopes.filter((scope) => scope !== "").length;
  }
  console.log(JSON.stringify(tally));
  if (count >= 1_000) {
    assert(tally.ahead > count / 10 && tally.inBodies > count / 20 && tally.nested > 0, JSON.stringify(tally));
  }
});

/** What is run ahead of a flow; null = nothing is. */
async function ahead(flow: RandomFlow): Promise<AheadRun | null> {
  const compiled = compile(flow.graph, nodeCatalog);
  assert(compiled.ok, JSON.stringify(flow));
  const ready = { ok: true, id: crypto.randomUUID(), name: "Random", plan: compiled.plan };
  const quiet = { debug() {}, info() {}, warn() {}, error() {} };
  return await runAhead(
    { peek: () => ready } as unknown as PlanCache,
    { ...PLACE, trigger_node: flow.triggerNode },
    crypto.randomUUID(),
    flow.input,
    { providers: localProviders(), log: quiet, signal: new AbortController().signal, random: () => 0 },
  );
}

interface Step {
  node: string;
  scope?: string;
  attempt: number;
  status: string;
  handles?: string[];
  output?: Json;
  finished_ago: number;
}

function stepsOf({ steps }: AheadRun): Played["steps"] {
  return (steps as unknown as Step[]).map((step) => ({
    node_id: step.node,
    scope: step.scope ?? "",
    attempt: step.attempt,
    status: step.status,
    output: step.output ?? null,
    error: null,
    handles: step.handles ?? null,
    finished_at: new Date(-step.finished_ago / 1_000),
  }));
}

async function toPlayed(flow: RandomFlow, run: AheadRun): Promise<Played> {
  const row = { id: run.run_id, status: "completed", output: run.output, error: null } as RunRow;
  const expected = await interpret(flow);
  return { flow, expected, run: row, steps: stepsOf(run), cancelled: false, takenOver: null, exact: true };
}
