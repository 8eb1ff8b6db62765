/**
 * A node's surroundings for tests.
 *
 * @module
 */
import type { Json, JsonObject } from "../graph/mod.ts";
import type { Providers } from "../providers/mod.ts";
import { runNode } from "./run_node.ts";
import type { AnyNode, NodeContext, NodeResult } from "./types.ts";

/** One line a node logged. */
export interface LoggedLine {
  level: string;
  action: string;
  fields: unknown;
}

/** Builds a context; every provider refuses unless it is given. */
export function testContext(overrides: Partial<NodeContext> = {}, lines: LoggedLine[] = []): NodeContext {
  const write = (level: string) => (action: string, fields?: unknown) => void lines.push({ level, action, fields });
  return {
    run: { id: "run-1", organizationId: "org-1", flowId: "flow-1", startedAt: "2026-11-20T12:00:00.000Z" },
    node: { id: "node", type: "test", attempt: 1 },
    trigger: null,
    inputs: [],
    idempotencyKey: "run-1/node",
    now: () => Date.now(),
    signal: new AbortController().signal,
    log: { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") },
    providers: noProviders(),
    resolution: null,
    region: null,
    again: null,
    callbackUrl: () => Promise.resolve("https://hooks.example.com/callbacks/1"),
    ...overrides,
  };
}

/** Providers that must not be used. */
export function noProviders(): Providers {
  const refuse = () => Promise.reject(new Error("No provider in this test"));
  return { http: { request: refuse }, email: { name: "none", send: refuse } };
}

/** Runs a node with this config. */
export function run(node: AnyNode, config: JsonObject, overrides: Partial<NodeContext> = {}): Promise<NodeResult> {
  return runNode(node, config, testContext(overrides));
}

/** Runs a node and gives its output. */
export async function outputOf(node: AnyNode, config: JsonObject, overrides: Partial<NodeContext> = {}): Promise<Json> {
  return (await run(node, config, overrides)).output;
}
