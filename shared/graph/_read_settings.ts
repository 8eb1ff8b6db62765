import { formatPath, type Problems } from "./problems.ts";
import { settingsSchema } from "./schema.ts";
import type { Json } from "./types.ts";

const KEY_PATH = /^\s*trigger(?:\.\s*[A-Za-z_$][A-Za-z0-9_$]*|\[\s*"[^"\\]*"\s*\]|\[\s*[0-9]+\s*\])+\s*$/;

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

/**
 * The key is known before the run is: it can hang on nothing else than what starts it. The database reads it, so it is
 * a path and no expression; `private.run_limits` knows the same grammar.
 */
function checkKey(source: string | undefined, problems: Problems) {
  if (source === undefined || source.trim() === "" || KEY_PATH.test(source)) return;
  const message = "Expected a path into the trigger, for example trigger.body.customer.id";
  problems.add("setting_invalid", message, { path: "settings.concurrencyKey" });
}
