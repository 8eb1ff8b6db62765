/**
 * Puts into words what `public.explain_run` knows about a run. Pure.
 *
 * @module
 */
import type { Run } from "../../shared/runs/mod.ts";
import { explainPlace, type TokenFacts } from "./explain_place.ts";
import type { Explanation, Place } from "./explain_schemas.ts";
import { and, count, nameOf } from "./words.ts";

/** What the database knows. */
export interface RunFacts extends Pick<Run, "id" | "status" | "error" | "deadline_at" | "finished_at" | "started_at"> {
  readonly dry_run: boolean;
  readonly now: string;
  readonly tokens: readonly TokenFacts[];
  readonly token_count: number;
  readonly joins: readonly JoinFacts[];
  readonly regions: readonly RegionFacts[];
  readonly signals: Explanation["signals"];
  readonly undone: Explanation["undone"];
  readonly steps: Readonly<Record<string, number>>;
  readonly cancelling: boolean;
}

interface JoinFacts {
  readonly node_id: string;
  readonly scope: string;
  readonly expects: number;
  readonly need: number | null;
  readonly fired: boolean;
  readonly branches: readonly { node_id: string; handle: string; state: "arrived" | "dead" | "missing" }[];
}

interface RegionFacts {
  readonly node_id: string;
  readonly scope: string;
  readonly closer: string;
  readonly total: number | null;
  readonly begun: number;
  readonly open: number;
  readonly completed: number;
  readonly failed: number;
  readonly at_once: number;
  readonly tolerate: number;
  readonly broke: boolean;
}

/** Why a run is where it is, and what it will do next. */
export function explainRun(facts: RunFacts): Explanation {
  const places = facts.tokens.map((token) => explainPlace(token, facts.status));
  const joins = facts.joins.map(explainJoin);
  const regions = facts.regions.map(explainRegion);
  return {
    run_id: facts.id,
    status: facts.status,
    dry_run: facts.dry_run,
    summary: summarize(facts, places),
    places,
    place_count: facts.token_count,
    joins,
    regions,
    signals: facts.signals,
    undone: facts.undone,
    steps: { ...facts.steps },
    error: facts.error,
    deadline_at: facts.deadline_at,
    finished_at: facts.finished_at,
    next: foretell(facts, places, regions),
  };
}

function explainJoin({ branches, ...join }: JoinFacts): Explanation["joins"][number] {
  const ids = (state: string) => branches.filter((branch) => branch.state === state).map(({ node_id }) => node_id);
  const [arrived, dead, missing] = [ids("arrived"), ids("dead"), ids("missing")];
  const wanted = join.need === null
    ? `all ${count(join.expects, "branch", "branches")}`
    : `${join.need} of ${count(join.expects, "branch", "branches")}`;
  const parts = [
    `${arrived.length} arrived${arrived.length === 0 ? "" : ` (from ${and(arrived)})`}`,
    ...(dead.length === 0 ? [] : [`${dead.length} will not come (from ${and(dead)})`]),
    ...(missing.length === 0 ? [] : [`missing: ${and(missing)}`]),
  ];
  const sentence = join.fired
    ? `"${join.node_id}" had enough branches and has run; what still arrives changes nothing.`
    : `"${join.node_id}" waits for ${wanted}: ${parts.join("; ")}.`;
  return { ...join, arrived, dead, missing, sentence };
}

function explainRegion({ begun, tolerate, broke, ...region }: RegionFacts): Explanation["regions"][number] {
  const remaining = broke ? 0 : region.total === null ? null : Math.max(0, region.total - begun);
  const total = region.total === null ? "so far" : `of ${count(region.total, "item")}`;
  const left = remaining === null ? "" : `, ${remaining} not begun`;
  const borne = tolerate > 0 && tolerate < 1_000_000 ? ` (${tolerate} may)` : "";
  const sentence =
    `"${region.node_id}": ${region.completed} done ${total}, ${region.failed} failed${borne}, ${region.open} open${left}; ` +
    `at most ${region.at_once} at once${broke ? "; the loop was broken" : ""}.`;
  return { ...region, remaining, sentence };
}

