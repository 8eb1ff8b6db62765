/**
 * Random configs of nodes, and the expressions in them.
 *
 * @module
 */
import type { GraphNodeData, Json, JsonObject } from "../../shared/graph/mod.ts";
import type { Random } from "./_random.ts";

/** What the email service does with the calls of one node. */
export interface Behaviour {
  /** How many calls fail first, in a way that may be tried again. */
  failures: number;
  /** What becomes of the others. */
  then: "sent" | "refused";
}

/** How often what happens in a flow. */
export interface Temper {
  forks: number;
  effects: number;
  /** Effects that fail. */
  faults: number;
  /** Expressions that may not be evaluable. */
  risks: number;
  stops: number;
  regions: number;
  waits: number;
  /** Effects that something undoes. */
  undos: number;
}

/** Where a config stands. */
export interface Place {
  /** Steps that are done before. */
  readable: string[];
  /** The owner of the innermost region; null outside. */
  owner: string | null;
}

/** The attempts that outlast every loss of a test. */
const PLENTY = 20;

/** Draws configs. */
export class RandomConfig {
  /** By node id, `undo:` before it for what undoes the node. */
  readonly behaviours: Record<string, Behaviour> = {};
  readonly #random: Random;
  readonly #temper: Temper;
  /** Whether attempts may be lost with their workers: policies that could be used up by that are not drawn then. */
  readonly #losses: boolean;

  constructor(random: Random, temper: Temper, losses: boolean) {
    this.#random = random;
    this.#temper = temper;
    this.#losses = losses;
  }

