/**
 * Text with JSONPath in it: `Hello ${$.name}`. Expressions (`{{ }}`) are resolved before a node runs, so what depends
 * on the data at hand, such as an element of a list, needs a form of its own. `$${` stands for `${`.
 *
 * @module
 */
import type { Json } from "../../graph/mod.ts";
import type { Budget } from "../budget.ts";
import { type JsonPath, JsonPathError, parseJsonPath } from "../json_path/mod.ts";
import { asText } from "../json_values.ts";

/** A parsed text. */
export type TextTemplate = readonly (string | JsonPath)[];

/**
 * Parses a text with JSONPath in it.
 *
 * @throws {JsonPathError} When a query is malformed or not closed.
 */
export function parseTextTemplate(source: string): TextTemplate {
  const parts: (string | JsonPath)[] = [];
  let text = "";
  for (let at = 0; at < source.length;) {
    if (source.startsWith("$${", at)) {
      text += "${";
      at += 3;
    } else if (source.startsWith("${", at)) {
      const end = endOfQuery(source, at + 2);
      if (text !== "") parts.push(text);
      text = "";
      parts.push(parseJsonPath(source.slice(at + 2, end).trim()));
      at = end + 1;
    } else {
      text += source[at++];
    }
  }
  if (text !== "") parts.push(text);
  return parts;
}

/**
 * Fills in a text. A query that finds nothing gives nothing; one that finds several values gives them joined by `, `.
 *
 * @param template From {@linkcode parseTextTemplate}.
 * @param input The document, `$`.
 * @param budget Pays for it.
 */
export function renderTextTemplate(template: TextTemplate, input: Json, budget: Budget): string {
  let text = "";
  for (const part of template) {
    if (typeof part === "string") {
      text += part;
    } else {
      const values = part.values(input, budget);
      for (const value of values) budget.measure(value);
      text += values.map(asText).join(", ");
    }
    budget.measure(text);
  }
  return text;
}

/** Finds the closing brace; braces inside quotes belong to the query. */
function endOfQuery(source: string, from: number): number {
  let quote = "";
  for (let at = from; at < source.length; at++) {
    const char = source[at] ?? "";
    if (quote !== "" && char === "\\") at++;
    else if (quote !== "") quote = char === quote ? "" : quote;
    else if (char === "'" || char === '"') quote = char;
    else if (char === "}") return at;
  }
  throw new JsonPathError("A ${ in the text is not closed with }");
}
