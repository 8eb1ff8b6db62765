import type postgres from "postgres";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../tests/helpers/assert.ts";
import { withDatabase } from "../../tests/helpers/postgres.ts";
import { openPostgres } from "./database.ts";
import { startNetDispatcher } from "./net_dispatcher.ts";

interface Seen {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string;
}

/** Runs `fn` with a database, a dispatcher and a server that records what it is sent. */
function withNet(fn: (sql: postgres.Sql, url: string, seen: Seen[]) => Promise<void>): Promise<void> {
  return withDatabase(async (db) => {
    const seen: Seen[] = [];
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
      const { pathname, search } = new URL(request.url);
      seen.push({
        method: request.method,
        path: pathname + search,
        headers: Object.fromEntries(request.headers),
        body: await request.text(),
      });
      if (pathname === "/slow") await new Promise((resolve) => setTimeout(resolve, 500));
      return Response.json({ ok: true }, { status: 202 });
    });
    const database = openPostgres(db.url);
    const dispatcher = await startNetDispatcher(database);
    try {
      await fn(db.sql, `http://127.0.0.1:${server.addr.port}`, seen);
    } finally {
      await dispatcher.stop();
      await database.close();
      await server.shutdown();
    }
  }, { content: "empty" });
}

async function responseOf(sql: postgres.Sql, id: string) {
  for (let tries = 0; tries < 200; tries++) {
    const [row] = await sql`select * from net._http_response where id = ${id}`;
    if (row) return row;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("No response was recorded");
}

Deno.test("net.http_post() is sent after commit, at once, and its answer recorded", () =>
  withNet(async (sql, url, seen) => {
    const start = performance.now();
    let id = "";
    await sql.begin(async (transaction) => {
      const [row] = await transaction`
        select net.http_post(url := ${url + "/hook"}, body := '{"a": 1}', params := '{"q": "x y&z"}',
          headers := '{"x-key": "k"}') as id`;
      id = row!.id;
      await new Promise((resolve) => setTimeout(resolve, 100));
      assertEquals(seen.length, 0);
    });
    const response = await responseOf(sql, id);
    assert(performance.now() - start < 900, "it must not wait for the poll");
    assertEquals([response.status_code, response.timed_out, response.error_msg], [202, false, null]);
    assertEquals(JSON.parse(response.content), { ok: true });
    assertEquals([seen[0]!.method, seen[0]!.path, seen[0]!.body], ["POST", "/hook?q=x%20y%26z", '{"a": 1}']);
    assertEquals([seen[0]!.headers["x-key"], seen[0]!.headers["content-type"]], ["k", "application/json"]);
    assertEquals((await sql`select * from net.http_request_queue`).length, 0);
  }));

Deno.test("a request that was rolled back is not sent", () =>
  withNet(async (sql, url, seen) => {
    await assertRejects(() =>
      sql.begin(async (transaction) => {
        await transaction`select net.http_get(${url + "/never"})`;
        throw new Error("on second thoughts");
      })
    );
    const [row] = await sql`select net.http_get(${url + "/first"}) as id`;
    await responseOf(sql, row!.id);
    assertEquals(seen.map((request) => request.path), ["/first"]);
  }));

Deno.test("time-outs and refused connections are recorded", () =>
  withNet(async (sql, url) => {
    const [slow] = await sql`select net.http_get(${url + "/slow"}, timeout_milliseconds := 100) as id`;
    const [refused] = await sql`select net.http_get('http://127.0.0.1:9/') as id`;
    const timedOut = await responseOf(sql, slow!.id);
    assertEquals([timedOut.status_code, timedOut.timed_out], [null, true]);
    assertStringIncludes(timedOut.error_msg, "Timeout of 100 ms");
    const failed = await responseOf(sql, refused!.id);
    assertEquals([failed.status_code, failed.timed_out], [null, false]);
    assert(failed.error_msg);
  }));

Deno.test("net.http_post() refuses another content type, as pg_net does", () =>
  withNet(async (sql) => {
    await assertRejects(
      () => sql`select net.http_post(url := 'http://127.0.0.1:9', headers := '{"content-type": "text/plain"}')`,
      Error,
      "Content-Type",
    );
  }));
