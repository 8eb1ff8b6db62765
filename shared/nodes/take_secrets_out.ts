/**
 * Configs that are given away: in files, to other tenants.
 *
 * @module
 */
import { hasExpression, type Json, type JsonObject, parseTemplate } from "../graph/mod.ts";
import { isSecretName, withoutSecretText } from "./dry_run.ts";
import { isObject } from "./json_values.ts";
import { getNode } from "./registry.ts";

/** What may stand beside an expression in a secret setting without being one: `Bearer {{ … }}`. */
const SCHEME = /^\s*(?:Bearer|Basic|Token|ApiKey)?\s*$/i;

/** A config without its secrets. */
export interface OpenConfig {
  config: JsonObject;
  /** Where something was taken out, as paths from the config: `["auth", "token"]`. */
  removed: (string | number)[][];
}

/**
 * Takes out what a config must not give away: settings that are secret by their name or by the node type's word, and
 * what looks like a secret inside other text. An expression is no secret, it only says where one comes from.
 *
 * @param type The node type; an unknown one is judged by names only.
 * @param config Any object, as it is stored. Not changed.
 * @returns The config, settings missing that were secret; required ones are then reported when it is compiled.
 */
export function takeSecretsOut(type: string, config: JsonObject): OpenConfig {
  const removed: (string | number)[][] = [];
  const secrets = getNode(type)?.secretSettings ?? [];

  const visitObject = (value: JsonObject, path: (string | number)[]): JsonObject => {
    const kept: [string, Json][] = [];
    for (const [key, item] of Object.entries(value)) {
      const place = [...path, key];
      const isSecret = item !== null && (secrets.includes(place.join(".")) || isSecretName(key, item));
      if (!isSecret || isReference(item)) kept.push([key, isSecret ? item : visit(item, place)]);
      else removed.push(place);
    }
    return Object.fromEntries(kept);
  };
  const visit = (value: Json, path: (string | number)[]): Json => {
    if (Array.isArray(value)) return value.map((item, index) => visit(item, [...path, index]));
    if (isObject(value)) return visitObject(value, path);
    if (typeof value !== "string") return value;
    const open = piecesOf(value).map((piece) => piece.isExpression ? piece.text : withoutSecretText(piece.text)).join(
      "",
    );
    if (open !== value) removed.push(path);
    return open;
  };
  return { config: visitObject(config, []), removed };
}

/** Whether a value comes from an expression, but for the name of its scheme. Empty text keeps nothing secret either. */
function isReference(value: Json): boolean {
  if (value === "" || typeof value === "boolean") return true;
  return typeof value === "string" && hasExpression(value) &&
    piecesOf(value).every(({ text, isExpression }) => isExpression || SCHEME.test(text));
}

interface Piece {
  readonly text: string;
  readonly isExpression: boolean;
}

/** A text as it is written, its expressions told apart. What cannot be parsed is text. */
function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let done = 0;
  for (let open = text.indexOf("{{"); open >= 0; open = text.indexOf("{{", open)) {
    const end = text[open - 1] === "\\" ? -1 : endOf(text, open);
    if (end < 0) {
      open += 2;
      continue;
    }
    if (open > done) pieces.push({ text: text.slice(done, open), isExpression: false });
    pieces.push({ text: text.slice(open, end), isExpression: true });
    done = open = end;
  }
  if (done < text.length) pieces.push({ text: text.slice(done), isExpression: false });
  return pieces;
}

/** Where the expression that begins at `open` ends; -1 = it is none. Braces may stand inside of one, a few times. */
function endOf(text: string, open: number): number {
  let close = open;
  for (let tries = 0; tries < 16; tries++) {
    close = text.indexOf("}}", close + 1);
    if (close < 0) return -1;
    try {
      if (parseTemplate(text.slice(open, close + 2)).single !== null) return close + 2;
    } catch {
      // Not yet.
    }
  }
  return -1;
}
