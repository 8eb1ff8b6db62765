/**
 * Every bad input at every door, without a database: what is refused reaches nothing but the gate.
 *
 * @module
 */
import { loadRouters } from "./open_api.ts";
import { listNodes } from "../../shared/nodes/mod.ts";
import { type App, backgroundSettled, createApp } from "../../shared/http/mod.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { fakeDataApi, TEST_KEYS, testOptions, userHeaders } from "../../tests/helpers/http.ts";
import { BAD_INPUTS, type BadRequest } from "../../tests/helpers/bad_inputs.ts";
import { type Door, doorsOf } from "../../tests/helpers/doors.ts";

const routers = await loadRouters();
const doors = await doorsOf(routers);
const user = await userHeaders();

/** What the gate, and notes about refusals, may ask. */
const BEFORE_THE_DOOR: ReadonlySet<string> = new Set(["rpc/gate", "rpc/note_refusals"]);

function open() {
  const fake = fakeDataApi();
  const apps = new Map<string, App>(
    routers.map((router) => [router.name, createApp(router.name, router, testOptions(fake))]),
  );
  const knock = async (door: Door, { path, headers, body }: BadRequest) => {
    fake.calls.length = 0;
    const own = door.json === null ? {} : door.json.access.user === undefined ? { apikey: TEST_KEYS.secret } : user;
    const content = body?.() ??
      (door.body === undefined || headers?.["content-type"] !== undefined ? undefined : JSON.stringify(door.body));
    const response = await apps.get(door.router.name)!.request(path ?? door.path, {
      method: door.method,
      headers: {
        // A token beside a secret key would be one credential too many.
        ...(headers?.authorization === undefined ? own : {}),
        ...(content === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(content === undefined || door.method === "GET" ? {} : { body: content }),
    });
    const text = await response.text();
    const isProblem = response.headers.get("content-type") === "application/problem+json";
    return { status: response.status, body: isProblem ? JSON.parse(text) : {}, text, calls: [...fake.calls] };
  };
  return { fake, knock };
}

for (const input of BAD_INPUTS) {
  Deno.test(`${input.name} is ${input.expected.join(" or ")} at every door`, async () => {
    const { knock } = open();
    const wrong: string[] = [];
    let tried = 0;
    for (const door of doors) {
      if (input.exempt(door) !== null) continue;
      for (const request of await input.requests(door)) {
        tried++;
        const { status, body, calls } = await knock(door, request);
        const answer = `${status} ${body.code}`;
        if (!input.expected.includes(answer)) {
          wrong.push(`${door.name} ${request.path ?? ""}: ${answer} ${body.detail ?? ""}`.slice(0, 300));
        }
        const reached = calls.map(({ path }) => path).filter((path) => !BEFORE_THE_DOOR.has(path));
        if (reached.length > 0) wrong.push(`${door.name}: ${reached.join(", ")} was reached`);
      }
    }
    assertEquals(wrong, []);
    assert(tried > 0, "no door was tried");
    assertEquals(({} as { admin?: boolean }).admin, undefined);
  });
}

Deno.test("what a client says of its own address changes nothing at any door", async () => {
  const { fake, knock } = open();
  fake.on("rpc/note_refusals", () => []);
  const spoofed = {
    "x-forwarded-for": "203.0.113.7, 203.0.113.8, 198.51.100.1",
    "x-real-ip": "203.0.113.7",
    "forwarded": "for=203.0.113.7",
    "cf-connecting-ip": "203.0.113.7",
    "true-client-ip": "203.0.113.7",
    "x-millrace-ip": "203.0.113.7",
  };
  const wrong: string[] = [];
  let seen = 0;
  for (const door of doors) {
    if (door.json === null || door.json.operationId === "watchRun" || door.json.operationId === "testWebhook") continue;
    const { calls } = await knock(door, { headers: spoofed });
    for (const { path, headers } of calls) {
      // Sent for many requests together, whenever it is time.
      if (path === "rpc/note_refusals") continue;
      seen++;
      const ip = headers.get("x-millrace-ip");
      if (ip !== "198.51.100.1") wrong.push(`${door.name} told ${path} the address ${ip}`);
    }
  }
  await backgroundSettled();
  assertEquals(wrong, []);
  assert(seen >= 100, `${seen}`);
});

/** Spellings of addresses that must not be called. */
const ADDRESSES = [
  "http://127.0.0.1/",
  "http://2130706433/",
  "http://0x7f000001/",
  "http://0177.0.0.1/",
  "http://127.1/",
  "http://0/",
  "http://[::1]/",
  "http://[::ffff:127.0.0.1]/",
  "http://[::ffff:7f00:1]/",
  "http://[64:ff9b::7f00:1]/",
  "http://[2002:7f00:1::]/",
  "http://[2001:0:7f00:1::]/",
  "http://[fd00:ec2::254]/",
  "http://169.254.169.254/latest/meta-data/",
  "http://metadata.google.internal/",
  "http://localhost/",
  "http://localhost./",
  "http://user@example.com/",
  "http://example.com@127.0.0.1/",
  "http://１２７.0.0.1/",
  "http://10.0.0.1/",
  "http://100.64.0.1/",
  "file:///etc/passwd",
  "gopher://example.com:6379/_FLUSHALL",
  "data:text/plain,hello",
  "javascript:alert(1)",
];

Deno.test("every node that is told a URL refuses addresses that must not be called, and sends nothing", async () => {
  const { knock } = open();
  const door = doors.find(({ json }) => json?.operationId === "testNodeType")!;
  const isUrl = (value: unknown) => typeof value === "string" && /^https?:/.test(value);
  const places = listNodes().flatMap(({ type, exampleConfig }) =>
    Object.keys(exampleConfig).filter((name) => isUrl(exampleConfig[name])).map((name) => ({
      type,
      exampleConfig,
      name,
    }))
  );
  assert(places.length > 0);
  const wrong: string[] = [];
  for (const { type, exampleConfig, name } of places) {
    for (const url of ADDRESSES) {
      const body = () => JSON.stringify({ config: { ...exampleConfig, [name]: url } });
      const reply = await knock(door, { path: `/nodes/${type}/test`, body });
      if (`${reply.status} ${reply.body.code}` !== "422 blocked_address") {
        wrong.push(`${type} ${url}: ${reply.status} ${reply.text.slice(0, 200)}`);
      }
    }
  }
  assertEquals(wrong, []);
});

/** Where other people's addresses may come in. Others that are named so must say here why they may. */
const ADDRESS_FIELDS: Readonly<Record<string, string>> = {
  "receiveCallbacks url": "read for its token and never called",
  "createWebhookSubscription url": "tried with all of them",
  "updateWebhookSubscription url": "tried with all of them",
  "previewMailTemplate logo_url": "stands in the page, whose reader loads it: nothing here calls it",
  "openCheckout success_url": "on the frontend's site only, see functions/billing/buying_test.ts",
  "openCheckout cancel_url": "the same",
  "openPortal return_url": "the same",
};

Deno.test("webhooks out refuse addresses that must not be called", async () => {
  const { knock } = open();
  const wrong: string[] = [];
  for (const name of ["createWebhookSubscription", "updateWebhookSubscription"]) {
    const door = doors.find(({ json }) => json?.operationId === name)!;
    for (const url of ADDRESSES) {
      const { status, body, calls } = await knock(door, {
        body: () => JSON.stringify({ ...door.body as object, url }),
      });
      const reached = calls.some(({ path }) => !BEFORE_THE_DOOR.has(path));
      if (`${status} ${body.code}` !== "422 blocked_address" || reached) {
        wrong.push(`${name} ${url}: ${status} ${body.code} ${JSON.stringify(body.problems ?? calls)}`);
      }
    }
  }
  assertEquals(wrong, []);
});

Deno.test("no door takes an address to call or to redirect to that the table does not know", () => {
  const found = doors.flatMap(({ json }) => {
    const { body, query } = json?.request ?? {};
    return [body, query].flatMap((schema) => Object.keys((schema as { shape?: object } | undefined)?.shape ?? {}))
      .filter((name) => /url|redirect|return_to|callback/i.test(name)).map((name) => `${json?.operationId} ${name}`);
  });
  assertEquals(found.filter((name) => !(name in ADDRESS_FIELDS)), []);
});

Deno.test("line breaks in addresses and in what becomes a header are refused", async () => {
  const { knock } = open();
  const wrong: string[] = [];
  let tried = 0;
  for (const door of doors) {
    if (door.json === null) continue;
    for (const [name, value] of Object.entries((door.body ?? {}) as Record<string, unknown>)) {
      if (typeof value !== "string" || !/email|network|cron|slug/i.test(name)) continue;
      for (const ending of ["\r\nbcc: x@evil.example", "\nx: y"]) {
        tried++;
        const body = JSON.stringify({ ...door.body as object, [name]: value + ending });
        const { status, body: problem, calls } = await knock(door, { body: () => body });
        const reached = calls.some(({ path }) => !BEFORE_THE_DOOR.has(path));
        if (status !== 400 || reached) wrong.push(`${door.name} ${name}: ${status} ${problem.code}`);
      }
    }
  }
  const test = doors.find(({ json }) => json?.operationId === "testNodeType")!;
  for (
    const [type, config] of [
      ["action.http", { url: "https://example.com/", headers: { "x-a": "a\r\nb: c" } }],
      ["action.http", { url: "https://example.com/", headers: { "x-a\r\nb": "c" } }],
      ["communication.email", { to: "a@example.com\r\nbcc: b@example.com", subject: "s", text: "t" }],
      ["communication.email", { to: "a@example.com", subject: "s\r\nbcc: b@example.com", text: "t" }],
    ] as const
  ) {
    tried++;
    const { status, body, text } = await knock(test, {
      path: `/nodes/${type}/test`,
      body: () => JSON.stringify({ config }),
    });
    if (body.code !== "node_config_invalid") {
      wrong.push(`${type} ${JSON.stringify(config)}: ${status} ${text.slice(0, 300)}`);
    }
  }
  assertEquals(wrong, []);
  assert(tried > 5, `${tried}`);
});
