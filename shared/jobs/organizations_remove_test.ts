import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import type { Env } from "../env/mod.ts";
import type { Providers } from "../providers/mod.ts";
import { queuedJob, runnerOf, runToEnd } from "./_testing.ts";
import { jobRegistry } from "./registry.ts";

/** Runs the job against a project that answers each function in turn, and gives what was asked of it. */
async function runRemoval(answers: Record<string, unknown[]>) {
  const asked: string[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const name = pathname.split("/").at(-1)!;
    if (pathname.startsWith("/storage/")) {
      asked.push(`${request.method} ${name} ${(await request.json()).prefixes}`);
      return Response.json([]);
    }
    asked.push(name);
    return Response.json(answers[name]?.shift() ?? null);
  });
  try {
    const env = {
      supabaseUrl: `http://127.0.0.1:${server.addr.port}`,
      secretKeys: { default: "sb_secret_x" },
    } as unknown as Env;
    const job = await jobRegistry.get("organizations.remove");
    assert(job !== undefined);
    const runner = runnerOf([job], { env, providers: {} as Providers });
    return { asked, settled: await runToEnd(runner, queuedJob("organizations.remove", { payload: {} })) };
  } finally {
    await server.shutdown();
  }
}

Deno.test("organizations.remove takes objects and rows in turns until nothing is left", async () => {
  const { asked, settled } = await runRemoval({
    organizations_to_remove: [["a", "b"]],
    list_organization_objects: [
      [{ bucket: "run-data", path: "a/1" }, { bucket: "run-archives", path: "a/2" }, {
        bucket: "run-data",
        path: "a/3",
      }],
      [],
      [],
      [{ bucket: "run-data", path: "a/late" }],
      [],
      [],
    ],
    remove_organization: [
      { removed: 2_000, done: false },
      { removed: 0, done: false, waits_for: "objects" },
      { removed: 1, done: true },
      { removed: 0, done: false, waits_for: "workers" },
    ],
  });
  assertEquals(settled?.outcome, "completed");
  assertEquals(settled?.result, { organizations: 1, rows: 2_001, objects: 4, waiting: 1 });
  assertEquals(asked, [
    "organizations_to_remove",
    "list_organization_objects",
    "DELETE run-data a/1,a/3",
    "DELETE run-archives a/2",
    "list_organization_objects",
    "remove_organization",
    "list_organization_objects",
    "remove_organization",
    "list_organization_objects",
    "DELETE run-data a/late",
    "list_organization_objects",
    "remove_organization",
    "list_organization_objects",
    "remove_organization",
  ]);
});

Deno.test("organizations.remove has nothing to do when the grace of none is over", async () => {
  const { asked, settled } = await runRemoval({ organizations_to_remove: [[]] });
  assertEquals([settled?.outcome, asked], ["completed", ["organizations_to_remove"]]);
});
