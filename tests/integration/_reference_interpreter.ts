/**
 * What a run of a flow has to give, found the simple way: the whole graph in memory, one node after the other, a body by
 * recursion; no tokens, no checkpoints, no workers, no compiled plan. It shares with the engine what is not under test
 * here: the expressions and what a single node does.
 *
 * @module
 */
import {
  evaluateCondition,
  ExpressionBudget,
  type ExpressionScope,
  type GraphEdge,
  type GraphNode,
  type Json,
} from "../../shared/graph/mod.ts";
import type { StepError } from "../../shared/engine/mod.ts";
import type { ItemResult, NodeResult, RegionOpening } from "../../shared/nodes/mod.ts";
import { Ambiguous, type Expected, type ExpectedStep, keyOf } from "./_expected.ts";
import type { RandomFlow } from "./_random_flow.ts";
import {
  allSame,
  firstHandle,
  isRacing,
  isTrigger,
  outputOf,
  reachableNodes,
  stopEnd,
  toleratedBy,
  toStepError,
} from "./_reference_flow.ts";
import { asStored, type NodeRun, runReferenceNode, toFailure } from "./_reference_node.ts";

/** One body and one of its items, or all that is in no body. */
interface Level {
  owner: GraphNode | null;
  scope: string;
  see: ExpressionScope;
}

/** What came of it. */
interface Outcome {
  fails: StepError[];
  /** By the node that gave it: the place of its first exit, and the value. */
  exits: Map<string, { edge: number; output: Json }>;
  stops: boolean;
  broke: boolean;
}

/** How one node went. */
interface Done {
  step: ExpectedStep;
  /** The edges that are followed; null when the run or the item ends here. */
  live: Set<GraphEdge> | null;
  result?: NodeResult;
}

/** Interprets a flow. Throws {@linkcode Ambiguous}. */
export async function interpret(flow: RandomFlow): Promise<Expected> {
  const interpreter = new Interpreter(flow);
  await interpreter.run();
  return interpreter.expected;
}

class Interpreter {
  readonly expected: Expected = { steps: new Map(), undo: new Map(), ends: [] };
  readonly #flow: RandomFlow;
  readonly #nodes: Map<string, GraphNode>;
  readonly #edges: GraphEdge[];
  readonly #input: Json;

  constructor(flow: RandomFlow) {
    this.#flow = flow;
    this.#nodes = reachableNodes(flow);
    this.#edges = [...flow.graph.edges, ...flow.impliedExits].filter((edge) => this.#nodes.has(edge.source));
    this.#input = asStored(flow.input);
  }

