/**
 * Compares a run that has ended, and what its effects did, with what they have to be.
 *
 * @module
 */
import { assert, assertEquals } from "../helpers/assert.ts";
import type { RunRow, StepRow } from "../helpers/engine.ts";
import type { RandomFlow } from "./_random_flow.ts";
import { type Expected, type ExpectedStep, keyOf } from "./_expected.ts";
import { isRacing } from "./_reference_flow.ts";
import type { Journal } from "./_journal.ts";

/** A run that has ended. */
export interface Played {
  flow: RandomFlow;
  expected: Expected;
  run: RunRow;
  /** Its steps in the order of their attempts. */
  steps: (StepRow & { finished_at: Date })[];
  /** Whether a cancellation was accepted. */
  cancelled: boolean;
  /** For a retry: the steps that its predecessor has done; null = it is none. */
  takenOver: Set<string> | null;
  /** Whether no worker was lost and no answer withheld, so that every attempt counts. */
  exact: boolean;
}

/** A step's name, as the reference interpreter has it. */
export function nameOf({ node_id, scope }: Pick<StepRow, "node_id" | "scope">): string {
  return keyOf(node_id, scope);
}

/** Compares a run with what it has to give. */
export function judgeRun(played: Played): void {
  const { flow, expected, cancelled, takenOver, run } = played;
  const steps = played.steps.filter(({ node_id }) => !node_id.startsWith("undo:"));
  const final = new Map<string, StepRow>();
  for (const row of steps.filter(({ status }) => status !== "retried" && status !== "unknown")) {
    const key = nameOf(row);
    // Says why an item failed in which no step did.
    if (row.status === "failed" && isOwnerOf(row)) continue;
    assert(!final.has(key), `${key} is recorded twice`);
    final.set(key, row);
  }
  for (const [key, row] of final) judgeStep(key, row, expected.steps.get(key), played, final);
  judgeAttempts(played, expected.steps, steps, final);
  const hasUndone = judgeUndo(played);
  if (cancelled) {
    const statuses = hasUndone && flow.graph.settings?.compensateOnCancel
      ? ["compensated", "compensation_failed"]
      : ["cancelled"];
    assert([...statuses, "compensation_failed"].includes(run.status), `${run.status} instead of ${statuses}`);
    return;
  }
  const status = run.status.startsWith("compensat") ? "failed" : run.status;
  const end = { status, output: run.output, error: run.error };
  const fitting = expected.ends.filter(({ status, output, error }) => equal(end, { status, output, error }));
  if (fitting.length === 0) assertEquals<unknown>(end, expected.ends, "The end of the run");
  assert(fitting.some(({ node }) => node === null || final.has(node)), "What ended the run is not recorded");
  if (expected.ends.every(({ everything }) => everything)) {
    const needed = [...expected.steps].filter(([key, { optional, status }]) =>
      final.has(key) || !(optional || (status === "skipped" && wasThrough(key, played)))
    );
    assertEquals([...final.keys()].toSorted(), needed.map(([key]) => key).toSorted(), "The steps");
  }
  if (takenOver !== null) {
    assert(steps.length > 0 || expected.steps.size === 0 || status === "failed", "A retry did nothing");
  }
}

function isOwnerOf({ node_id, scope }: StepRow): boolean {
  return new RegExp(`(^|/)${node_id}\\.\\d+$`).test(scope);
}

function judgeStep(
  key: string,
  { status, output, error, node_id, scope }: StepRow,
  expected: ExpectedStep | undefined,
  { flow, expected: { steps }, takenOver }: Played,
  final: Map<string, StepRow>,
): void {
  assert(expected !== undefined, `${key} has no business to be there`);
  const wanted = { status: expected.status, output: expected.any ? output : expected.output, error: expected.error };
  assertEquals<unknown>({ status, output, error }, wanted, `The step ${key}`);
  // Whatever led to it is recorded too; a retry takes over what was done, and finds again what was skipped.
  if (takenOver?.has(key)) return;
  const node = flow.graph.nodes.find(({ id }) => id === node_id);
  // A break is taken over too, and then done again.
  if (takenOver !== null && node?.type === "logic.loop.break") return;
  if (isOwnerOf({ node_id, scope } as StepRow) || isRacing(node)) return;
  for (const source of beforeOf(flow, node_id)) {
    const before = steps.get(keyOf(source, scope));
    if (before === undefined || before.optional || (takenOver !== null && before.status === "skipped")) continue;
    assert(final.has(keyOf(source, scope)), `${key} without ${source}`);
  }
}

/** The nodes that lead to a node in the same body. */
function beforeOf({ graph, inside }: RandomFlow, id: string): string[] {
  return graph.edges.filter(({ target, source }) => target === id && inside[source] === inside[id] && source !== id)
    .map(({ source }) => source);
}

function judgeAttempts(
  { takenOver, exact }: Pick<Played, "takenOver" | "exact">,
  expected: Map<string, ExpectedStep>,
  steps: StepRow[],
  final: Map<string, StepRow>,
): void {
  for (const [key, { retried }] of expected) {
    const attempts = steps.filter((row) => nameOf(row) === key && row.status === "retried");
    const last = final.get(key)?.attempt ?? Infinity;
    assert(attempts.every(({ attempt }) => attempt < last), `${key} was tried again after its end`);
    if (!exact || takenOver?.has(key)) {
      assert(attempts.every(({ error }) => retried.some(({ code }) => code === error?.code)), `${key} retried`);
    } else if (final.has(key)) {
      assertEquals<unknown>(attempts.map(({ error }) => error), retried, `The attempts of ${key}`);
      assertEquals(last, retried.length + 1, `The attempts of ${key}`);
    }
  }
}

