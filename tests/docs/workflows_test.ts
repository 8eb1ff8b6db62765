import { parse } from "deno-std/yaml/mod.js";
import { REPOSITORY } from "../../supabase/local/schema_files.ts";
import { assertEquals, assertMatch } from "../helpers/assert.ts";

/** The parts of a workflow that are looked at. */
interface Workflow {
  permissions: Record<string, string>;
  concurrency: { group: string };
  jobs: Record<string, {
    uses?: string;
    permissions?: Record<string, string>;
    "timeout-minutes"?: number;
    steps?: { uses?: string; run?: string; with?: Record<string, unknown> }[];
  }>;
}

const FOLDER = new URL(".github/workflows/", REPOSITORY);
const names = [...Deno.readDirSync(FOLDER)].map((entry) => entry.name).sort();

async function load(name: string): Promise<{ text: string; workflow: Workflow }> {
  const text = await Deno.readTextFile(new URL(name, FOLDER));
  return { text, workflow: parse(text) as Workflow };
}

Deno.test("workflows exist for tests, deployment, security and dependencies", () => {
  assertEquals(names, ["dependencies.yml", "deploy.yml", "security.yml", "test.yml"]);
});

for (const name of names) {
  Deno.test(`${name} pins every action by commit and says which version that is`, async () => {
    const { text } = await load(name);
    for (const [line] of text.matchAll(/^.*\buses: .*$/gm)) {
      if (line.includes("uses: ./")) continue;
      assertMatch(line, /uses: [\w-]+\/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    }
  });

  Deno.test(`${name} gives no permission to the whole, a time limit to each job, and keeps no credentials`, async () => {
    const { workflow } = await load(name);
    assertEquals(workflow.permissions, {});
    assertEquals(typeof workflow.concurrency.group, "string");
    for (const [job, { uses, steps = [], permissions, ...rest }] of Object.entries(workflow.jobs)) {
      assertEquals(typeof permissions, "object", `${job} states its permissions`);
      if (uses === undefined) assertEquals(typeof rest["timeout-minutes"], "number", `${job} has a time limit`);
      for (const step of steps.filter((candidate) => candidate.uses?.startsWith("actions/checkout@"))) {
        assertEquals(step.with?.["persist-credentials"], false, `${job} keeps no credentials`);
      }
    }
  });

  Deno.test(`${name} puts nothing that others write into a script`, async () => {
    const { workflow } = await load(name);
    const scripts = Object.values(workflow.jobs).flatMap(({ steps = [] }) => steps.map((step) => step.run ?? ""));
    for (const script of scripts) assertEquals(script.includes("${{"), false, script);
  });
}

Deno.test("the same versions of Deno and the Supabase CLI are named everywhere", async () => {
  const found: Record<string, Set<string>> = { deno: new Set(), supabase: new Set() };
  const files = [
    "README.md",
    "docs/deploy.md",
    ".ci/run",
    "supabase/tools/_supabase_cli.ts",
    "supabase/tools/install_hooks.ts",
    ...names.map((name) => `.github/workflows/${name}`),
  ];
  for (const file of files) {
    const text = await Deno.readTextFile(new URL(file, REPOSITORY));
    for (const [, tool, version] of text.matchAll(/\b(deno|supabase)@(\d+\.\d+\.\d+)/g)) found[tool!]!.add(version!);
    for (const [, version] of text.matchAll(/^version=(\d+\.\d+\.\d+)$/gm)) found.deno!.add(version!);
  }
  assertEquals(found, { deno: new Set(["2.9.6"]), supabase: new Set(["3.1.0"]) });
});
