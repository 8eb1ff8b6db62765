/**
 * What happens next on a plan: where live and dead ways lead, which joins they answer. Pure: no clock, no I/O, no node
 * is run here.
 *
 * @module
 */
import type { Plan, PlanEdge, PlanNode } from "../graph/mod.ts";
import { tokenReads } from "./token_reads.ts";
import type { Arrival, TokenTarget } from "./types.ts";

/** A node that is to be run or, when no way to it is live, to be skipped. */
export interface Position {
  node: PlanNode;
  /** False = every way to it is dead. */
  live: boolean;
  /** For a join that runs: the slots over which the run came; null elsewhere. */
  slots: number[] | null;
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
 * are handed over as arrivals, to meet the others in Postgres.
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
  static at(plan: Plan, node: PlanNode, payload?: { live?: number[]; dead?: boolean }): Frontier {
    const frontier = new Frontier(plan);
    frontier.#ready.push({ node, live: payload?.dead !== true, slots: payload?.live ?? null });
    return frontier;
  }

  /** Takes the next position off: dead ones first, since they cost nothing and may complete joins. */
  take(): Position | undefined {
    const dead = this.#ready.findIndex((position) => !position.live);
    return this.#ready.splice(dead === -1 ? 0 : dead, 1)[0];
  }

  /** Answers all out-edges of a node; `isLive` says which of them the run follows. */
  answer(node: PlanNode, isLive: (edge: PlanEdge) => boolean): void {
    for (const edge of node.out) this.#deliver(edge, isLive(edge));
  }

  /** Answers to joins that need more than this frontier has. */
  arrivals(): Arrival[] {
    return [...this.#joins.values()].map(({ node, live, dead }) => ({
      node: node.id,
      expects: node.in,
      live,
      dead,
      reads: tokenReads(this.#plan, node),
    }));
  }

  #deliver(edge: PlanEdge, live: boolean): void {
    const node = this.#plan.nodes[edge.to];
    if (node === undefined) return;
    if (node.in === 1) {
      this.#ready.push({ node, live, slots: [0] });
      return;
    }
    const answers = this.#joins.get(node.index) ?? { node, live: [], dead: [] };
    (live ? answers.live : answers.dead).push(edge.slot);
    this.#joins.set(node.index, answers);
    if (answers.live.length + answers.dead.length === node.in) {
      this.#joins.delete(node.index);
      const slots = answers.live.sort((a, b) => a - b);
      this.#ready.push({ node, live: slots.length > 0, slots });
    }
  }
}

/** A position as a token that stands there. */
export function toTarget(plan: Plan, position: Position, keep: boolean): TokenTarget {
  const { node, live, slots } = position;
  return {
    node: node.id,
    reads: tokenReads(plan, node),
    keep,
    ...(!live ? { payload: { dead: true } } : node.in > 1 && slots !== null ? { payload: { live: slots } } : {}),
  };
}

/** The trigger node at which a run starts; undefined when the flow has none that fits. */
export function findTrigger(plan: Plan, kind: "manual" | "webhook", nodeId?: string): PlanNode | undefined {
  const triggers = plan.triggers.map((index) => plan.nodes[index]).filter((node) => node !== undefined);
  if (nodeId !== undefined) return triggers.find((node) => node.id === nodeId);
  return triggers.find((node) => node.type === `trigger.${kind}`) ?? triggers[0];
}
