/**
 * Two processes that serve the functions on one database, as a project has many isolates: limits are exact over both, and
 * what is taken away is gone in both.
 *
 * @module
 */
import { type FunctionsProcess, startFunctionsProcess } from "../../supabase/local/functions_process.ts";
import { REPOSITORY } from "../../supabase/local/schema_files.ts";
import type { AnyBody, ApiUser, TestApi } from "../helpers/api.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import { withServedApi } from "../helpers/served_api.ts";
import { until } from "../helpers/until.ts";

/** The address that tests call from: what the proxy in front of the functions has seen. */
const ADDRESS = "203.0.113.50";

interface Answer {
  readonly status: number;
  readonly code: string | undefined;
  readonly body: AnyBody;
  /** When it was sent, milliseconds of this process. */
  readonly sentAt: number;
  /** Which of the isolates answered. */
  readonly isolate: number;
}

type Send = (
  isolate: number,
  method: string,
  path: string,
  options?: { headers?: Record<string, string>; body?: unknown; ip?: string },
) => Promise<Answer>;

async function withIsolates(fn: (api: TestApi, send: Send) => Promise<void>): Promise<void> {
  await withServedApi([], async (api) => {
    const processes: FunctionsProcess[] = [];
    try {
      const options = { folder: new URL("functions/", REPOSITORY), env: { ...api.variables }, onLine: () => {} };
      processes.push(...await Promise.all([startFunctionsProcess(options), startFunctionsProcess(options)]));
      await fn(api, (isolate, method, path, request) => send(processes[isolate]!, isolate, method, path, request));
    } finally {
      await Promise.all(processes.map((process) => process.retire(2_000)));
    }
  });
}

