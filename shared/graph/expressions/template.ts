import type { Expression, Template } from "./ast.ts";
import { parseEmbedded, parseExpression } from "./parser.ts";
import { ExpressionError } from "./error.ts";

const OPEN = "{{";

/** Whether a string holds an expression (or an escaped `\{{`), so that it must be parsed to know its value. */
export function hasExpression(text: string): boolean {
  return text.includes(OPEN);
}

/**
 * Parses a string that may hold `{{ expressions }}`. `\{{` stands for two braces.
 *
 * @param text Any string.
 * @returns Its literal text and expressions, in turn.
 * @throws ExpressionError at the first place that cannot be understood.
 */
export function parseTemplate(text: string): Template {
  const parts: (string | Expression)[] = [];
  let literal = "";
  let position = 0;
  for (;;) {
    const open = text.indexOf(OPEN, position);
    if (open < 0) break;
    if (text[open - 1] === "\\" && open > position) {
      literal += text.slice(position, open - 1) + OPEN;
      position = open + OPEN.length;
      continue;
    }
    literal += text.slice(position, open);
    if (literal !== "") parts.push(literal);
    literal = "";
    const { expression, end } = parseEmbedded(text, open + OPEN.length);
    parts.push(expression);
    position = end;
  }
  literal += text.slice(position);
  if (literal !== "") parts.push(literal);
  const only = parts[0];
  return { source: text, parts, single: parts.length === 1 && typeof only === "object" ? only : null };
}

/**
 * Parses the condition of an edge: an expression, with or without braces around it.
 *
 * @param source For example `trigger.body.amount > 100` or `{{ trigger.body.amount > 100 }}`.
 * @returns The expression.
 * @throws ExpressionError at the first place that cannot be understood.
 */
export function parseCondition(source: string): Expression {
  if (!source.trimStart().startsWith(OPEN)) return parseExpression(source);
  const { expression, end } = parseEmbedded(source, source.indexOf(OPEN) + OPEN.length);
  if (source.slice(end).trim() !== "") {
    throw new ExpressionError("Expected nothing behind }}: a condition is one expression", end);
  }
  return expression;
}
