/**
 * What engine calls over a direct connection send to Postgres.
 *
 * @module
 */
import { postgresTransport } from "../../shared/engine/mod.ts";
import { assertEquals } from "../helpers/assert.ts";
import { linkDatabase } from "../helpers/database_link.ts";
import { withDatabase } from "../helpers/postgres.ts";

Deno.test("a connection tells Postgres the text of a call once", () =>
  withDatabase(async (db) => {
    let sent = "";
    const link = linkDatabase(db.url, { onSent: (bytes) => sent += new TextDecoder("latin1").decode(bytes) });
    const transport = await postgresTransport(link.url, { connections: 1 });
    try {
      for (let call = 0; call < 3; call++) {
        assertEquals(await transport.call("heartbeat", { p_worker_id: crypto.randomUUID() }), false);
      }
      assertEquals(sent.split("select engine.heartbeat(").length - 1, 1);
    } finally {
      await transport.close();
      link.stop();
    }
  }));