/** What was done and can be undone was undone, the newest first, if the run failed. Tells whether there was any. */
function judgeUndo(played: Played): boolean {
  const { flow, expected, run, steps, cancelled, exact } = played;
  const undoable = new Set(flow.graph.nodes.filter(({ data }) => data?.undo !== undefined).map(({ id }) => id));
  const done = steps.filter(({ node_id, status }) => undoable.has(node_id) && status === "completed");
  const rows = steps.filter(({ node_id }) => node_id.startsWith("undo:"));
  const undone = rows.filter(({ status }) => status !== "retried")
    .map((row) => ({ ...row, node_id: row.node_id.slice("undo:".length) }));
  if (!run.status.startsWith("compensat")) {
    assertEquals(rows.map(nameOf), [], "Nothing is to be undone");
    assert(run.status !== "failed" || done.length === 0, "What was done is not undone");
    return done.length > 0;
  }
  assert(done.length > 0, "There is nothing to be undone");
  // Somebody cancelled it in the middle of that.
  if (cancelled && run.status === "compensation_failed" && undone.length < done.length) return true;
  assertEquals(undone.map(nameOf).toSorted(), done.map(nameOf).toSorted(), "What is undone");
  const finished = new Map(done.map((row) => [nameOf(row), row.finished_at.getTime()]));
  const order = undone.toSorted((a, b) => a.finished_at.getTime() - b.finished_at.getTime());
  for (const [index, row] of order.entries()) {
    const next = order[index + 1];
    if (next === undefined || next.finished_at.getTime() === row.finished_at.getTime()) continue;
    assert((finished.get(nameOf(row)) ?? 0) >= (finished.get(nameOf(next)) ?? 0), `${nameOf(row)} is undone too early`);
  }
  for (const row of undone) {
    const { status, output, error } = row;
    const { retried: _, ...wanted } = expected.undo.get(nameOf(row)) ?? { retried: [] };
    assertEquals<unknown>({ status, output, error }, wanted, `What undoes ${nameOf(row)}`);
  }
  if (exact) {
    const attempts = rows.map((row) => ({ ...row, node_id: row.node_id.slice("undo:".length) }));
    const lasts = new Map<string, StepRow>(undone.map((row) => [nameOf(row), row]));
    judgeAttempts({ takenOver: null, exact }, expected.undo, attempts, lasts);
  }
  const failed = undone.some(({ status }) => status === "failed");
  if (!cancelled) assertEquals(run.status, failed ? "compensation_failed" : "compensated");
  return true;
}

/** Looks at the calls of the email service: none too early, none for nothing, none too many. */
export function judgeCalls({ flow, expected, takenOver, run, steps, exact }: Played, journal: Journal): void {
  const calls = Map.groupBy(
    journal.calls.filter(({ key }) => key.startsWith(run.id) && !key.includes(":undo:")),
    ({ key }) => key.slice(run.id.length + 1),
  );
  for (const [place, made] of calls) {
    const [id = "", scope = ""] = place.split(":");
    const key = keyOf(id, scope);
    const step = expected.steps.get(key);
    assert(step !== undefined && step.status !== "skipped", `${key} was called and must not run`);
    assert(!takenOver?.has(key), `${key} was called although it was done before the retry`);
    for (const before of effectsBefore(flow, expected, id, scope)) {
      if (takenOver?.has(keyOf(before, scope))) continue;
      const recorded = journal.committed.get([run.id, before, scope].filter((part) => part !== "").join(":")) ??
        Infinity;
      assert(made.every(({ at }) => at >= recorded), `${key} was called before ${before} was recorded`);
    }
    const rows = steps.filter((row) => nameOf(row) === key);
    if (flow.graph.nodes.find((node) => node.id === id)?.data?.delivery === "at_most_once") {
      const known = rows.filter(({ status }) => status === "retried" || status === "unknown").length;
      assert(made.length <= known + 1, `${key} was repeated although nobody knew what it had done`);
    }
    if (!exact) continue;
    assert(made.length <= step.retried.length + 1, `${key} was called ${made.length} times`);
    // Otherwise the run may have ended while the service was asked.
    if (!rows.some(({ status }) => status !== "retried" && status !== "unknown")) continue;
    assertEquals(made.length, step.retried.length + 1, `The calls of ${key}`);
  }
}

/** The effects in the same body that have to be recorded before a node may have its own. */
function effectsBefore(flow: RandomFlow, expected: Expected, id: string, scope: string): Set<string> {
  const before = new Set([id]);
  for (const node of before) {
    if (isRacing(flow.graph.nodes.find((other) => other.id === node))) continue;
    for (const source of beforeOf(flow, node)) if (expected.steps.has(keyOf(source, scope))) before.add(source);
  }
  before.delete(id);
  const isEffect = (other: string) =>
    flow.graph.nodes.find((node) => node.id === other)?.type === "communication.email" &&
    expected.steps.get(keyOf(other, scope))?.status !== "skipped";
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

/** Whether a retry found a region around a step through: then nobody goes into it again to skip what was skipped. */
function wasThrough(key: string, { flow, takenOver }: Played): boolean {
  if (takenOver === null) return false;
  const segments = key.includes("@") ? key.slice(key.indexOf("@") + 1).split("/") : [];
  return segments.some((segment, depth) => {
    const owner = segment.slice(0, segment.lastIndexOf("."));
    return takenOver.has(keyOf(flow.collectors[owner] ?? owner, segments.slice(0, depth).join("/")));
  });
}
