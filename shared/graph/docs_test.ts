import { assertEquals, assertStringIncludes } from "../../tests/helpers/assert.ts";
import { valueOf } from "./expressions/_testing.ts";
import { type FunctionInfo, listFunctions } from "./expressions/functions/mod.ts";
import { EXPRESSION_LIMITS, GRAPH_LIMITS, STEP_LIMITS } from "./limits.ts";
import { PROBLEM_CODES } from "./problems.ts";

const expressions = read("expressions.md");
const graph = read("graph.md");

/** Reads a document without the padding of its tables. */
function read(name: string): string {
  return squeeze(Deno.readTextFileSync(new URL(`../../docs/${name}`, import.meta.url)));
}

function squeeze(text: string): string {
  return text.replaceAll(/ +/g, " ");
}

/** The line of a function in the documentation. */
function rowOf({ signature, description, example, result }: FunctionInfo): string {
  return squeeze(`| \`${signature}\` | ${description} | \`${example}\` → \`${JSON.stringify(result)}\` |`);
}

Deno.test("docs/expressions.md describes every function, and only these", () => {
  assertEquals(
    [...expressions.matchAll(/^\| `\w+\(.* → .*\|$/gm)].map(([line]) => line),
    listFunctions().map(rowOf),
  );
});

Deno.test("docs/expressions.md gives examples that are true", () => {
  const examples = [...expressions.matchAll(/^\| `([^`]+)` \| gives `([^`]+)` \|/gm)];
  assertEquals(examples.length > 10, true);
  for (const [, source = "", result = ""] of examples) {
    assertEquals(JSON.stringify(valueOf(source.replaceAll("\\|", "|"))), result, source);
  }
});

Deno.test("docs/graph.md describes every problem, and only these", () => {
  assertEquals(
    [...graph.matchAll(/^\| `\w+` \| (?:error|warning) \|.*$/gm)].map(([line]) => line),
    Object.entries(PROBLEM_CODES).map(([code, [severity, meaning]]) => `| \`${code}\` | ${severity} | ${meaning} |`),
  );
});

Deno.test("the documents name the limits that hold", () => {
  const number = (value: number) => value.toLocaleString("en-US");
  for (
    const limit of [
      `${number(EXPRESSION_LIMITS.sourceLength)} characters`,
      `${EXPRESSION_LIMITS.depth} levels`,
      `${number(EXPRESSION_LIMITS.work)} units`,
      `${EXPRESSION_LIMITS.outputLength / 1024} Ki characters`,
    ]
  ) assertStringIncludes(expressions, limit);
  const { timeoutSeconds, runTimeoutSeconds, attempts, delaySeconds } = STEP_LIMITS;
  for (
    const limit of [
      `${GRAPH_LIMITS.nodes} nodes`,
      `${number(GRAPH_LIMITS.edges)} edges`,
      `${GRAPH_LIMITS.bytes / 1024} KiB`,
      `${GRAPH_LIMITS.depth} levels`,
      `${timeoutSeconds.least} to ${timeoutSeconds.most} seconds, ${timeoutSeconds.usual} if`,
      `${runTimeoutSeconds.least} to ${number(runTimeoutSeconds.most)} seconds, ${number(runTimeoutSeconds.usual)} if`,
      `${attempts.least} to ${attempts.most} attempts`,
      `${number(delaySeconds.most)} seconds`,
    ]
  ) assertStringIncludes(graph, limit);
});
