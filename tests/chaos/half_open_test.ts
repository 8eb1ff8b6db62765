/**
 * A connection that nobody answers on any more, and that nobody has closed.
 *
 * @module
 */
import { postgresTransport } from "../../shared/engine/mod.ts";
import { isAppError } from "../../shared/errors/mod.ts";
import { assert, assertEquals, assertRejects } from "../helpers/assert.ts";
import { withDatabase } from "../helpers/postgres.ts";
import { startHelper } from "./_helper_process.ts";
import { within } from "./_world.ts";

Deno.test("a call without an answer ends after its time as one of unknown outcome, and the next one gets through", () =>
  withDatabase(async (db) => {
    const { hostname, port } = new URL(db.url);
    const proxy = await startHelper("./_proxy.ts", hostname, port);
    try {
      const url = Object.assign(new URL(db.url), { host: `127.0.0.1:${proxy.port}` }).href;
      const transport = await postgresTransport(url, { answerTimeoutSeconds: 1 });
      const beat = () => within(5_000, transport.call("heartbeat", { p_worker_id: crypto.randomUUID() }));
      assertEquals(await beat(), false);
      await proxy.ask('{"hang":"existing"}');
      const error = await assertRejects(beat);
      assert(isAppError(error) && error.code === "service_unavailable", String(error));
      assertEquals(await beat(), false);
      await transport.close();
    } finally {
      await proxy.stop();
    }
  }));
