/**
 * Runs without effects: what stands in for a node that is not to be run.
 *
 * @module
 */
import type { Json, JsonObject } from "../graph/mod.ts";
import { isSecretField, REDACTED, redactSecrets } from "../log/mod.ts";
import { isObject } from "./json_values.ts";
import { handlesOf } from "./registry.ts";
import { parseConfig } from "./run_node.ts";
import type { AnyNode, NodeResult } from "./types.ts";

/** Names of header fields, query parameters and settings that hold secrets, besides those that the log knows. */
const SECRET_NAME = /(?:token|credentials?|[-_]key|accesskey)$/i;

/** A parameter of a URL's query that says something. */
const PARAMETER = /([?&])([^=&#\s]{1,100})=([^&#\s]+)/g;
/** Names that mean a key in a URL, and much else elsewhere. */
const SECRET_PARAMETER = /^(?:key|sig|auth|code)$/i;

/**
 * Says what an effect would have done.
 *
 * @param node The node type.
 * @param config The config after expressions were resolved.
 * @returns `{dry_run: true, would: {type, config}}`, secrets replaced.
 */
export function describeEffect(node: AnyNode, config: JsonObject): JsonObject {
  return { dry_run: true, would: { type: node.type, config: withoutSecrets(config, "", node.secretSettings ?? []) } };
}

/**
 * The result of an effect that a dry run does not perform: the run goes on at the first handle.
 *
 * @param node The node type.
 * @param config The config after expressions were resolved.
 * @throws {NodeError} As {@linkcode parseConfig} when the config does not fit: finding that is what dry runs are for.
 */
export function dryRunResult(node: AnyNode, config: JsonObject): NodeResult {
  parseConfig(node, config);
  return { output: describeEffect(node, config), handles: handlesOf(node, config).slice(0, 1) };
}

/**
 * The result of a node whose output was written by the author of a dry run. The way on is the one that the output
 * means: `{timed_out: true}` of a wait goes on at `timeout`.
 *
 * @param node The node type.
 * @param config The config, resolved or not.
 * @param output The output.
 */
export function pinnedResult(node: AnyNode, config: JsonObject, output: Json): NodeResult {
  const known = handlesOf(node, config);
  const meant = node.handlesOfOutput?.(output).filter((handle) => known.includes(handle)) ?? [];
  return { output, handles: meant.length > 0 ? meant : known.slice(0, 1) };
}

function withoutSecrets(value: Json, path: string, secrets: readonly string[]): Json {
  if (typeof value === "string") return withoutSecretText(value);
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, path, secrets));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const place = path === "" ? key : `${path}.${key}`;
      const hidden = item !== null && (secrets.includes(place) || isSecretName(key, item));
      return [key, hidden ? REDACTED : withoutSecrets(item, place, secrets)];
    }),
  );
}

/** Whether a setting is a secret by its name. Numbers are none: `max_tokens` and the like. */
export function isSecretName(name: string, value: Json): boolean {
  return typeof value !== "number" && (isSecretField(name) || SECRET_NAME.test(name));
}

/** A text without what looks like a secret, URLs with keys in their query included. */
export function withoutSecretText(text: string): string {
  return redactSecrets(text).replace(PARAMETER, (whole, mark: string, name: string) => {
    return isSecretField(name) || SECRET_NAME.test(name) || SECRET_PARAMETER.test(name)
      ? `${mark}${name}=${REDACTED}`
      : whole;
  });
}
