/**
 * The operations of `action.transform`, as a config writes them.
 *
 * @module
 */
import { z } from "zod";
import { JsonPathError, parseFilter, parseJsonPath } from "../json_path/mod.ts";
import { isUnsafeKey, json, splitPath } from "../json_values.ts";
import { parseTextTemplate } from "./text_template.ts";

/** Fields that one operation may name. */
const MAX_FIELDS = 100;

/** A dotted path; it may not lead to a prototype. */
const path = z.string().min(1).max(500).refine(
  (text) => splitPath(text).every((part) => part !== "" && !isUnsafeKey(part)),
  "Write a path such as customer.email",
);
const jsonPath = z.string().max(1_024).superRefine(checked(parseJsonPath));
const filter = z.string().max(1_000).superRefine(checked(parseFilter));
const template = z.string().max(20_000).superRefine(checked(parseTextTemplate));
const paths = z.array(path).min(1).max(MAX_FIELDS);
const separator = z.string().min(1).max(10).default(".");

/** A map whose keys are paths. */
function pathMap<T>(value: z.ZodType<T>) {
  return z.record(path, value).refine((map) => Object.keys(map).length <= MAX_FIELDS, `At most ${MAX_FIELDS} fields`);
}

const set = z.strictObject({
  op: z.literal("set"),
  fields: pathMap(json).describe("Path → value; what lies between is made"),
}).describe("Sets fields of an object");

const jsonpath = z.strictObject({
  op: z.literal("jsonpath"),
  path: jsonPath.describe("JSONPath (RFC 9535) such as $.items[?@.price > 10].name"),
  result: z.enum(["all", "first"]).default("all").describe("A list of all values, or the first one (null if none)"),
}).describe("Finds values");

const pick = z.strictObject({ op: z.literal("pick"), fields: paths }).describe(
  "Keeps only these fields, of an object or of each object in a list",
);

const omit = z.strictObject({ op: z.literal("omit"), fields: paths }).describe(
  "Leaves these fields out, of an object or of each object in a list",
);

const rename = z.strictObject({
  op: z.literal("rename"),
  fields: pathMap(path).describe("Old path → new path"),
}).describe("Moves fields, of an object or of each object in a list");

const merge = z.strictObject({
  op: z.literal("merge"),
  with: json.optional().describe("An object, or a list of objects; absent = the objects of the list become one"),
  deep: z.boolean().default(false).describe("Whether objects inside are merged too"),
}).describe("Merges objects, later fields win");

const flatten = z.strictObject({
  op: z.literal("flatten"),
  separator: separator.describe("Stands between the names, for objects"),
  depth: z.int().min(1).max(20).default(20).describe("Levels, for lists and objects"),
}).describe("Turns nested objects into one level with joined names, or lists of lists into one list");

const unflatten = z.strictObject({ op: z.literal("unflatten"), separator }).describe(
  "Turns joined names back into nested objects and lists",
);

const group = z.strictObject({
  op: z.literal("group"),
  by: path,
}).describe("Turns a list into an object of lists, by a field");

const sort = z.strictObject({
  op: z.literal("sort"),
  by: path.optional().describe("Field to sort by; absent = the elements themselves"),
  order: z.enum(["asc", "desc"]).default("asc"),
}).describe("Sorts a list: null, false, true, numbers, text, then lists and objects; equals keep their order");

const filterOp = z.strictObject({
  op: z.literal("filter"),
  where: filter.describe("Filter of JSONPath such as @.price > 10 && @.stock"),
}).describe("Keeps the elements of a list for which the filter holds");

const map = z.strictObject({
  op: z.literal("map"),
  path: jsonPath.optional().describe("JSONPath inside each element; gives its first value"),
  fields: pathMap(jsonPath).optional().describe("Path → JSONPath: makes an object of each element"),
  template: template.optional().describe("Text with ${JSONPath}: makes text of each element"),
}).refine((op) => [op.path, op.fields, op.template].filter((given) => given !== undefined).length === 1, {
  message: "Give one of path, fields and template",
}).describe("Makes something of each element of a list");

const reduce = z.strictObject({
  op: z.literal("reduce"),
  function: z.enum(["sum", "min", "max", "average", "count", "join", "first", "last"]),
  by: path.optional().describe("Field of each element; absent = the elements themselves"),
  separator: z.string().max(100).default(", ").describe("Stands between the texts of join"),
}).describe("Makes one value of a list; null and missing values do not count");

const templateOp = z.strictObject({
  op: z.literal("template"),
  template: template.describe("Text with ${JSONPath} such as Hello ${$.customer.name}"),
}).describe("Makes text");

/** Schema of one operation. */
export const operationSchema = z.discriminatedUnion("op", [
  set,
  jsonpath,
  pick,
  omit,
  rename,
  merge,
  flatten,
  unflatten,
  group,
  sort,
  filterOp,
  map,
  reduce,
  templateOp,
]);

/** One operation, checked. */
export type Operation = z.output<typeof operationSchema>;
/** The operation of one name. */
export type OperationOf<Name extends Operation["op"]> = Extract<Operation, { op: Name }>;

/** A check for `superRefine` that tells what the parser says. */
function checked(parse: (text: string) => unknown) {
  return (text: string, context: z.RefinementCtx) => {
    try {
      parse(text);
    } catch (error) {
      if (!(error instanceof JsonPathError)) throw error;
      context.addIssue({ code: "custom", message: error.message });
    }
  };
}
