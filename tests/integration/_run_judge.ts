/**
 * Compares a run that has ended, and what its effects did, with what they have to be.
 *
 * @module
 */
import { assert, assertEquals } from "../helpers/assert.ts";
import type { RunRow, StepRow } from "../helpers/engine.ts";
import type { RandomFlow } from "./_random_flow.ts";
import type { Expected } from "./_reference_interpreter.ts";
import type { Journal } from "./_unreliable_workers.ts";

/** A run that has ended. */
export interface Played {
  flow: RandomFlow;
  expected: Expected;
  run: RunRow;
  /** Its steps in the order of their attempts. */
  steps: StepRow[];
  /** Whether a cancellation was accepted. */
  cancelled: boolean;
  /** For a retry: the nodes that its predecessor has done; null = it is none. */
  takenOver: Set<string> | null;
  /** Whether no worker was lost and no answer withheld, so that every attempt counts. */
  exact: boolean;
}

/** Compares a run with what it has to give. */
export function judgeRun({ flow, expected, cancelled, takenOver, run, steps, exact }: Played): void {
  const final = new Map<string, StepRow>();
  for (const row of steps.filter(({ status }) => status !== "retried")) {
    assert(!final.has(row.node_id), `${row.node_id} is recorded twice`);
    final.set(row.node_id, row);
  }
  for (const [id, { status, output, error }] of final) {
    const { retried: _, ...step } = expected.steps.get(id) ?? { retried: [] };
    assertEquals<unknown>({ status, output, error }, step, `The step ${id}`);
    // Whatever led to it is recorded too; a retry takes over what was done and finds again what was skipped.
    for (const { source } of flow.graph.edges.filter(({ target }) => target === id)) {
      const before = expected.steps.get(source);
      if (before === undefined || (takenOver !== null && before.status === "skipped")) continue;
      assert(final.has(source), `${id} without ${source}`);
    }
  }
  for (const [id, { retried }] of expected.steps) {
    const attempts = steps.filter((row) => row.node_id === id && row.status === "retried");
    const last = final.get(id)?.attempt ?? Infinity;
    assert(attempts.every(({ attempt }) => attempt < last), `${id} was tried again after its end`);
    if (!exact || takenOver?.has(id)) {
      assert(attempts.every(({ error }) => retried.some(({ code }) => code === error?.code)), `${id} retried`);
    } else if (final.has(id)) {
      assertEquals<unknown>(attempts.map(({ error }) => error), retried, `The attempts of ${id}`);
      assertEquals(last, retried.length + 1, `The attempts of ${id}`);
    }
  }
  if (cancelled) {
    assertEquals(run.status, "cancelled");
    return;
  }
  const end = { status: run.status, output: run.output, error: run.error };
  const fitting = expected.ends.filter(({ status, output, error }) => equal(end, { status, output, error }));
  if (fitting.length === 0) assertEquals<unknown>(end, expected.ends, "The end of the run");
  assert(fitting.some(({ node }) => node === null || final.has(node)), "What ended the run is not recorded");
  if (expected.ends.some(({ everything }) => everything)) {
    assertEquals([...final.keys()].toSorted(), [...expected.steps.keys()].toSorted(), "The steps");
  }
}

/** Looks at the calls of the email service: none too early, none for nothing, none too many. */
export function judgeCalls({ flow, expected, takenOver, run, steps, exact }: Played, journal: Journal): void {
  const calls = Map.groupBy(
    journal.calls.filter(({ key }) => key.startsWith(run.id)),
    ({ key }) => key.slice(run.id.length + 1),
  );
  for (const [id, made] of calls) {
    const step = expected.steps.get(id);
    assert(step !== undefined && step.status !== "skipped", `${id} was called and must not run`);
    assert(!takenOver?.has(id), `${id} was called although it was done before the retry`);
    for (const before of effectsBefore(flow, expected, id)) {
      if (takenOver?.has(before)) continue;
      const recorded = journal.committed.get(`${run.id}:${before}`) ?? Infinity;
      assert(made.every(({ at }) => at >= recorded), `${id} was called before ${before} was recorded`);
    }
    if (!exact) continue;
    assert(made.length <= step.retried.length + 1, `${id} was called ${made.length} times`);
    // Otherwise the run may have ended while the service was asked.
    if (!steps.some((row) => row.node_id === id && row.status !== "retried")) continue;
    assertEquals(made.length, step.retried.length + 1, `The calls of ${id}`);
  }
}

/** The effects that have to be recorded before a node may have its own. */
function effectsBefore({ graph }: RandomFlow, expected: Expected, id: string): Set<string> {
  const before = new Set([id]);
  for (const node of before) {
    for (const { source, target } of graph.edges) if (target === node && expected.steps.has(source)) before.add(source);
  }
  before.delete(id);
  const isEffect = (other: string) =>
    graph.nodes.find((node) => node.id === other)?.type === "communication.email" &&
    expected.steps.get(other)?.status !== "skipped";
  return new Set([...before].filter(isEffect));
}

function equal(a: unknown, b: unknown): boolean {
  try {
    assertEquals(a, b);
    return true;
  } catch {
    return false;
  }
}
