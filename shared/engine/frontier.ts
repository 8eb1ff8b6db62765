/**
 * What happens next on a plan: where live and dead ways lead, which joins they answer. Pure: no clock, no I/O, no node
 * is run here.
 *
 * @module
 */
import type { Plan, PlanEdge, PlanNode } from "../graph/mod.ts";
import { tokenReads } from "./token_reads.ts";
import type { Arrival, JobPayload, TokenTarget } from "./types.ts";

/** A node that is to be run or, when no way to it is live, to be skipped. */
export interface Position {
  node: PlanNode;
  /** False = every way to it is dead. */
  live: boolean;
  /** For a join that runs: the slots over which the run came; null elsewhere. */
  slots: number[] | null;
  /** What the token brought that stands here, or what it would have brought. */
  payload?: JobPayload;
}

/** Answers to a join that this frontier has seen. */
interface JoinAnswers {
  node: PlanNode;
  live: number[];
  dead: number[];
}

/**
 * The edge between what is done and what is not, for one token. Nodes are taken off, their out-edges are answered, and
 * the nodes those lead to come on. A join comes on when all its answers are in; answers to a join that still lacks some
 * are handed over as arrivals, to meet the others in Postgres. A frontier stays in one scope: into a region and out of
 * it the way leads through Postgres.
 */
export class Frontier {
  readonly #plan: Plan;
  #ready: Position[] = [];
  readonly #joins = new Map<number, JoinAnswers>();

  /** @param plan The plan of the run. */
  constructor(plan: Plan) {
    this.#plan = plan;
  }

  /**
   * The frontier of a new run: its trigger is live, every other trigger is dead, so that branches which can not come
   * answer their joins all the same.
   */
  static begin(plan: Plan, trigger: PlanNode): Frontier {
    const frontier = new Frontier(plan);
    for (const index of plan.triggers) {
      const node = plan.nodes[index];
      if (node !== undefined) frontier.#ready.push({ node, live: node === trigger, slots: null });
    }
    return frontier;
  }

  /** The frontier of a token that stands at a node. */
  static at(plan: Plan, node: PlanNode, payload: JobPayload = {}): Frontier {
    const frontier = new Frontier(plan);
    frontier.#ready.push({ node, live: payload.dead !== true, slots: payload.live ?? null, payload });
    return frontier;
  }

  /** Takes the next position off: dead ones first, since they cost nothing and may complete joins. */
  take(): Position | undefined {
    const dead = this.#ready.findIndex((position) => !position.live);
    return this.#ready.splice(dead === -1 ? 0 : dead, 1)[0];
  }

  /**
   * Answers the out-edges of a node, those into the region that it opens excepted; `isLive` says which of them the run
   * follows.
   */
  answer(node: PlanNode, isLive: (edge: PlanEdge) => boolean): void {
    for (const edge of node.out) if (!edge.body) this.#deliver(edge, isLive(edge));
  }

  /** Goes into the region that a node opens. */
  enter(owner: PlanNode, isLive: (edge: PlanEdge) => boolean): void {
    for (const edge of owner.out) if (edge.body) this.#deliver(edge, isLive(edge));
  }

  /** Answers for a node that is not run. */
  skip(node: PlanNode): void {
    this.#skipCollector(node);
    this.answer(node, () => false);
  }

  /** Goes on behind the region of a node when nothing goes into it. */
  closeEmpty(owner: PlanNode): void {
    const node = this.#collectorOf(owner) ?? owner;
    this.#ready.push({ node, live: true, slots: null, payload: { close: { total: 0, completed: 0, failed: 0 } } });
  }

  /**
   * Goes on behind a splitter that has failed: its collector has nothing to collect, or is left out when the error has a
   * way of its own.
   */
  giveUp(splitter: PlanNode, handles: string[] | null): void {
    if (handles === null) this.closeEmpty(splitter);
    else this.#skipCollector(splitter);
  }

  /** Goes on behind a splitter that is not run any more, its collector neither: both are recorded. */
  pass(owner: PlanNode): void {
    const collector = this.#collectorOf(owner);
    if (collector !== undefined) this.#ready.push({ node: collector, live: true, slots: null });
  }

  /** Answers to joins that need more than this frontier has. */
  arrivals(): Arrival[] {
    return [...this.#joins.values()].map(({ node, live, dead }) => ({
      node: node.id,
      expects: node.in,
      ...(node.need !== undefined && { need: node.need }),
      live,
      dead,
      reads: tokenReads(this.#plan, node),
    }));
  }

  /** Leaves the collector of a splitter out, if the node is one. */
  #skipCollector(node: PlanNode): void {
    const collector = this.#collectorOf(node);
    if (collector !== undefined) this.#ready.push({ node: collector, live: false, slots: null });
  }

  /** The collector that closes the region of a splitter. */
  #collectorOf(owner: PlanNode): PlanNode | undefined {
    const closer = owner.opens === undefined ? undefined : this.#plan.regions[owner.opens]?.closer;
    return closer === undefined || closer === owner.index ? undefined : this.#plan.nodes[closer];
  }

  #deliver(edge: PlanEdge, live: boolean): void {
    const node = this.#plan.nodes[edge.to];
    // What comes to an exit of its region has come to its end.
    if (node === undefined || edge.exit) return;
    if (node.in === 1) {
      this.#ready.push({ node, live, slots: [0] });
      return;
    }
    const answers = this.#joins.get(node.index) ?? { node, live: [], dead: [] };
    (live ? answers.live : answers.dead).push(edge.slot);
    this.#joins.set(node.index, answers);
    if (answers.live.length + answers.dead.length === node.in) {
      this.#joins.delete(node.index);
      const slots = answers.live.sort((a, b) => a - b).slice(0, node.need);
      this.#ready.push({ node, live: slots.length >= (node.need ?? 1), slots });
    }
  }
}

/** A position as a token that stands there. */
export function toTarget(plan: Plan, position: Position, keep: boolean): TokenTarget {
  const { node, live, slots } = position;
  const payload: JobPayload = !live ? { dead: true } : {
    ...(node.in > 1 && slots !== null && { live: slots }),
    // The worker that keeps it runs it next: what it is about to do is written down with that.
    ...(keep && node.delivery === "at_most_once" && { intent: 1 }),
  };
  return {
    node: node.id,
    reads: tokenReads(plan, node),
    keep,
    ...(Object.keys(payload).length > 0 && { payload }),
  };
}

/** The trigger node at which a run starts; undefined when the flow has none that fits. */
export function findTrigger(plan: Plan, kind: string, nodeId?: string): PlanNode | undefined {
  const triggers = plan.triggers.map((index) => plan.nodes[index]).filter((node) => node !== undefined);
  if (nodeId !== undefined) return triggers.find((node) => node.id === nodeId);
  return triggers.find((node) => node.type === `trigger.${kind}`) ?? triggers[0];
}