  /** The data of a node. */
  data(id: string, type: string, place: Place): GraphNodeData {
    const random = this.#random;
    const onError = random.pick(["stop", "continue", "branch"] as const);
    // A stop that were never reached would end nothing.
    const common = random.chance(0.7) ? { onError } : {};
    switch (type) {
      case "communication.email":
        return {
          config: this.#mail(place),
          ...common,
          retry: this.#retry(id),
          ...(random.chance(0.1) && { delivery: "at_most_once" as const }),
          ...(random.chance(this.#temper.undos) && { undo: this.#undo(id, place) }),
        };
      case "logic.if":
        return { config: { condition: `{{ ${this.condition(place)} }}` }, ...common };
      case "logic.switch":
        return { config: this.#switch(place), ...common };
      case "logic.merge":
        return { config: { combine: random.pick(["append", "by_node", "by_position"]) }, ...common };
      case "logic.stop":
        return { config: this.#stop(place), ...common };
      case "logic.wait":
        return { config: this.#wait(id) };
      case "logic.loop.break":
        return {};
      case "action.transform":
        return { config: this.#transform(place), ...common };
      default:
        return { config: this.#region(type, place), ...common };
    }
  }

  /** The config of a collector. */
  collector(): JsonObject {
    const random = this.#random;
    return { policy: random.pick<Json>(["all", "all_settled", { atLeast: 1 + random.below(3) }]) };
  }

  /** An expression that is true or false. */
  condition(place: Place): string {
    const random = this.#random;
    if (random.chance(0.3)) return random.pick(["trigger.flag", "trigger.n > 3", "trigger.n % 2 == 0", "true"]);
    return `${this.#number(place)} ${random.pick([">", "<", "!="])} ${random.below(6)}`;
  }

  #transform(place: Place): JsonObject {
    const random = this.#random;
    const fields: JsonObject = { s: random.pick(["x", "{{ trigger.name }}", "at {{ trigger.n }}"]) };
    if (random.chance(0.8)) fields.n = `{{ ${this.#number(place)} }}`;
    if (random.chance(0.3)) fields["deep.er"] = `{{ ${this.#any(place)} }}`;
    if (random.chance(0.2)) fields.names = `{{ keys(trigger.nested) }}`;
    const operations: Json[] = [{ op: "set", fields }];
    if (random.chance(0.1)) operations.push({ op: "rename", fields: { s: "text.inside" } });
    if (random.chance(this.#temper.risks)) operations.push({ op: "sort" });
    return { operations, ...(random.chance(0.1) && { input: `{{ ${this.#any(place)} }}` }) };
  }

  #mail(place: Place): JsonObject {
    const random = this.#random;
    return {
      to: random.pick<Json>(["ada@example.com", ["ada@example.com", "bo@example.com"]]),
      // Empty for one of the names: a config that only the run finds invalid.
      subject: random.chance(this.#temper.risks) ? "{{ trigger.name }}" : "Hello {{ trigger.name }}",
      text: `${random.pick(["See", "Read"])} {{ ${this.#any(place)} }}, {{ ${this.#any(place)} }}`,
    };
  }

  #undo(id: string, { owner }: Place): NonNullable<GraphNodeData["undo"]> {
    const random = this.#random;
    const refused = random.chance(this.#temper.faults / 2);
    this.behaviours[`undo:${id}`] = { failures: random.below(2), then: refused ? "refused" : "sent" };
    const item = owner === null ? "" : ` {{ ${random.pick(["item", "index", `steps.${owner}.output.index`])} }}`;
    return {
      type: "communication.email",
      config: {
        to: "ada@example.com",
        subject: "Undo",
        text: `Not {{ steps.${id}.output.id }} {{ trigger.n }}${item}`,
      },
      retry: { maxAttempts: this.#losses ? PLENTY : 1 + random.below(3), delaySeconds: 0, jitter: false },
    };
  }

  #switch(place: Place): JsonObject {
    return {
      value: `{{ ${this.#number(place)} }}`,
      cases: [{ name: "low", operator: "less", right: 4 }, { name: "high", operator: "greater", right: 2 }],
      mode: this.#random.pick(["first", "all"]),
    };
  }

  #stop(place: Place): JsonObject {
    const random = this.#random;
    return {
      status: random.pick(["completed", "failed"]),
      ...(random.chance(0.5) && { message: "Stopped at {{ trigger.n }}" }),
      ...(random.chance(0.7) && { output: `{{ ${this.#any(place)} }}` }),
    };
  }

  #wait(id: string): JsonObject {
    const random = this.#random;
    const mode = random.pick(["duration", "duration", "signal", "callback"]);
    if (mode === "duration") return { mode, durationSeconds: random.pick([0, 0.004, 0.02]) };
    const timeout = random.chance(0.3) ? { timeoutSeconds: random.pick([30, 600]) } : {};
    return { mode, ...(mode === "signal" && { signal: `sig.${id}` }), ...timeout };
  }

  #region(type: string, place: Place): JsonObject {
    const random = this.#random;
    const items = random.pick<Json>([
      [],
      [1],
      ["a", "b"],
      [5, 2, 8],
      "{{ trigger.lines }}",
      "{{ [trigger.n, 3, 0, 1] }}",
    ]);
    // Not a list: the owner fails.
    const list = random.chance(this.#temper.risks) ? `{{ ${this.#any(place)} }}` : items;
    switch (type) {
      case "logic.splitter":
        return { items: list, maxParallel: random.pick([1, 2, 10]) };
      case "logic.loop.foreach":
        return { items: list };
      case "logic.loop.for":
        return { from: random.below(3), to: random.pick<Json>([1, 3, `{{ trigger.n / 2 }}`]), step: 1 };
      case "logic.loop.while":
        return {
          condition: random.pick([`{{ index < ${random.below(4)} }}`, `{{ index < 3 && (item.n ?? 0) < 4 }}`]),
          maxIterations: random.pick([2, 10, 10]),
        };
      default:
        return {};
    }
  }

  #retry(id: string): NonNullable<GraphNodeData["retry"]> {
    const random = this.#random;
    const outcome = random.chance(1 - this.#temper.faults) ? "sent" : random.pick(["late", "refused", "never"]);
    let maxAttempts = 1 + random.below(3);
    let failures = outcome === "sent" ? 0 : outcome === "never" ? Infinity : random.below(4);
    if (this.#losses && Number.isFinite(failures)) maxAttempts = PLENTY;
    // JSON has no infinity, and nobody tries that often.
    if (failures === Infinity) failures = 1000;
    this.behaviours[id] = { failures, then: outcome === "refused" ? "refused" : "sent" };
    return {
      maxAttempts,
      backoff: random.pick(["fixed", "exponential"]),
      delaySeconds: random.pick([0, 0.005, 0.02]),
      maxDelaySeconds: 0.02,
      jitter: random.chance(0.5),
      // Named, or every code that says of itself that it may be tried again.
      ...(random.chance(0.2) && { retryOn: ["provider_error", "node_config_invalid"] }),
      ...(failures > PLENTY && random.chance(0.2) && { retryOn: ["http_error"] }),
    };
  }

  /** Gives a number, or fails when it is a risk. */
  #number({ readable, owner }: Place): string {
    const random = this.#random;
    if (owner !== null && random.chance(0.3)) {
      return random.pick(["index", `steps.${owner}.output.index`, "(item ?? 0) == 2 ? 7 : 1", "(item.price ?? 2)"]);
    }
    if (readable.length === 0 || random.chance(0.2)) return random.pick(["trigger.n", "2", "length(trigger.lines)"]);
    const step = `steps.${random.pick(readable)}.output.n`;
    if (random.chance(this.#temper.risks)) {
      return random.pick([`(${step} + 1)`, `(6 / ${owner === null ? step : "index"})`]);
    }
    return random.pick([`(${step} ?? 1)`, `((${step} ?? 3) + trigger.n) % 7`]);
  }

  #any({ readable, owner }: Place): string {
    const random = this.#random;
    if (owner !== null && random.chance(0.3)) {
      return random.pick(["item", "index", `steps.${owner}.output`, "item.price"]);
    }
    if (readable.length === 0 || random.chance(0.2)) return random.pick(["trigger", "trigger.nested", "trigger.lines"]);
    const step = `steps.${random.pick(readable)}.output`;
    return random.pick([step, step, `${step}.s`, `${step}.deep`, `${step}.error.message`]);
  }
}
