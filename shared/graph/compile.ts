import type { CompileResult, NodeCatalog } from "./types.ts";

/** Compiles a graph into a plan, or says everything that is wrong with it. */
export function compile(_graph: unknown, _catalog: NodeCatalog): CompileResult {
  throw new Error("Not built yet");
}
