import { assert, assertEquals, assertMatch, assertRejects } from "../../tests/helpers/assert.ts";
import { createProviders } from "./create_providers.ts";
import { NodeError } from "./node_error.ts";
import type { EmailMessage, EmailProvider } from "./types.ts";

/** A request as the stand-in saw it. */
interface Seen {
  line: string;
  headers: Headers;
  body: unknown;
}

const MESSAGE: EmailMessage = { to: ["ada@example.com"], subject: "Hello", text: "Hi" };

/** Runs `work` against a stand-in that checks every request as Resend does before it answers. */
async function withResend(answer: () => Response, work: (email: EmailProvider, seen: Seen[]) => Promise<void>) {
  const seen: Seen[] = [];
  const { promise: listening, resolve: onListen } = Promise.withResolvers<Deno.NetAddr>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen }, async (request) => {
    const body: unknown = await request.json();
    seen.push({ line: `${request.method} ${new URL(request.url).pathname}`, headers: request.headers, body });
    // Resend refuses requests without a user agent with 403, and without a key with 401.
    if (!request.headers.get("user-agent")) return Response.json({ name: "invalid_access" }, { status: 403 });
    if (request.headers.get("authorization") !== "Bearer re_test") {
      return Response.json({ name: "missing_api_key", message: "Missing API key", statusCode: 401 }, { status: 401 });
    }
    return answer();
  });
  const { port } = await listening;
  const { email } = createProviders({
    egressAllow: [],
    resendApiKey: "re_test",
    resendBaseUrl: `http://127.0.0.1:${port}`,
    emailFrom: "Millrace <flows@example.com>",
  });
  try {
    await work(email, seen);
  } finally {
    await server.shutdown();
  }
}

const accepted = () => Response.json({ id: "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794" });

Deno.test("send() posts the message as Resend wants it and returns its id", async () => {
  await withResend(accepted, async (email, seen) => {
    const message = {
      ...MESSAGE,
      html: "<p>Hi</p>",
      cc: ["b@example.com"],
      bcc: ["c@example.com"],
      replyTo: ["d@example.com"],
    };
    const { id } = await email.send(message, { idempotencyKey: "run-1/step-2" });
    assertEquals(id, "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794");
    const [request] = seen;
    assert(request);
    assertEquals(request.line, "POST /emails");
    assertEquals(request.headers.get("idempotency-key"), "run-1/step-2");
    assertEquals(request.headers.get("content-type"), "application/json");
    assertMatch(request.headers.get("user-agent") ?? "", /^resend-node:/);
    assertEquals(request.body, {
      from: "Millrace <flows@example.com>",
      to: ["ada@example.com"],
      cc: ["b@example.com"],
      bcc: ["c@example.com"],
      reply_to: ["d@example.com"],
      subject: "Hello",
      html: "<p>Hi</p>",
      text: "Hi",
    });
  });
});

Deno.test("send() keeps the sender of the message and sends text alone", async () => {
  await withResend(accepted, async (email, seen) => {
    await email.send({ ...MESSAGE, from: "Ada <ada@example.com>" }, { idempotencyKey: "k" });
    assertEquals(seen[0]?.body, {
      from: "Ada <ada@example.com>",
      to: ["ada@example.com"],
      subject: "Hello",
      text: "Hi",
    });
  });
});

async function failure(answer: () => Response): Promise<NodeError> {
  let error: NodeError | undefined;
  await withResend(answer, async (email) => {
    error = await assertRejects(() => email.send(MESSAGE, { idempotencyKey: "k" }), NodeError);
  });
  assert(error);
  assertEquals(error.code, "provider_error");
  return error;
}

Deno.test("send() calls 429 and 5xx passing failures and honours Retry-After", async () => {
  const limited = await failure(() =>
    Response.json({ statusCode: 429, name: "rate_limit_exceeded", message: "Too many requests" }, {
      status: 429,
      headers: { "retry-after": "7" },
    })
  );
  assertEquals([limited.retryable, limited.retryAfterSeconds], [true, 7]);
  assertEquals(limited.details, {
    provider: "resend",
    accepted: "no",
    fault: "pace",
    status: 429,
    name: "rate_limit_exceeded",
  });
  const broken = await failure(() => new Response("<html>bad gateway</html>", { status: 502 }));
  assertEquals([broken.retryable, broken.retryAfterSeconds], [true, undefined]);
  for (
    const strange of [() => Response.json(null, { status: 500 }), () => Response.json([]), () => Response.json({})]
  ) {
    assertEquals((await failure(strange)).retryable, true);
  }
});

Deno.test("send() calls refusals and used-up quotas final", async () => {
  for (
    const [status, name] of [[422, "validation_error"], [403, "invalid_api_key"], [409, "invalid_idempotent_request"], [
      429,
      "daily_quota_exceeded",
    ]] as const
  ) {
    const error = await failure(() => Response.json({ statusCode: status, name, message: "No" }, { status }));
    assertEquals([error.retryable, error.retryAfterSeconds], [false, undefined], name);
  }
  const underWay = await failure(() =>
    Response.json({ statusCode: 409, name: "concurrent_idempotent_requests", message: "No" }, { status: 409 })
  );
  assertEquals(underWay.retryable, true);
});

Deno.test("send() calls a server that cannot be reached a passing failure", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  const { email } = createProviders({
    egressAllow: [],
    resendApiKey: "re_test",
    resendBaseUrl: `http://127.0.0.1:${port}`,
    emailFrom: "a@example.com",
  });
  const error = await assertRejects(() => email.send(MESSAGE, { idempotencyKey: "k" }), NodeError);
  assertEquals([error.code, error.retryable], ["provider_error", true]);
});

Deno.test("send() throws the signal's reason when it is aborted", async () => {
  const reason = new Error("cancelled");
  const controller = new AbortController();
  await withResend(() => {
    controller.abort(reason);
    return accepted();
  }, async (email) => {
    const error = await assertRejects(() => email.send(MESSAGE, { idempotencyKey: "k", signal: controller.signal }));
    assertEquals(error, reason);
  });
});

Deno.test("send() says so when no email service is set up", async () => {
  const { email } = createProviders({
    egressAllow: [],
    resendApiKey: null,
    resendBaseUrl: null,
    emailFrom: "a@b.example",
  });
  const error = await assertRejects(() => email.send(MESSAGE, { idempotencyKey: "k" }), NodeError, "RESEND_API_KEY");
  assertEquals([error.code, error.retryable], ["provider_error", false]);
});
