import type { Problem } from "../../shared/errors/mod.ts";
import type { GraphProblem, JsonObject } from "../../shared/graph/mod.ts";
import { findReferences, type FlowReference, isUuid, replaceIds } from "./flow_references.ts";
import { findProblems } from "./graph_check.ts";
import type { FlowFile, ImportedFlow } from "./transfer_schemas.ts";

/** The flows of an organization that files may mean. */
export interface KnownFlows {
  /** Ids that exist. */
  readonly ids: ReadonlySet<string>;
  /** Name → the only flow of that name. */
  readonly byName: ReadonlyMap<string, string>;
}

/** A flow of a file, judged. */
export interface JudgedFlow {
  readonly sourceId: string | null;
  readonly name: string;
  readonly description: string;
  /** The graph to store; flows of the same files are still called as there. */
  readonly graph: JsonObject;
  readonly problems: GraphProblem[];
  readonly references: ImportedFlow["references"];
}

/** What files say about flows that are not among them. */
export interface Outside {
  readonly ids: string[];
  /** Id → name. */
  readonly names: ReadonlyMap<string, string>;
}

/** The graph of a file with its settings in place. */
export function graphOf({ graph, settings }: FlowFile): JsonObject {
  return settings === undefined ? graph : { ...graph, settings };
}

/** The flows that files name and do not hold. */
export function findOutside(files: readonly FlowFile[]): Outside {
  const inside = sourceIds(files);
  const ids = new Set<string>();
  const names = new Map<string, string>();
  for (const file of files) {
    for (const { id } of findReferences(graphOf(file))) if (!inside.has(id)) ids.add(id);
    for (const entry of file.requires) {
      if (entry.kind === "flow" && entry.name !== null) names.set(entry.id.toLowerCase(), entry.name);
    }
  }
  return { ids: [...ids], names };
}

/**
 * Judges files: what their references mean here, and everything that is wrong with them.
 *
 * @param known What the organization has of {@link findOutside}.
 */
export function judgeFiles(files: readonly FlowFile[], outside: Outside, known: KnownFlows): JudgedFlow[] {
  const inside = sourceIds(files);
  const isDouble = doubles(files);
  return files.map((file) => {
    const graph = graphOf(file);
    const found = findReferences(graph);
    const references = unique(found).map((id) => resolve(id, inside, outside, known));
    // Those of the same file are only put into the spelling that the database looks for.
    const renamed = new Map(
      references.flatMap(({ source_id, found_by, flow_id }) =>
        found_by === "file"
          ? [[source_id, source_id] as const]
          : flow_id === null
          ? []
          : [[source_id, flow_id] as const]
      ),
    );
    const missing = found.filter(({ id }) => references.some((entry) => entry.source_id === id && !entry.found_by));
    const problems = [
      ...missing.map((reference) => unknownFlow(reference, outside.names.get(reference.id))),
      ...(file.id !== undefined && isDouble(file.id) ? [doubleFlow(file.id)] : []),
      ...findProblems(graph),
    ];
    return {
      sourceId: file.id?.toLowerCase() ?? null,
      name: file.name,
      description: file.description,
      graph: replaceIds(graph, renamed),
      problems,
      references,
    };
  });
}

/** The problems of judged flows as a refusal names them. */
export function toProblems(flows: readonly JudgedFlow[], inBundle: boolean): Problem[] {
  return flows.flatMap(({ problems }, index) =>
    problems.map((problem) => {
      const place = `${inBundle ? `body.flows[${index}]` : "body"}.graph`;
      return { ...problem, path: problem.path === "" ? place : `${place}.${problem.path}` };
    })
  );
}

function resolve(id: string, inside: ReadonlySet<string>, outside: Outside, known: KnownFlows) {
  const name = outside.names.get(id) ?? null;
  if (inside.has(id)) return { source_id: id, name, found_by: "file" as const, flow_id: null };
  if (known.ids.has(id)) return { source_id: id, name, found_by: "id" as const, flow_id: id };
  const sameName = name === null ? undefined : known.byName.get(name);
  return sameName === undefined
    ? { source_id: id, name, found_by: null, flow_id: null }
    : { source_id: id, name, found_by: "name" as const, flow_id: sameName };
}

function unknownFlow({ nodeId, path }: FlowReference, name: string | undefined): GraphProblem {
  const which = name === undefined ? "the flow that is named here" : `one flow called "${name}"`;
  return {
    code: "unknown_flow",
    message: `Your organization does not have ${which}: import it too, or choose another one`,
    severity: "error",
    ...(nodeId === null ? {} : { node_id: nodeId }),
    path,
  };
}

function doubleFlow(id: string): GraphProblem {
  return { code: "duplicate_flow", message: `Two flows of the file have the id ${id}`, severity: "error", path: "" };
}

function sourceIds(files: readonly FlowFile[]): ReadonlySet<string> {
  return new Set(files.flatMap(({ id }) => isUuid(id) ? [id.toLowerCase()] : []));
}

function doubles(files: readonly FlowFile[]): (id: string) => boolean {
  const counts = new Map<string, number>();
  for (const { id } of files) {
    if (id !== undefined) counts.set(id.toLowerCase(), (counts.get(id.toLowerCase()) ?? 0) + 1);
  }
  return (id) => (counts.get(id.toLowerCase()) ?? 0) > 1;
}

function unique(references: readonly FlowReference[]): string[] {
  return [...new Set(references.map(({ id }) => id))];
}
