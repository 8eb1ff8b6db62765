/**
 * What happens to those who guess: events, limits of their address, blocks, over HTTP.
 *
 * @module
 */
import { SignJWT } from "jose";
import { FUNCTIONS } from "./mounts.ts";
import { backgroundSettled, createApp } from "../../shared/http/mod.ts";
import { type AnyBody, type ApiReply, type ApiUser, type TestApi, withApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";

const [flows, orgs, admin] = await Promise.all([FUNCTIONS.flows(), FUNCTIONS.orgs(), FUNCTIONS.admin()]);

interface Event {
  kind: string;
  ip: string;
  user_id: string | null;
  organization_id: string | null;
  occurrences: number;
  agent: string | null;
  details: { code: string; operation: string };
}

/** Somebody at an address: what the proxy in front of the functions has appended stands last. */
type From = (ip: string | null, headers?: Record<string, string>) => {
  send(method: string, path: string, body?: unknown): Promise<ApiReply<AnyBody>>;
};

/** Runs `fn` with functions that are called without the local gateway, which would write an address of its own. */
function withDoors(fn: (test: TestApi, from: From) => Promise<void>): Promise<void> {
  return withApi([admin, orgs], async (test) => {
    const options = { env: test.env, fetch: test.fetch, write: () => {}, checkResponses: true };
    const routers = { flows, orgs };
    const apps = Object.fromEntries(
      Object.entries(routers).map(([name, router]) => [name, createApp(name, router, options)]),
    );
    const from: From = (ip, headers = {}) => ({
      async send(method, path, body) {
        const response = await apps[path.split("/")[1]!]!.request(path, {
          method,
          headers: {
            ...(ip === null ? {} : { "x-forwarded-for": `192.0.2.99, ${ip}` }),
            "user-agent": "guesser/1.0",
            ...(body === undefined ? {} : { "content-type": "application/json" }),
            ...headers,
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        const text = await response.text();
        const isJson = /[/+]json\b/.test(response.headers.get("content-type") ?? "");
        return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
      },
    });
    await fn(test, from);
  });
}

const as = (user: ApiUser) => ({ authorization: `Bearer ${user.token}` });

async function events(test: TestApi, query = ""): Promise<Event[]> {
  await backgroundSettled();
  return (await test.operator.get<{ data: Event[] }>(`/admin/security-events${query}`)).body.data;
}

Deno.test("a refused credential leaves an event with address, agent and operation, and never the credential", () =>
  withDoors(async (test, from) => {
    const secret = "mr_live_0123456789012345678901234567890123456789";
    const guesser = from("198.51.100.1", { authorization: `Bearer ${secret}` });
    for (let index = 0; index < 5; index++) expectProblem(await guesser.send("GET", "/flows"), "unauthorized");
    const found = await events(test);
    assertEquals([found[0]?.kind, found[0]?.ip, found[0]?.agent], [
      "credential.refused",
      "198.51.100.1",
      "guesser/1.0",
    ]);
    assertEquals(found.reduce((sum, { occurrences }) => sum + occurrences, 0), 5);
    assertEquals([found[0]?.details.code, found[0]?.details.operation], ["unauthorized", "listFlows"]);
    assert(!JSON.stringify(found).includes(secret));
  }));

Deno.test("nobody at all, an address that is not known, and one of the platform leave none", () =>
  withDoors(async (test, from) => {
    expectProblem(await from("198.51.100.2").send("GET", "/flows"), "unauthorized");
    for (const ip of [null, "127.0.0.1", "10.1.2.3", "172.20.0.1", "fd00::1"]) {
      const guesser = from(ip, { authorization: "Bearer nonsense" });
      for (let index = 0; index < 120; index++) expectProblem(await guesser.send("GET", "/flows"), "unauthorized");
    }
    assertEquals(await events(test), []);
  }));

Deno.test("what a role lacks is noted for its organization", () =>
  withDoors(async (test, from) => {
    const ada = await test.createUser();
    const guest = await test.createMember(ada.organizationId, "guest");
    expectProblem(await from("198.51.100.3", as(guest)).send("POST", "/flows", {}), "forbidden");
    await backgroundSettled();
    const path = `/orgs/${ada.organizationId}/security-events`;
    const [event] = (await ada.get<{ data: Event[] }>(path)).body.data;
    assertEquals([event?.kind, event?.user_id, event?.organization_id], [
      "permission.denied",
      guest.id,
      ada.organizationId,
    ]);
  }));

Deno.test("twenty ids that are not there, within a minute, are probing; nineteen are not", () =>
  withDoors(async (test, from) => {
    const ada = await test.createUser();
    const probe = () => from("198.51.100.4", as(ada)).send("GET", `/flows/${crypto.randomUUID()}`);
    for (let index = 0; index < 19; index++) expectProblem(await probe(), "not_found");
    assertEquals(await events(test), []);
    await probe();
    const [event] = await events(test);
    assertEquals([event?.kind, event?.user_id, event?.occurrences], ["id.probed", ada.id, 20]);
  }));

Deno.test("more than fifty refused credentials block the address at every door; operators get in and lift it", () =>
  withDoors(async (test, from) => {
    const ada = await test.createUser();
    const guesser = from("198.51.100.5", { apikey: "sb_secret_guess" });
    for (let index = 0; index < 51; index++) expectProblem(await guesser.send("GET", "/flows"), "unauthorized");
    await backgroundSettled();
    expectProblem(await guesser.send("GET", "/flows"), "ip_blocked");
    expectProblem(await from("198.51.100.5", as(ada)).send("GET", "/flows"), "ip_blocked");
    // Another isolate, which has heard nothing: the gate and the lookup of the endpoint say it.
    expectProblem(await from("198.51.100.5", as(ada)).send("GET", "/orgs"), "ip_blocked");
    assertEquals((await from("198.51.100.6", as(ada)).send("GET", "/flows")).status, 200);
    // What a client writes into the header itself changes nothing: the proxy appends what it saw.
    const spoofed = { ...as(ada), "x-forwarded-for": "198.51.100.6, 198.51.100.5" };
    expectProblem(await from(null, spoofed).send("GET", "/orgs"), "ip_blocked");
    const { data } = (await test.operator.get<{ data: { id: string; network: string }[] }>("/admin/ip-blocks")).body;
    assertEquals(data.map(({ network }) => network), ["198.51.100.5/32"]);
    assertEquals((await test.operator.delete(`/admin/ip-blocks/${data[0]!.id}`)).status, 204);
    assertEquals((await from("198.51.100.5", as(ada)).send("GET", "/orgs")).status, 200);
  }));

Deno.test("tokens that have merely expired never block", () =>
  withDoors(async (test, from) => {
    const [key] = test.env.jwks.keys as unknown as { k: string; kid: string }[];
    const secret = Uint8Array.from(
      atob(key!.k.replaceAll("-", "+").replaceAll("_", "/")),
      (char) => char.charCodeAt(0),
    );
    const token = await new SignJWT({ role: "authenticated" }).setProtectedHeader({ alg: "HS256", kid: key!.kid })
      .setSubject(crypto.randomUUID()).setAudience("authenticated").setExpirationTime(1).sign(secret);
    const late = from("198.51.100.8", { authorization: `Bearer ${token}` });
    for (let index = 0; index < 60; index++) expectProblem(await late.send("GET", "/flows"), "unauthorized");
    const found = await events(test);
    assertEquals(new Set(found.map(({ kind }) => kind)), new Set(["credential.refused"]));
    expectProblem(await late.send("GET", "/flows"), "unauthorized");
  }));

Deno.test("a block by hand counts in the gate from the next request on", () =>
  withDoors(async (test, from) => {
    const ada = await test.createUser();
    assertEquals((await from("203.0.113.9", as(ada)).send("GET", "/flows")).status, 200);
    await test.operator.send("PUT", "/admin/ip-blocks", { network: "203.0.113.0/24", reason: "Test" });
    expectProblem(await from("203.0.113.9", as(ada)).send("GET", "/flows"), "ip_blocked");
    assertEquals((await from("203.0.114.9", as(ada)).send("GET", "/flows")).status, 200);
  }));

Deno.test("requests without credential have the limit of their address, with headers; a /64 is one client", () =>
  withDoors(async (_test, from) => {
    const get = (ip: string) => from(ip).send("GET", "/flows");
    const first = await get("2001:db8:1:2::1");
    assertEquals([first.status, first.headers.get("ratelimit-policy")], [401, '"address";q=100;w=20']);
    let last = first;
    for (let index = 0; index < 130 && last.status === 401; index++) last = await get(`2001:db8:1:2::${index + 2}`);
    expectProblem(last, "rate_limited");
    assert(Number(last.headers.get("retry-after")) > 0);
    assertEquals((await get("2001:db8:1:3::1")).status, 401);
  }));
