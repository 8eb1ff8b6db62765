import { backgroundSettled, createApp } from "../../shared/http/mod.ts";
import { withApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { FUNCTIONS } from "./mounts.ts";

const [flows, router] = await Promise.all([FUNCTIONS.flows(), FUNCTIONS.admin()]);

interface CacheUsage {
  operation: string;
  requests: number;
  hits: number;
  joined: number;
  misses: number;
  not_modified: number;
  hit_rate: number;
}

Deno.test("GET /admin/cache says how often replies came from memory, from two isolates and grouped", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    let flushes = 0;
    const isolate = () =>
      createApp("flows", flows, {
        env: api.env,
        fetch: async (input, init) => {
          if (new URL(String(input)).pathname.endsWith("/rpc/add_api_usage")) flushes++;
          return await api.fetch(input, init);
        },
        write: () => {},
        usageMilliseconds: 2_000,
      });
    const apps = [isolate(), isolate()];
    let tag = "";
    const begun = performance.now();
    for (let n = 0; n < 10; n++) {
      for (const app of apps) {
        const headers = { authorization: `Bearer ${ada.token}`, ...(n === 9 ? { "if-none-match": tag } : {}) };
        const response = await app.fetch(new Request("http://project.test/flows", { headers }));
        await response.body?.cancel();
        tag = response.headers.get("etag") ?? "";
      }
    }
    const windows = 1 + Math.floor((performance.now() - begun) / 2_000);
    await backgroundSettled();
    // Each isolate once, however many requests it had, unless the machine was so slow that they took longer than that.
    assert(flushes >= 2 && flushes <= 2 * windows, `${flushes} times in ${windows} windows`);
    const { status, body } = await api.operator.get<{ data: CacheUsage[] }>("/admin/cache");
    assertEquals(status, 200);
    const [{ operation, requests, hits, misses, not_modified, hit_rate }] = body.data as [CacheUsage];
    assertEquals([operation, requests, hits, misses, not_modified, hit_rate], ["listFlows", 20, 18, 2, 2, 0.9]);
    const page = await api.operator.get<{ data: unknown[] }>("/admin/cache?operation=getFlow&fields=hit_rate");
    assertEquals(page.body.data, []);
    const past = await api.operator.get<{ data: unknown[] }>("/admin/cache?to=2020-01-01");
    assertEquals(past.body.data, []);
    assertEquals((await ada.get("/admin/cache")).status, 403);
  }));