const ENDED: Readonly<Partial<Record<Run["status"], string>>> = {
  completed: "The run completed: no branch of it was left.",
  cancelled: "The run was cancelled.",
};

function summarize(facts: RunFacts, places: readonly Place[]): string {
  const { status, error, undone } = facts;
  if (facts.finished_at !== null) {
    const why = error === null ? "" : `: ${error.message} (${error.code})`;
    const where = error?.node_id === undefined ? "" : ` at "${error.node_id}"`;
    if (status === "failed") {
      return error?.code === "stopped"
        ? `A stop node ended the run as failed${where}${why}.`
        : `The run failed${where}${why}.`;
    }
    const how = error?.code === "cancelled" ? "The run was cancelled" : `The run failed${where}${why}`;
    if (status === "compensated") {
      return `${how}. What it had done was undone: ${count(undone.length, "step")}.`;
    }
    if (status === "compensation_failed") {
      const failed = undone.filter((step) => step.status === "failed").map(({ node_id }) => node_id);
      const left = failed.length === 0 ? "" : ` at ${and(failed)}`;
      return `${how}. Undoing what it had done failed too${left}: a person has to look at it.`;
    }
    return ENDED[status] ?? "The run has ended.";
  }
  const head = facts.cancelling
    ? "The run is being cancelled as soon as nobody is at work on it. "
    : status === "paused"
    ? "The run is paused: nothing new begins until it is resumed. "
    : status === "compensating"
    ? `${
      error?.code === "cancelled" ? "The run was cancelled" : `The run failed (${error?.message ?? "no reason given"})`
    } and undoes what it did. `
    : "";
  const [first] = places;
  if (first === undefined) return `${head}It ends in a moment.`;
  const others = facts.token_count - 1;
  return `${head}${first.sentence}${others === 0 ? "" : ` And ${count(others, "other place")}.`}`;
}

function foretell(facts: RunFacts, places: readonly Place[], regions: Explanation["regions"]): string[] {
  if (facts.finished_at !== null) return [];
  const sentences = places.slice(0, 20).map((place) => foretellPlace(place, facts.status));
  for (const region of regions.slice(0, 20)) {
    sentences.push(
      (region.remaining ?? 0) > 0
        ? `When an item of "${region.node_id}" ends, the next of ${region.remaining} begins.`
        : `When the open items of "${region.node_id}" have ended, the run goes on at "${region.closer}".`,
    );
  }
  if (facts.status !== "compensating") {
    sentences.push(`If it has not ended by ${facts.deadline_at}, the run fails with run_timeout.`);
  }
  return [...new Set(sentences)];
}

function foretellPlace({ node_id, state, next, until, ...place }: Place, status: Run["status"]): string {
  const name = nameOf({ node_id, ...place });
  // Of several some may be left out: what the node decides is not known yet.
  const then = next.length === 0 ? "that branch ends" : `${and(next)} ${next.length === 1 ? "comes" : "may come"} next`;
  if (state === "undoing") return "The next step that names what undoes it is undone, newest first.";
  if (status === "paused" && state !== "running") return `When the run is resumed, it goes on at ${name}.`;
  switch (state) {
    case "running":
      return status === "paused" ? `When ${name} has ended, it stays there.` : `When ${name} has ended, ${then}.`;
    case "retry":
      return `At ${until} ${name} is tried again, attempt ${place.attempt}.`;
    case "limit":
      return "It begins as soon as a run before it in the line has had its place and given it back.";
    case "line":
    case "scheduled":
      return `The next free worker runs ${name}.`;
    case "items":
      return `${name} goes on when its items are through.`;
    case "decision":
      return `Once a person has said what became of ${name}, it goes on with that; nothing is repeated before.`;
    case "timer":
      return `At ${until} ${name} is over; ${then}.`;
    default:
      return `Once that has come, ${then}${until === null ? "" : `; at ${until} it times out instead`}.`;
  }
}
