import { assertEquals, assertRejects } from "../../tests/helpers/assert.ts";
import { Breakers } from "./breakers.ts";
import { NodeError } from "./node_error.ts";
import type { HttpRequest, HttpResponse, Providers } from "./types.ts";

/** Services that do what the test says. */
function services(
  answer: () => Partial<HttpResponse> | NodeError | Error,
): { providers: Providers; sent: () => number } {
  let sent = 0;
  const give = () => {
    sent++;
    const given = answer();
    if (given instanceof Error) return Promise.reject(given);
    return Promise.resolve({
      status: 200,
      statusText: "",
      headers: {},
      body: new Uint8Array(),
      url: "",
      redirects: 0,
      ...given,
    });
  };
  const providers: Providers = {
    http: { request: give },
    email: { name: "resend", send: () => give().then(() => ({ id: "1" })) },
  };
  return { providers, sent: () => sent };
}

const request = (url = "https://api.example.com/a", fields: Partial<HttpRequest> = {}): HttpRequest => ({
  method: "GET",
  url,
  timeoutSeconds: 10,
  maxResponseBytes: 1_000,
  maxRedirects: 0,
  ...fields,
});

const mail = { to: ["ada@example.com"], subject: "Hi", text: "Hi" };

/** Calls twenty times, whatever comes of it; gives how many were sent. */
async function try20(providers: Providers, sent: () => number, made = request()): Promise<number> {
  for (let each = 0; each < 20; each++) await providers.http.request(made).catch(() => {});
  return sent();
}

Deno.test("faults of a host and of the way to it count; what the caller did wrong does not", async () => {
  const cases: [Partial<HttpResponse> | Error, number][] = [
    [{ status: 500 }, 10],
    [{ status: 503 }, 10],
    [{ status: 200 }, 20],
    [{ status: 400 }, 20],
    [{ status: 404 }, 20],
    [{ status: 429 }, 20],
    [{ status: 429, headers: { "retry-after": "30" } }, 1],
    [{ status: 503, headers: { "retry-after": "30" } }, 1],
    [new NodeError("Refused", { code: "http_error", retryable: true }), 10],
    [new NodeError("Slow", { code: "step_timeout", retryable: true }), 10],
    [new NodeError("No", { code: "blocked_address" }), 20],
    [new NodeError("Large", { code: "output_too_large" }), 20],
  ];
  for (const [answer, expected] of cases) {
    const { providers, sent } = services(() => answer);
    const guarded = new Breakers({ random: () => 0 }).guard(providers, "org");
    assertEquals(await try20(guarded, sent), expected, JSON.stringify(answer));
  }
});

Deno.test("a caller in a hurry, or who gives up, says nothing of the host", async () => {
  const slow = new NodeError("Slow", { code: "step_timeout", retryable: true });
  const { providers, sent } = services(() => slow);
  const guarded = new Breakers().guard(providers, "org");
  assertEquals(await try20(guarded, sent, request(undefined, { timeoutSeconds: 1 })), 20);
  const gone = AbortSignal.abort();
  assertEquals(await try20(guarded, sent, request(undefined, { signal: gone })), 40);
});

Deno.test("each host has a breaker of its own, for each organization", async () => {
  const breakers = new Breakers({ random: () => 0 });
  const { providers, sent } = services(() => ({ status: 500 }));
  await try20(breakers.guard(providers, "one"), sent);
  assertEquals(breakers.open.map(({ key }) => key), ["http:one:api.example.com"]);
  const again = services(() => ({ status: 200 }));
  assertEquals(await try20(breakers.guard(again.providers, "one"), again.sent), 0);
  assertEquals(await try20(breakers.guard(again.providers, "one"), again.sent, request("https://b.example.com/")), 20);
  assertEquals(await try20(breakers.guard(again.providers, "two"), again.sent), 40);
  assertEquals(await try20(breakers.guard(again.providers, null), again.sent), 60);
});

Deno.test("e-mail is held back for everybody while its service is down, and refusals are no failures", async () => {
  const key = { idempotencyKey: "k" };
  const down = services(() => new NodeError("Resend", { code: "provider_error", retryable: true }));
  const breakers = new Breakers({ random: () => 0 });
  for (let each = 0; each < 20; each++) {
    await breakers.guard(down.providers, String(each)).email.send(mail, key).catch(() => {});
  }
  assertEquals(down.sent(), 2);
  const error = await assertRejects(() => breakers.guard(down.providers, "x").email.send(mail, key), NodeError);
  assertEquals([error.code, breakers.waitMs("email:resend") > 0], ["provider_unavailable", true]);
  const picky = services(() => new NodeError("Bad address", { code: "provider_error" }));
  for (let each = 0; each < 20; each++) {
    await new Breakers().guard(picky.providers, "x").email.send(mail, key).catch(() => {});
  }
  assertEquals(picky.sent(), 20);
});

Deno.test("an isolate remembers a thousand services, those that are down before the others", async () => {
  const breakers = new Breakers({ random: () => 0 });
  const { providers, sent } = services(() => ({ status: 500 }));
  await try20(breakers.guard(providers, "first"), sent);
  for (let each = 0; each < 2_000; each++) breakers.get(`http:x:${each}`);
  assertEquals(breakers.open.length, 1);
  assertEquals(breakers.waitMs("http:nobody:asked"), 0);
});
