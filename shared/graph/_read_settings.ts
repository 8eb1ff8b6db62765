import { reportExpression } from "./_check_config.ts";
import { type Expression, parseCondition } from "./expressions/mod.ts";
import { formatPath, type Problems } from "./problems.ts";
import { settingsSchema } from "./schema.ts";
import type { Json } from "./types.ts";

/**
 * Checks what holds for a flow as a whole.
 *
 * @param json The `settings` of a graph; undefined when it has none.
 * @param problems Gets what is wrong.
 * @returns Seconds a run may take, if the graph says so.
 */
export function readSettings(json: Json | undefined, problems: Problems): number | undefined {
  if (json === undefined) return undefined;
  const settings = settingsSchema.safeParse(json);
  for (const { path, message } of settings.error?.issues ?? []) {
    const code = path[0] === "timeoutSeconds"
      ? "timeout_invalid"
      : path.length > 0
      ? "setting_invalid"
      : "graph_invalid";
    problems.add(code, message, { path: formatPath(["settings", ...path]) });
  }
  if (!settings.success) return undefined;
  checkKey(settings.data.concurrencyKey, problems);
  return settings.data.timeoutSeconds;
}

/** The key is known before the run is: it can hang on nothing else than what starts it. */
function checkKey(source: string | undefined, problems: Problems) {
  if (source === undefined || source.trim() === "") return;
  const path = "settings.concurrencyKey";
  let key: Expression;
  try {
    key = parseCondition(source);
  } catch (error) {
    reportExpression(error, { path }, problems);
    return;
  }
  const others = [...key.steps.values(), ...key.callbacks.values()];
  for (const [root, position] of key.roots) if (root !== "trigger") others.push(position);
  if (others.length === 0) return;
  const message = "A concurrency key can read nothing but trigger";
  problems.add("setting_invalid", message, { path, position: Math.min(...others) });
}
