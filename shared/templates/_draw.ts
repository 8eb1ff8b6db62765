import type { GraphEdge, GraphNode, GraphNodeData, JsonObject } from "../graph/mod.ts";

/** Canvas pixels between the columns and rows of a template. */
const COLUMN = 280;
const ROW = 140;

/**
 * A node on the grid.
 *
 * @param place Column and row, from 0; halves are fine.
 * @param further What else its data says: `undo`, `retry`, `onError`.
 */
export function node(
  id: string,
  type: string,
  place: readonly [column: number, row: number],
  label: string,
  config: JsonObject = {},
  further: GraphNodeData = {},
): GraphNode {
  return { id, type, position: { x: place[0] * COLUMN, y: place[1] * ROW }, data: { label, config, ...further } };
}

/**
 * An edge.
 *
 * @param sourceHandle Where it leaves from; the first handle when absent.
 */
export function edge(source: string, target: string, sourceHandle?: string): GraphEdge {
  const id = [source, sourceHandle, target].filter((part) => part !== undefined).join("-");
  return { id, source, target, ...(sourceHandle === undefined ? {} : { sourceHandle }) };
}

/** What `action.http` gives for an answer with this body. */
export function answered(url: string, body: JsonObject, status = 200): JsonObject {
  return { status, headers: { "content-type": "application/json" }, body, url, redirects: 0 };
}

/** What `communication.email` gives. */
export function sent(to: string): JsonObject {
  return { id: "00000000-0000-4000-8000-000000000000", provider: "resend", to: [to] };
}

/** What a webhook gives to a run. */
export function webhook(type: string, body: JsonObject): JsonObject {
  return {
    event_id: "0193a000-0000-7000-8000-000000000001",
    type,
    headers: { "content-type": "application/json" },
    query: {},
    method: "POST",
    body,
    received_at: "2026-11-20T12:00:00.000Z",
  };
}
