import type postgres from "postgres";
import { assertEquals } from "../../tests/helpers/assert.ts";
import { listenForWork } from "./_listen_for_work.ts";

/** Connections on which what is told is heard, or (a transaction pooler) is not. */
function connections(hears: boolean) {
  const listeners = new Map<string, (payload: string) => void>();
  const sql = {
    listen(channel: string, onNotify: (payload: string) => void, onListen?: () => void) {
      listeners.set(channel, onNotify);
      onListen?.();
      return Promise.resolve({
        unlisten: () => {
          listeners.delete(channel);
          return Promise.resolve();
        },
      });
    },
    notify(channel: string, payload: string) {
      if (hears) listeners.get(channel)?.(payload);
      return Promise.resolve();
    },
  };
  return { sql: sql as unknown as postgres.Sql, listeners };
}

Deno.test("who hears what he tells himself goes on to listen, until he stops", async () => {
  const { sql, listeners } = connections(true);
  const heard: string[] = [];
  const stop = await listenForWork(sql, (workerId) => void heard.push(workerId));
  assertEquals([...listeners.keys()], ["millrace_jobs"]);
  await sql.notify("millrace_jobs", "someone");
  // The first one is for what may have been missed before.
  assertEquals(heard, ["", "someone"]);
  await stop?.();
  assertEquals([...listeners.keys()], []);
});

Deno.test("who does not hear himself gives it up, and leaves nothing behind", async () => {
  const { sql, listeners } = connections(false);
  assertEquals(await listenForWork(sql, () => {}), null);
  assertEquals([...listeners.keys()], []);
});