async function send(
  process: FunctionsProcess,
  isolate: number,
  method: string,
  path: string,
  { headers = {}, body, ip = ADDRESS }: { headers?: Record<string, string>; body?: unknown; ip?: string } = {},
): Promise<Answer> {
  const sentAt = performance.now();
  const response = await process.fetch(
    new Request(`http://127.0.0.1${path}`, {
      method,
      headers: {
        "x-forwarded-for": ip,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );
  const text = await response.text();
  const parsed = text === "" ? {} : JSON.parse(text);
  return { status: response.status, code: parsed.code, body: parsed, sentAt, isolate };
}

const as = (user: ApiUser) => ({ headers: { authorization: `Bearer ${user.token}` } });

/** Makes an API key with the limits of an organization that nobody reaches. */
async function makeKey(send: Send, ada: ApiUser): Promise<{ id: string; key: string; version: number }> {
  const made = await send(0, "POST", "/keys", { ...as(ada), body: { name: "Key", scopes: ["flows:read"] } });
  assertEquals(made.status, 201, JSON.stringify(made.body));
  return made.body as unknown as { id: string; key: string; version: number };
}

/**
 * Calls again and again through both isolates, takes something away meanwhile, and tells what was answered to whom was
 * sent after that had been done.
 */
async function during(call: (isolate: number) => Promise<Answer>, takeAway: () => Promise<unknown>): Promise<Answer[]> {
  const answers: Answer[] = [];
  let ended = false;
  const callers = Array.from({ length: 6 }, async (_, n) => {
    while (!ended) answers.push(await call(n % 2));
  });
  let done = 0;
  try {
    await until(() => answers.length >= 30);
    const before = answers.splice(0);
    assert(before.every(({ status }) => status === 200), JSON.stringify(before.find(({ status }) => status !== 200)));
    await takeAway();
    done = performance.now();
    await until(() => answers.filter(({ sentAt }) => sentAt > done).length >= 30);
  } finally {
    ended = true;
    await Promise.all(callers);
  }
  const after = answers.filter(({ sentAt }) => sentAt > done);
  assertEquals([...new Set(after.map(({ isolate }) => isolate))].toSorted(), [0, 1]);
  return after;
}

/** What was answered, each once. */
function outcomes(answers: readonly Answer[]): string[] {
  return [...new Set(answers.map(({ status, code }) => `${status} ${code ?? ""}`.trim()))].toSorted();
}

Deno.test("two isolates on one database", async (test) => {
  await withIsolates(async (api, send) => {
    await api.db.sql`
      update public.plans set request_burst = 100000, organization_request_burst = 100000, requests_per_minute = 100000,
        organization_requests_per_minute = 100000`;

    await test.step("of 3,200 calls by 32 clients at a burst of 100 exactly 100 pass: a person, a key, an organization", async () => {
      const [ada, bob, eve] = [await api.createUser(), await api.createUser(), await api.createUser()];
      const key = await makeKey(send, bob);
      // So slow that no token comes back while this lasts. Only the gate counts: what it lets pass is a 404.
      const limit = (kind: string, id: string) =>
        api.db.sql`
          insert into private.rate_limit_overrides
            (subject_kind, subject_id, request_limit, window_seconds, burst, reason, created_by)
          values (${kind}, ${id}, 1, 86400, 100, 'test', 'test')`;
      await limit("user", ada.id);
      await limit("key", key.id);
      await limit("org", eve.organizationId);
      const members = [eve, await api.createMember(eve.organizationId, "viewer")];
      const path = `/flows/${crypto.randomUUID()}`;
      const cases: [what: string, calls: number, options: (n: number) => { headers: Record<string, string> }][] = [
        ["a person", 3_200, () => as(ada)],
        ["a key", 320, () => ({ headers: { "x-api-key": key.key } })],
        ["an organization", 320, (n) => as(members[n % 2]!)],
      ];
      // What went before them has taken tokens of the organization.
      await api.db.sql`delete from private.rate_limits`;
      for (const [what, calls, options] of cases) {
        const statuses = (await Promise.all(Array.from({ length: 32 }, async (_, client) => {
          const mine: number[] = [];
          for (let n = client; n < calls; n += 32) mine.push((await send(n % 2, "GET", path, options(n >> 1))).status);
          return mine;
        }))).flat();
        const count = (status: number) => statuses.filter((each) => each === status).length;
        assertEquals([count(404), count(429)], [100, calls - 100], what);
      }
    });

    await test.step("an API key that is revoked, or loses its scope, opens nothing from then on", async () => {
      const ada = await api.createUser();
      const key = await makeKey(send, ada);
      const call = (isolate: number) => send(isolate, "GET", "/flows", { headers: { "x-api-key": key.key } });
      assertEquals(
        outcomes(
          await during(
            call,
            () => send(0, "PATCH", `/keys/${key.id}`, { ...as(ada), body: { scopes: ["runs:read"] } }),
          ),
        ),
        ["403 forbidden"],
      );
      await send(1, "PATCH", `/keys/${key.id}`, { ...as(ada), body: { scopes: ["flows:read"] } });
      const after = await during(call, () => send(1, "DELETE", `/keys/${key.id}`, as(ada)));
      assertEquals(outcomes(after), ["401 unauthorized"]);
    });

    await test.step("a member who is removed sees nothing from then on, one whose role changes what it allows", async () => {
      const ada = await api.createUser();
      const eve = await api.createMember(ada.organizationId, "developer");
      const member = `/orgs/${ada.organizationId}/members/${eve.id}`;
      const headers = { ...as(eve).headers, "x-organization-id": ada.organizationId };
      const keys = (isolate: number) => send(isolate, "GET", "/keys", { headers });
      const demoted = await during(keys, () => send(0, "PATCH", member, { ...as(ada), body: { role: "viewer" } }));
      assertEquals(outcomes(demoted), ["403 forbidden"]);
      const flows = (isolate: number) => send(isolate, "GET", "/flows", { headers });
      assertEquals(outcomes(await during(flows, () => send(1, "DELETE", member, as(ada)))), ["404 not_found"]);
    });

    await test.step("a suspended organization is closed from then on, and open again when that ends", async () => {
      const ada = await api.createUser();
      const operator = { headers: { apikey: api.env.secretKeys.default ?? "" } };
      const call = (isolate: number) => send(isolate, "GET", "/flows", as(ada));
      const path = `/orgs/${ada.organizationId}`;
      assertEquals(outcomes(await during(call, () => send(0, "POST", `${path}/suspend`, operator))), ["403 forbidden"]);
      await send(1, "POST", `${path}/resume`, operator);
      assertEquals([(await call(0)).status, (await call(1)).status], [200, 200]);
    });

    await test.step("a smaller plan, and a limit by hand, count from then on", async () => {
      const ada = await api.createUser();
      const operator = { headers: { apikey: api.env.secretKeys.default ?? "" } };
      await api.db.sql`
        update public.plans set requests_per_minute = 1, request_burst = 1, max_workspaces = 1 where id = 'team'`;
      const call = (isolate: number) => send(isolate, "GET", "/flows", as(ada));
      const moved = await during(call, async () => {
        await api.db.sql`update public.organizations set plan_id = 'team' where id = ${ada.organizationId}`;
      });
      assertEquals(outcomes(moved), ["429 rate_limited"]);
      const override = {
        subject_kind: "user",
        subject_id: ada.id,
        request_limit: 100_000,
        burst: 100_000,
        reason: "They asked",
      };
      await send(0, "PUT", "/admin/limits/overrides", { ...operator, body: override });
      const reset = { subject_kind: "user", subject_id: ada.id };
      await send(0, "POST", "/admin/limits/buckets/reset", { ...operator, body: reset });
      assertEquals([(await call(0)).status, (await call(1)).status], [200, 200]);
      for (const isolate of [0, 1]) {
        const path = `/orgs/${ada.organizationId}/workspaces`;
        const more = await send(isolate, "POST", path, { ...as(ada), body: { name: "More" } });
        assertEquals(more.code, "plan_limit_reached");
      }
    });

    await test.step("a flag that is set or cleared counts from then on", async () => {
      const ada = await api.createUser();
      const operator = { headers: { apikey: api.env.secretKeys.default ?? "" } };
      const has = async (isolate: number) => {
        const { body } = await send(isolate, "GET", "/api/v1/flags", as(ada));
        return (body as unknown as { flags: string[] }).flags.includes("new_editor");
      };
      assertEquals([await has(0), await has(1)], [false, false]);
      await send(0, "PUT", "/admin/flags", { ...operator, body: { name: "new_editor", percentage: 100 } });
      assertEquals([await has(0), await has(1)], [true, true]);
      await send(1, "DELETE", "/admin/flags/new_editor", operator);
      assertEquals([await has(0), await has(1)], [false, false]);
    });

    await test.step("a blocked address is refused from then on, with a token and with a key", async () => {
      const ada = await api.createUser();
      const { key } = await makeKey(send, ada);
      const operator = { headers: { apikey: api.env.secretKeys.default ?? "" }, ip: "203.0.113.99" };
      const ip = "198.51.100.7";
      for (const headers of [as(ada).headers, { "x-api-key": key }]) {
        const call = (isolate: number) => send(isolate, "GET", "/flows", { headers, ip });
        const blocked = await during(call, async () => {
          const body = { network: "198.51.100.0/24", reason: "Test" };
          assertEquals((await send(0, "PUT", "/admin/ip-blocks", { ...operator, body })).status, 200);
        });
        assertEquals(outcomes(blocked), ["403 ip_blocked"]);
        const [block] = await api.db.sql`select id from private.ip_blocks`;
        assertEquals((await send(1, "DELETE", `/admin/ip-blocks/${block?.id}`, operator)).status, 204);
        assertEquals([(await call(0)).status, (await call(1)).status], [200, 200]);
      }
    });

    await test.step("a blocked address is refused soon by routes that reach no database as well", async () => {
      const ip = "198.51.100.8";
      const call = async (isolate: number) => (await send(isolate, "GET", "/api/v1/changelog", { ip })).status;
      assertEquals([await call(0), await call(1)], [200, 200]);
      await api.db.sql`select engine.add_ip_block(${ip}, 'Test', null, 'test')`;
      for (const isolate of [0, 1]) await until(() => call(isolate), (status) => status === 403, 100);
      await api.db.sql`delete from private.ip_blocks`;
      for (const isolate of [0, 1]) await until(() => call(isolate), (status) => status === 200, 250);
    });
  });
});