  async run(): Promise<void> {
    const triggers = [...this.#nodes.values()].filter(isTrigger).toSorted((a, b) => a.id < b.id ? -1 : 1);
    const start = this.#flow.triggerNode ?? (triggers.find(({ type }) => type === "trigger.manual") ?? triggers[0])?.id;
    const see: ExpressionScope = {
      trigger: this.#input,
      steps: start === undefined ? {} : { [start]: { output: this.#input } },
      run: { id: "", started_at: "", attempt: 1 },
      flow: { id: "", name: "" },
    };
    await this.#level({ owner: null, scope: "", see }, start);
    const { steps, ends } = this.expected;
    if (ends.length > 0) return;
    // Nothing ended the run: its output is that of its only last step.
    const last = [...steps].filter(([key, { status }]) => {
      const node = this.#nodes.get(key);
      return status === "completed" && node?.type !== "logic.splitter" && node !== undefined &&
        this.#edges.every((edge) => edge.source !== key || this.#isBody(edge));
    });
    const output = last.length === 1 ? last[0]?.[1].output ?? null : null;
    ends.push({ status: "completed", output, error: null, node: null, everything: true });
  }

  /** Runs what is in a body, or in none. */
  async #level(level: Level, start?: string): Promise<Outcome> {
    const answers = new Map<GraphEdge, boolean>();
    const outcome: Outcome = { fails: [], exits: new Map(), stops: false, broke: false };
    const answer = (edge: GraphEdge, live: boolean, source: string) => {
      if (!this.#isExit(edge)) answers.set(edge, live);
      else if (live && !outcome.exits.has(source)) {
        outcome.exits.set(source, { edge: this.#edges.indexOf(edge), output: outputOf(level.see, source) });
      }
    };
    if (level.owner !== null) {
      const body = this.#edges.filter((edge) => edge.source === level.owner?.id && this.#isBody(edge));
      try {
        const live = this.#live(body, level.see, null);
        for (const edge of body) answer(edge, live.has(edge), level.owner.id);
      } catch (error) {
        const { code, message } = toFailure(error);
        outcome.fails.push({ code, message });
        return outcome;
      }
    }
    const waiting = new Map([...this.#nodes].filter(([id]) => this.#flow.inside[id] === level.owner?.id));
    const collectors = new Set(Object.values(this.#flow.collectors));
    for (;;) {
      const node = [...waiting.values()].find((node) =>
        !collectors.has(node.id) &&
        (this.#into(node.id).every((edge) => answers.has(edge)) || (isRacing(node) && this.#isLive(node, answers)))
      );
      // Whatever still waits stands behind something that ends the run, or the item.
      if (node === undefined) return outcome;
      waiting.delete(node.id);
      const isLive = isTrigger(node) ? node.id === start : this.#isLive(node, answers);
      const [last, done] = await this.#node(node, level, isLive, answers, outcome);
      if (done.live === null) continue;
      for (const edge of this.#edges) {
        if (edge.source === last.id && !this.#isBody(edge)) answer(edge, done.live.has(edge), last.id);
      }
    }
  }

  /** Runs a node, and with a splitter what follows up to its collector. Gives the node that the run goes on behind. */
  async #node(
    node: GraphNode,
    level: Level,
    isLive: boolean,
    answers: Map<GraphEdge, boolean>,
    outcome: Outcome,
  ): Promise<[GraphNode, { live: Set<GraphEdge> | null }]> {
    if (isTrigger(node)) return [node, this.#trigger(node, level, isLive)];
    const inputs = this.#inputs(node, level, answers);
    let done = isLive ? await this.#run(node, level, { inputs }, outcome) : this.#skip(node, level);
    let last = node;
    const collector = this.#nodes.get(this.#flow.collectors[node.id] ?? "");
    if (collector !== undefined) {
      // A splitter that has failed and goes on sends nothing in.
      const region = done.result?.open === undefined && done.step.status === "failed" ? { total: 0, items: [] } : null;
      if (done.live === null) return [node, done];
      last = collector;
      if (!isLive || (region !== null && node.data?.onError === "branch")) return [last, this.#skip(collector, level)];
      if (region !== null) return [last, await this.#run(collector, level, { region }, outcome)];
    }
    let opening = done.result?.open;
    const items: ItemResult[] = [];
    while (opening !== undefined) {
      const { gone, error, broke } = await this.#items(node, last, level, opening, items, outcome);
      if (gone) return [last, { live: null }];
      if (error !== undefined) return [last, this.#fail(last, level, error, [], outcome)];
      const more = opening.more && !broke && opening.items.length > 0;
      const again = more ? { index: items.length - 1, last: items.at(-1)?.value ?? null } : null;
      const region = more ? null : { total: items.length, items };
      done = await this.#run(last, level, { again, region }, outcome);
      opening = done.result?.open;
    }
    return [last, done];
  }

  /** Sends items into a body. `error` = more of them failed than may; `gone` = the run has ended inside. */
  async #items(
    owner: GraphNode,
    closer: GraphNode,
    level: Level,
    { items, window, more }: RegionOpening,
    results: ItemResult[],
    outer: Outcome,
  ): Promise<{ gone?: boolean; error?: StepError; broke?: boolean }> {
    const prefix = level.scope === "" ? owner.id : `${level.scope}/${owner.id}`;
    const tolerated = toleratedBy(closer, items.length);
    const errors: StepError[] = [];
    let gone = false;
    for (const item of items) {
      const index = results.length;
      const scope = `${prefix}.${index}`;
      const output = { item: asStored(item), count: more ? null : items.length, index };
      const steps = { ...level.see.steps, [owner.id]: { output } };
      const see: ExpressionScope = { ...level.see, steps, item: output.item, index };
      // For those who come after; nothing is left of it when nobody does.
      const begun: ExpectedStep = { status: "completed", output, error: null, retried: [], optional: true };
      this.expected.steps.set(keyOf(owner.id, scope), begun);
      const inner = await this.#level({ owner, scope, see });
      if (inner.fails.length > 0) this.#mayBe(scope);
      if (inner.fails.length > 0 && (inner.stops || inner.broke || !allSame(inner.fails))) throw new Ambiguous();
      const [error] = inner.fails;
      const values = [...inner.exits.values()].toSorted((a, b) => a.edge - b.edge).map((exit) => exit.output);
      if (error !== undefined) results.push({ index, status: "failed", error });
      else if (values.length === 0) results.push({ index, status: "skipped" });
      else results.push({ index, status: "completed", value: values.length === 1 ? values[0] ?? null : values });
      if (error !== undefined) errors.push(error);
      gone ||= inner.stops;
      if (inner.broke && owner.type === "logic.boundary") outer.broke = true;
      else if (inner.broke) return { gone, broke: true };
      if (window === 1 && (gone || errors.length > tolerated)) break;
    }
    if (gone) outer.stops = true;
    if (gone && errors.length > 0) throw new Ambiguous();
    if (errors.length <= tolerated) return { gone };
    this.#mayBe(prefix);
    if (!allSame(errors)) throw new Ambiguous();
    return { ...(errors[0] !== undefined && { error: errors[0] }) };
  }

  /** Whether steps in a scope and below are done, chance decides. */
  #mayBe(prefix: string): void {
    for (const [key, step] of this.expected.steps) {
      const scope = key.split("@")[1] ?? "";
      if (scope === prefix || scope.startsWith(`${prefix}/`) || scope.startsWith(`${prefix}.`)) step.optional = true;
    }
  }

  #trigger(node: GraphNode, { see }: Level, isLive: boolean): { live: Set<GraphEdge> | null } {
    if (!isLive) return { live: new Set() };
    try {
      return { live: this.#live(this.#edges.filter((edge) => edge.source === node.id), see, null) };
    } catch (error) {
      const { code, message } = toFailure(error);
      this.expected.ends.push({
        status: "failed",
        output: null,
        error: { code, message },
        node: null,
        everything: false,
      });
      return { live: null };
    }
  }

  #skip(node: GraphNode, { scope }: Level): Done {
    const step: ExpectedStep = { status: "skipped", output: null, error: null, retried: [] };
    this.expected.steps.set(keyOf(node.id, scope), step);
    return { step, live: new Set() };
  }

  /** Runs a node until it is done, as often as its policy says. */
  async #run(node: GraphNode, level: Level, given: Omit<NodeRun, "see" | "input">, outcome: Outcome): Promise<Done> {
    const key = keyOf(node.id, level.scope);
    const attempt = runReferenceNode(node, node.id, this.#flow, { ...given, see: level.see, input: this.#input });
    const { result, error, retried } = await attempt;
    if (error !== undefined) return this.#fail(node, level, error, retried, outcome);
    const output = asStored(result.output);
    const step: ExpectedStep = { status: "completed", output, error: null, retried };
    if (isRacing(node)) step.any = true;
    if (result.open !== undefined) {
      // A splitter is done with that, the others when they close.
      if (this.#flow.collectors[node.id] !== undefined) this.expected.steps.set(key, step);
      return { step, live: new Set(), result };
    }
    level.see.steps[node.id] = { output };
    if (result.break) outcome.broke = true;
    if (result.stop !== undefined) {
      outcome.stops = true;
      this.expected.ends.push(stopEnd(node, key, output, result.stop));
    }
    try {
      const live = this.#live(this.#out(node), level.see, result.handles ?? null);
      this.expected.steps.set(key, step);
      if (node.data?.undo !== undefined) await this.#undo(node, key, level);
      return { step, live: result.stop === undefined ? live : null, result };
    } catch (error) {
      return this.#fail(node, level, toStepError(error, node), retried, outcome);
    }
  }

  async #undo(node: GraphNode, key: string, { see }: Level): Promise<void> {
    const { type, config = {}, retry = {} } = node.data?.undo ?? { type: "" };
    const undo: GraphNode = { id: `undo:${node.id}`, type, data: { config, retry } };
    const { result, error = null, retried } = await runReferenceNode(undo, undo.id, this.#flow, {
      see,
      input: this.#input,
    });
    const status = error === null ? "completed" : "failed";
    this.expected.undo.set(key, { status, output: error === null ? asStored(result.output) : null, error, retried });
  }

  #fail(node: GraphNode, level: Level, error: StepError, retried: StepError[], outcome: Outcome): Done {
    const key = keyOf(node.id, level.scope);
    const step: ExpectedStep = { status: "failed", output: null, error, retried };
    this.expected.steps.set(key, step);
    const onError = node.data?.onError ?? (node.type === "logic.boundary" ? "branch" : "stop");
    if (onError !== "stop") {
      const output = asStored({ error: { ...error } });
      level.see.steps[node.id] = { output };
      try {
        const live = this.#live(this.#out(node), level.see, onError === "branch" ? ["error"] : null);
        step.output = output;
        return { step, live };
      } catch {
        // It ends as if nobody took care of the failure.
      }
    }
    if (level.owner === null) {
      this.expected.ends.push({ status: "failed", output: null, error, node: key, everything: false });
    } else outcome.fails.push(error);
    return { step, live: null };
  }

  /** Which of some edges are followed. */
  #live(edges: GraphEdge[], see: ExpressionScope, handles: string[] | null): Set<GraphEdge> {
    return new Set(edges.filter((edge) => {
      const handle = edge.sourceHandle ?? firstHandle(this.#nodes.get(edge.source)?.type);
      if (handles === null ? handle === "error" : !handles.includes(handle)) return false;
      const condition = edge.data?.condition;
      return condition === undefined || evaluateCondition(condition, see, new ExpressionBudget());
    }));
  }

  /** The edges that lead on from a node, those into its body excepted. */
  #out(node: GraphNode): GraphEdge[] {
    return this.#edges.filter((edge) => edge.source === node.id && !this.#isBody(edge));
  }

  /** The edges that a node waits for. */
  #into(id: string): GraphEdge[] {
    return this.#edges.filter((edge) => edge.target === id && !this.#isExit(edge));
  }

  #isLive(node: GraphNode, answers: Map<GraphEdge, boolean>): boolean {
    const live = this.#into(node.id).filter((edge) => answers.get(edge)).length;
    const wait = node.type === "logic.merge" ? node.data?.config?.wait as Json ?? "all" : "all";
    const least = typeof wait === "object" && wait !== null && !Array.isArray(wait) ? Number(wait.atLeast) : 1;
    return live >= least;
  }

  /** Outputs of those that the run came from, in the order of the edges. */
  #inputs(node: GraphNode, { see }: Level, answers: Map<GraphEdge, boolean>): { nodeId: string; output: Json }[] {
    if (node.type !== "logic.merge") return [];
    const live = this.#into(node.id).filter((edge) => answers.get(edge));
    return live.map(({ source }) => ({ nodeId: source, output: outputOf(see, source) }));
  }

  #isBody(edge: GraphEdge): boolean {
    const type = this.#nodes.get(edge.source)?.type ?? "";
    return type === "logic.splitter" ? edge.sourceHandle !== "error" : edge.sourceHandle === "body";
  }

  #isExit(edge: GraphEdge): boolean {
    const owner = this.#isBody(edge) ? edge.source : this.#flow.inside[edge.source];
    return owner !== undefined && edge.target === (this.#flow.collectors[owner] ?? owner);
  }
}
