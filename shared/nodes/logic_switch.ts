import { z } from "zod";
import { Budget } from "./budget.ts";
import { holds, operatorSchema } from "./comparison.ts";
import { defineNode } from "./define_node.ts";
import { isObject, json } from "./json_values.ts";

/** Handle that is live when no case holds. */
const DEFAULT = "default";
/** Handles with a meaning of their own. */
const RESERVED: ReadonlySet<string> = new Set([DEFAULT, "error"]);

const caseSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "Use letters, digits, _ and - only")
    .refine((name) => !RESERVED.has(name), "This name has a meaning of its own")
    .describe("Name of the case: the handle that edges leave from"),
  operator: operatorSchema.default("equals"),
  right: json.default(null).describe("What the value is compared with"),
});

const configSchema = z.strictObject({
  value: json.default(null).describe("The value that is looked at, usually an expression"),
  cases: z.array(caseSchema).min(1).max(50).superRefine((cases, context) => {
    const names = new Set<string>();
    for (const [index, { name }] of cases.entries()) {
      if (names.has(name)) {
        context.addIssue({ code: "custom", path: [index, "name"], message: "Two cases have this name" });
      }
      names.add(name);
    }
  }),
  mode: z.enum(["first", "all"]).default("first").describe("Go on at the first case that holds, or at all of them"),
});

/** Many ways on, by the value of an expression. */
export const logicSwitch = defineNode({
  type: "logic.switch",
  title: "Switch",
  description: "Compares a value with each case and goes on at those that hold, or at default when none does.",
  category: "logic",
  kind: "pure",
  configSchema,
  outputSchema: z.object({ matched: z.array(z.string()).describe("Names of the cases that held, or default") }),
  handles: (config) => [...caseNames(config["cases"]), DEFAULT],
  handlesOfOutput(output) {
    const matched = isObject(output) ? output["matched"] : null;
    return Array.isArray(matched) ? matched.filter((name) => typeof name === "string") : [DEFAULT];
  },
  exampleConfig: {
    value: "{{ trigger.body.plan }}",
    cases: [{ name: "free", right: "free" }, { name: "paid", operator: "in", right: ["pro", "team"] }],
  },
  exampleInput: { trigger: { body: { plan: "pro" } } },
  execute({ value, cases, mode }) {
    const budget = new Budget();
    const matched: string[] = [];
    for (const { name, operator, right } of cases) {
      if (!holds({ left: value, operator, right }, budget)) continue;
      matched.push(name);
      if (mode === "first") break;
    }
    if (matched.length === 0) matched.push(DEFAULT);
    return { output: { matched }, handles: matched };
  },
});

/** Names of the cases as far as they can be read; the schema reports the rest. */
function caseNames(cases: unknown): string[] {
  if (!Array.isArray(cases)) return [];
  const names = cases.map((item) => isObject(item) ? item["name"] : undefined);
  return [...new Set(names.filter((name): name is string => typeof name === "string" && !RESERVED.has(name)))];
}
