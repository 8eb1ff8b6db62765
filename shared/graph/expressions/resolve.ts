import type { ExpressionScope, Json, JsonObject, References } from "../types.ts";
import type { Expression, Template } from "./ast.ts";
import { BoundedCache } from "./bounded_cache.ts";
import { ExpressionError } from "./error.ts";
import { evaluate, evaluateWithin } from "./evaluate.ts";
import { hasExpression, parseCondition, parseTemplate } from "./template.ts";
import { isTruthy } from "../json.ts";
import { asText, setProperty } from "./values.ts";
import { ExpressionBudget } from "./budget.ts";

type Path = readonly (string | number)[];

/** Parsed sources of this isolate. They are immutable and hold nothing but what their text says. */
const templates = new BoundedCache<Template>(2000, 512 * 1024);
const conditions = new BoundedCache<Expression>(2000, 128 * 1024);

/**
 * Replaces every expression in a config by its value. What an expression gives is data: it is never looked at for
 * expressions again. Keys are left as they are.
 *
 * @param config A config as the plan holds it.
 * @param scope What its expressions may read.
 * @returns A new config; a string that is exactly one expression becomes a value of any type.
 * @throws ExpressionError with the path of the string; all expressions of a config share one budget.
 */
export function resolveConfig(config: Json, scope: ExpressionScope): Json {
  const budget = new ExpressionBudget();
  return mapStrings(config, [], (text, path) => {
    if (!hasExpression(text)) return text;
    return atPath(path, () => resolveTemplate(templates.get(text, parseTemplate), scope, budget));
  });
}

/**
 * Evaluates the condition of an edge.
 *
 * @param source As the plan holds it.
 * @param scope What it may read; the step of the edge's source included.
 * @param budget Shared by the conditions of all edges of one step, so that many edges cost no more than one.
 * @returns False for null, false, 0 and empty text; true for all else.
 * @throws ExpressionError
 */
export function evaluateCondition(
  source: string,
  scope: ExpressionScope,
  budget: ExpressionBudget = new ExpressionBudget(),
): boolean {
  const expression = conditions.get(source, parseCondition);
  return isTruthy(evaluateWithin(expression, scope, budget));
}

/**
 * Says what a config reads.
 *
 * @param config A config with its expressions inside.
 * @returns The steps, and whether the run's input or the item of a region is read.
 * @throws ExpressionError with the path of the string that cannot be parsed.
 */
export function references(config: Json): References {
  const steps = new Set<string>();
  const callbacks = new Set<string>();
  const roots = new Set<string>();
  mapStrings(config, [], (text, path) => {
    if (!hasExpression(text)) return text;
    for (const part of atPath(path, () => templates.get(text, parseTemplate)).parts) {
      if (typeof part === "string") continue;
      for (const step of part.steps.keys()) steps.add(step);
      for (const id of part.callbacks.keys()) callbacks.add(id);
      for (const root of part.roots.keys()) roots.add(root);
    }
    return text;
  });
  return {
    steps: [...steps].sort(),
    callbacks: [...callbacks].sort(),
    usesTrigger: roots.has("trigger"),
    usesItem: roots.has("item") || roots.has("index"),
  };
}

function resolveTemplate(template: Template, scope: ExpressionScope, budget: ExpressionBudget): Json {
  if (template.single !== null) return tell(template.single, evaluate(template.single, scope, budget), scope);
  let text = "";
  for (const part of template.parts) {
    if (typeof part === "string") {
      text += part;
      continue;
    }
    const value = asText(tell(part, evaluateWithin(part, scope, budget), scope), budget, part.root.at);
    budget.limitText(text.length + value.length, part.root.at);
    text += value;
  }
  budget.give(text, 0);
  return text;
}

/** Says what was made of secrets, so that it can be taken out of what is recorded. */
function tell(expression: Expression, value: Json, scope: ExpressionScope): Json {
  if (expression.secrets.size > 0) scope.tellSecret?.(value);
  return value;
}

/** The names of the secrets that a config reads, by the config: plans are frozen in the memory of an isolate. */
const secretNames = new WeakMap<object, readonly string[]>();

/**
 * The secrets that a config reads.
 *
 * @param config A config as the plan holds it; it is not looked at a second time.
 * @returns Their names, sorted.
 * @throws ExpressionError with the path of the string that cannot be parsed.
 */
export function secretsOf(config: JsonObject): readonly string[] {
  let names = secretNames.get(config);
  if (names === undefined) {
    const found = new Set<string>();
    mapStrings(config, [], (text, path) => {
      if (!hasExpression(text) || !text.includes("secrets")) return text;
      for (const part of atPath(path, () => templates.get(text, parseTemplate)).parts) {
        if (typeof part !== "string") { for (const name of part.secrets.keys()) found.add(name); }
      }
      return text;
    });
    names = [...found].sort();
    secretNames.set(config, names);
  }
  return names;
}

/** Copies a value with every string replaced. The depth of a config is bounded by the compiler. */
function mapStrings(value: Json, path: Path, replace: (text: string, path: Path) => Json): Json {
  if (typeof value === "string") return replace(value, path);
  if (Array.isArray(value)) return value.map((item, index) => mapStrings(item, [...path, index], replace));
  if (value === null || typeof value !== "object") return value;
  const copy: JsonObject = {};
  for (const key of Object.keys(value)) setProperty(copy, key, mapStrings(value[key] ?? null, [...path, key], replace));
  return copy;
}

function atPath<T>(path: Path, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    throw new ExpressionError(error.message, error.position, [...path]);
  }
}
