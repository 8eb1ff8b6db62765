import type { Json, JsonObject } from "../../shared/graph/mod.ts";
import { formatPath } from "../../shared/graph/mod.ts";
import { takeSecretsOut } from "../../shared/nodes/mod.ts";
import { findReferences, objectOf } from "./flow_references.ts";
import type { StoredFlow } from "./schemas.ts";
import { FILE_FORMAT, type FlowFile, type Requirement } from "./transfer_schemas.ts";

/** What a file is made of. */
export type ExportedFlow = Pick<StoredFlow, "id" | "name" | "description" | "graph">;

/**
 * A flow as a file: without secrets, without anything that only means something in its organization, and with a list of
 * what it needs.
 *
 * @param names Names of other flows by id, as far as they are known.
 * @param now When the file is made.
 */
export function toFile(flow: ExportedFlow, names: ReadonlyMap<string, string>, now: Date): FlowFile {
  const requires: Requirement[] = [];
  const open = openGraph(flow.graph ?? { nodes: [], edges: [] }, requires);
  const { settings, ...graph } = open;
  for (const reference of findReferences(open)) {
    const usedBy = reference.nodeId ?? "settings";
    const known = requires.find((entry) => entry.kind === "flow" && entry.id === reference.id);
    if (known?.kind === "flow") known.used_by.push(usedBy);
    else {
      requires.push({ kind: "flow", id: reference.id, name: names.get(reference.id) ?? null, used_by: [usedBy] });
    }
  }
  return {
    format: FILE_FORMAT,
    version: 1,
    id: flow.id,
    name: flow.name,
    description: flow.description,
    graph,
    ...(settings === undefined ? {} : { settings: objectOf(settings) }),
    requires,
    exported_at: now.toISOString(),
  };
}

/**
 * The name under which a browser keeps a file.
 *
 * @param name The flow's name.
 * @param kind What stands before `.json`.
 */
export function contentDisposition(name: string, kind: string): string {
  const slug = name.replaceAll("ß", "ss").normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase().replaceAll(
    /[^a-z0-9]+/g,
    "-",
  )
    .replaceAll(/^-+|-+$/g, "").slice(0, 80);
  return `attachment; filename="${slug === "" ? "flow" : slug}.${kind}.json"`;
}

/** A graph without its secrets; each one that was left out is listed. */
function openGraph(graph: JsonObject, requires: Requirement[]): JsonObject {
  const { nodes, ...rest } = graph;
  const open = (value: JsonObject, type: string, path: (string | number)[], nodeId: string | null): JsonObject => {
    const { config, removed } = takeSecretsOut(type, value);
    for (const place of removed) {
      requires.push({ kind: "secret", node_id: nodeId, path: formatPath([...path, ...place]) });
    }
    return config;
  };
  const openNode = (node: Json, index: number): Json => {
    if (typeof node !== "object" || node === null || Array.isArray(node)) return node;
    const nodeId = typeof node["id"] === "string" ? node["id"] : null;
    const { data, ...looks } = node;
    const path = ["nodes", index];
    const kept = open(looks, "", path, nodeId);
    if (data === undefined) return kept;
    const { config, undo, ...further } = objectOf(data);
    const typed = (value: Json | undefined, type: Json | undefined, place: string[]) =>
      open(objectOf(value), String(type ?? ""), [...path, "data", ...place], nodeId);
    const { config: undoConfig, ...undoRest } = objectOf(undo);
    return {
      ...kept,
      data: {
        ...typed(further, "", []),
        ...(config === undefined ? {} : { config: typed(config, node["type"], ["config"]) }),
        ...(undo === undefined ? {} : {
          undo: {
            ...undoRest,
            ...(undoConfig === undefined ? {} : { config: typed(undoConfig, undoRest["type"], ["undo", "config"]) }),
          },
        }),
      },
    };
  };
  return { nodes: Array.isArray(nodes) ? nodes.map(openNode) : nodes ?? [], ...open(rest, "", [], null) };
}
