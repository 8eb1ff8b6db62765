import { assert, assertEquals } from "../helpers/assert.ts";
import { startStack } from "../helpers/stack.ts";
import { stranger } from "./_visitor.ts";

Deno.test("health says that the database is away, and that it is back", async () => {
  const stack = await startStack({ withLink: true });
  try {
    const anybody = stranger(stack);
    assertEquals((await anybody.call("GET", "/health")).status, 200);
    assertEquals((await anybody.call("GET", "/health/live")).status, 200);

    stack.link?.cut();
    await pause(1_100);
    const startedAt = performance.now();
    const away = await anybody.call("GET", "/health/ready");
    assertEquals([away.status, away.body.code], [503, "service_unavailable"]);
    assert(Number(away.headers.get("retry-after")) > 0);
    assert(performance.now() - startedAt < 3_000, "it does not wait for a database that is away");
    assertEquals((await anybody.call("GET", "/health/live")).status, 200);

    stack.link?.restore();
    for (let tries = 0; tries < 40; tries++) {
      const { status } = await anybody.call("GET", "/health/ready");
      if (status === 200) return;
      assertEquals(status, 503);
      await pause(500);
    }
    throw new Error("The database is back, and health does not say so");
  } finally {
    await stack.stop();
  }
});

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
