import type { z } from "zod";
import type { Problem } from "./app_error.ts";

/** More problems than this help nobody. */
const MAX_PROBLEMS = 100;

type Issue = z.core.$ZodIssue;

/**
 * The issues of a zod error as problems: each with its own path, unknown properties one by one, and for a union the
 * issues of the branch that came closest.
 *
 * @param error From `schema.safeParse`.
 * @param prefix Where the value came from: `body`, `query`, `params`, `headers`; empty for none.
 */
export function fromZod(error: { readonly issues: readonly Issue[] }, prefix = ""): Problem[] {
  const problems: Problem[] = [];
  const path: PropertyKey[] = prefix === "" ? [] : [prefix];
  for (const issue of error.issues) addIssue(problems, issue, path);
  return problems.slice(0, MAX_PROBLEMS);
}

/** `["nodes", 0, "data", "a b"]` → `nodes[0].data["a b"]`. */
export function formatPath(path: readonly PropertyKey[]): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (text === "") text = String(part);
    else text += /^[A-Za-z_$][\w$-]*$/.test(String(part)) ? `.${String(part)}` : `[${JSON.stringify(String(part))}]`;
  }
  return text;
}

function addIssue(problems: Problem[], issue: Issue, prefix: readonly PropertyKey[]): void {
  const path = [...prefix, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    for (const key of issue.keys) {
      problems.push({ path: formatPath([...path, key]), code: "unknown_property", message: "Unknown property" });
    }
    return;
  }
  if (issue.code === "invalid_union") {
    const closest = issue.errors.toSorted((a, b) => a.length - b.length)[0];
    if (closest !== undefined && closest.length > 0) {
      for (const inner of closest) addIssue(problems, inner, path);
      return;
    }
  }
  const missing = issue.code === "invalid_type" && issue.message.endsWith("received undefined");
  problems.push({
    path: formatPath(path),
    code: missing ? "required" : codeOf(issue),
    message: missing ? "This is required" : issue.message,
  });
}

/** A refinement may name its own code: `ctx.addIssue({ code: "custom", params: { code: "too_old" } })`. */
function codeOf(issue: Issue): string {
  if (issue.code !== "custom") return issue.code;
  const code = issue.params?.code;
  return typeof code === "string" ? code : "invalid_value";
}
