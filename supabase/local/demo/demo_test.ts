import { assert, assertEquals } from "../../../tests/helpers/assert.ts";
import { startStack } from "../../../tests/helpers/stack.ts";
import { runDemo } from "./demo.ts";
import { startOutsideWorld } from "./outside_world.ts";

/** Runs the demo twice, as two starts would, without its output. */
async function twoStarts(database: "postgres" | "pglite"): Promise<void> {
  const outside = startOutsideWorld(0);
  const stack = await startStack({ database, functionsEnv: outside.functionsEnv });
  const dataFolder = await Deno.makeTempDir();
  const { log } = console;
  const output: string[] = [];
  console.log = (...parts: unknown[]) => output.push(parts.join(" "));
  try {
    const options = { url: stack.url, publishableKey: stack.publishableKey, outside, dataFolder };
    assert(await runDemo(options), output.join("\n"));
    assertEquals(outside.deliveries.map(({ service }) => service).sort(), ["crm", "crm", "email"]);
    assert(outside.deliveries.every(({ idempotencyKey }) => idempotencyKey !== null));

    assert(await runDemo(options), output.join("\n"));
    assertEquals(outside.deliveries.length, 6);
    const count = (table: string) => stack.executor.query<{ n: number }>(`select count(*)::int as n from ${table}`);
    assertEquals((await count("public.flows"))[0]?.n, 2);
    assertEquals((await count("public.flow_versions"))[0]?.n, 2);
    assertEquals((await count("public.webhook_endpoints"))[0]?.n, 2);

    // Its owner may remove a webhook: the next start makes it anew.
    await stack.executor.exec("delete from public.webhook_endpoints where provider = 'stripe'");
    assert(await runDemo(options), output.join("\n"));
    assertEquals((await count("public.webhook_endpoints"))[0]?.n, 2);
  } catch (error) {
    throw new Error(`${output.join("\n")}\n${stack.lines.join("\n")}`, { cause: error });
  } finally {
    console.log = log;
    await stack.stop();
    await outside.stop();
    await Deno.remove(dataFolder, { recursive: true });
  }
}

Deno.test("the demo does the main job, and again at the next start without making anything twice (postgres)", () =>
  twoStarts("postgres"));

Deno.test("the demo does the main job, and again at the next start without making anything twice (pglite)", () =>
  twoStarts("pglite"));
