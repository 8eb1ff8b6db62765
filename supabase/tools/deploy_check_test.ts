import { assertEquals } from "../../tests/helpers/assert.ts";
import { REPOSITORY } from "../local/schema_files.ts";
import { checkDeployment } from "./deploy_check.ts";

const CONFIG = `project_id = "fixture"
[functions.hello]
entrypoint = "../functions/hello/index.ts"
import_map = "../deno.json"
verify_jwt = false
`;

const PROJECT: Record<string, string> = {
  "deno.json": `{ "imports": { "zod": "npm:zod@4.6.7" } }`,
  "supabase/config.toml": CONFIG,
  "functions/hello/index.ts": `import { name } from "../../shared/names/mod.ts";
import type { Name } from "./types.ts";
import { z } from "zod";
Deno.serve(() => new Response(z.string().parse(name satisfies Name)));`,
  "functions/hello/types.ts": "export type Name = string;",
  "shared/names/mod.ts": `export const name = "world";
async function rare() {
  return (await import("./rare.ts")).rare;
}`,
  "shared/names/rare.ts": "export const rare = 1;",
  "shared/names/mod_test.ts": `import "./mod.ts";`,
  "shared/names/other.ts": "export {};",
};

/** The problems of the project above with some files changed. */
async function problemsOf(changes: Record<string, string> = {}): Promise<string[]> {
  const folder = await Deno.makeTempDir({ prefix: "millrace-fixture-" });
  try {
    const root = new URL(`file://${await Deno.realPath(folder)}/`);
    for (const [path, text] of Object.entries({ ...PROJECT, ...changes })) {
      const file = new URL(path, root);
      await Deno.mkdir(new URL("./", file), { recursive: true });
      await Deno.writeTextFile(file, text);
    }
    const { functions, problems } = await checkDeployment(root);
    if (problems.length === 0) assertEquals(functions.map(({ slug, files }) => [slug, files]), [["hello", 5]]);
    return problems.map((problem) => problem.replaceAll(folder, ""));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("checkDeployment() finds no fault with a function whose files all arrive", async () => {
  assertEquals(await problemsOf(), []);
});

Deno.test("checkDeployment() reports an import the CLI cannot see", async () => {
  const problems = await problemsOf({
    "shared/names/mod.ts": 'export const name = "world"; export const rare = () => import(`./rare.ts`);',
  });
  assertEquals(problems, ["hello: shared/names/rare.ts is needed but not uploaded"]);
});

Deno.test("checkDeployment() reports a file that goes along without being needed", async () => {
  const problems = await problemsOf({
    "shared/names/mod.ts": `export const name = "world";\n// import "./other.ts";\nexport * from "./rare.ts";`,
  });
  assertEquals(problems, ["hello: shared/names/other.ts is uploaded but not needed"]);
});

Deno.test("checkDeployment() reports a missing file although the CLI goes on", async () => {
  const problems = await problemsOf({ "shared/names/mod.ts": `import "./gone.ts"; export const name = "world";` });
  assertEquals(problems.some((problem) => /WARN.*gone\.ts/.test(problem)), true, problems.join("\n"));
});

Deno.test("checkDeployment() reports folders and settings that do not fit", async () => {
  const problems = await problemsOf({
    "functions/forgotten/index.ts": "Deno.serve(() => new Response());",
    "supabase/config.toml": CONFIG.replace('import_map = "../deno.json"\n', ""),
  });
  assertEquals(problems, [
    "functions/forgotten is not in supabase/config.toml",
    "hello: no import map is uploaded: set import_map",
  ]);
});

Deno.test("every function of this repository can be deployed", async () => {
  assertEquals((await checkDeployment(REPOSITORY)).problems, []);
});
