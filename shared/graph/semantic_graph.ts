import type { JsonObject } from "./types.ts";

/** The graph without layout, in canonical form: what a content hash is taken over. */
export function semanticGraph(_graph: unknown): JsonObject {
  throw new Error("Not built yet");
}
