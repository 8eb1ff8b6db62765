import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../tests/helpers/assert.ts";
import { createTestCertificate } from "./_test_certificate.ts";
import { type Answer, sendAll, startTestServer } from "../../tests/helpers/raw_server.ts";
import { createGuardedHttpProvider, type GuardedHttpOptions } from "./guarded_http_provider.ts";
import { NodeError } from "./node_error.ts";
import type { HttpRequest, HttpResponse } from "./types.ts";

const PUBLIC = "93.184.216.34";

/** Dials this port whatever address was chosen, and keeps the addresses. */
function detour(port: number, dialled: string[] = []): NonNullable<GuardedHttpOptions["connect"]> {
  return ({ hostname }) => {
    dialled.push(hostname);
    return Deno.connect({ hostname: "127.0.0.1", port });
  };
}

function request(overrides: Partial<HttpRequest> = {}): HttpRequest {
  return {
    method: "GET",
    url: "http://api.example.com/",
    timeoutSeconds: 5,
    maxResponseBytes: 1_000,
    maxRedirects: 0,
    ...overrides,
  };
}

/** Sends one request to a server that gives this answer, past name lookup. */
async function ask(answer: string | Uint8Array | Answer, overrides: Partial<HttpRequest> = {}) {
  const server = startTestServer(answer);
  try {
    const provider = createGuardedHttpProvider({
      resolve: () => Promise.resolve([PUBLIC]),
      connect: detour(server.port),
    });
    return { response: await provider.request(request(overrides)), received: server.received };
  } finally {
    await server.close();
  }
}

async function fails(work: Promise<unknown>, code: string, retryable: boolean): Promise<NodeError> {
  const error = await assertRejects(() => work, NodeError);
  assertEquals([error.code, error.retryable], [code, retryable], error.message);
  return error;
}

function text(response: HttpResponse): string {
  return new TextDecoder().decode(response.body);
}

Deno.test("request() sends method, path, host, fields and body, and reads the answer", async () => {
  const { response, received } = await ask(
    "HTTP/1.1 201 Created\r\nContent-Type: text/plain\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 5\r\n\r\nhellotrailing",
    {
      method: "POST",
      url: "http://api.example.com:8080/a%20b?x=1#part",
      headers: { "X-Key": "v" },
      body: new TextEncoder().encode("body"),
    },
  );
  assertEquals([response.status, response.statusText, text(response)], [201, "Created", "hello"]);
  assertEquals(response.headers, { "content-type": "text/plain", "x-a": "1, 2", "content-length": "5" });
  assertEquals(
    received[0],
    "POST /a%20b?x=1 HTTP/1.1\r\nHost: api.example.com:8080\r\nX-Key: v\r\nAccept-Encoding: identity\r\n" +
      "Connection: close\r\nContent-Length: 4\r\n\r\nbody",
  );
});

Deno.test("request() reads chunked bodies and bodies that end with the connection", async () => {
  const chunked = await ask(
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;ext=1\r\n!\r\n0\r\nTrailer: x\r\n\r\n",
  );
  assertEquals(text(chunked.response), "hello!");
  const open = await ask("HTTP/1.0 200\r\n\r\nall of it");
  assertEquals(text(open.response), "all of it");
});

Deno.test("request() passes over interim answers and expects no body after HEAD, 204 and 304", async () => {
  const interim = await ask(
    "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
  );
  assertEquals(text(interim.response), "ok");
  const head = await ask("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", { method: "HEAD" });
  assertEquals(head.response.body.length, 0);
  const none = await ask("HTTP/1.1 204 No Content\r\n\r\n");
  assertEquals(none.response.status, 204);
});

Deno.test("request() reads an answer that comes before the body was taken", async () => {
  const early: Answer = async (connection) => {
    await sendAll(connection, "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
  };
  const server = startTestServer(early);
  const provider = createGuardedHttpProvider({
    resolve: () => Promise.resolve([PUBLIC]),
    connect: detour(server.port),
  });
  const response = await provider.request(request({ method: "PUT", body: new Uint8Array(10) }));
  assertEquals(response.status, 413);
  await server.close();
});

Deno.test("request() refuses answers that are not HTTP", async () => {
  for (
    const answer of [
      "SSH-2.0-OpenSSH\r\n\r\n",
      "HTTP/2 200\r\n\r\n",
      "HTTP/1.1 200 OK\r\nNo colon here\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX: 1\r\n folded\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX : 1\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
      "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1e3\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n",
      `HTTP/1.1 200 OK\r\nX: ${"a".repeat(70_000)}\r\n\r\n`,
      "HTTP/1.1 100 Continue\r\n\r\n".repeat(20),
    ]
  ) {
    await fails(ask(answer), "http_error", false);
  }
});

Deno.test("request() calls an answer that breaks off a passing failure", async () => {
  for (const answer of ["", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"]) {
    await fails(ask(answer), "http_error", true);
  }
});

Deno.test("request() gives up one byte over the limit, however the length is told", async () => {
  const body = "x".repeat(1001);
  for (
    const answer of [
      `HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n${body}`,
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n${body}\r\n0\r\n\r\n`,
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1f4\r\n${body.slice(501)}\r\n1f5\r\n`,
      `HTTP/1.1 200 OK\r\n\r\n${body}`,
      "HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n",
    ]
  ) {
    await fails(ask(answer), "output_too_large", false);
  }
  const { response } = await ask(`HTTP/1.1 200 OK\r\n\r\n${body.slice(1)}`);
  assertEquals(response.body.length, 1000);
});

async function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(
    await new Response(new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new CompressionStream("gzip")))
      .arrayBuffer(),
  );
}

async function gzipAnswer(bytes: Uint8Array, encoding = "gzip"): Promise<Uint8Array> {
  const packed = await gzip(bytes);
  const head = new TextEncoder().encode(
    `HTTP/1.1 200 OK\r\nContent-Encoding: ${encoding}\r\nContent-Length: ${packed.length}\r\n\r\n`,
  );
  return new Uint8Array([...head, ...packed]);
}

Deno.test("request() decodes gzip and stops a bomb at the limit", async () => {
  const good = await ask(await gzipAnswer(new TextEncoder().encode("packed")));
  assertEquals(text(good.response), "packed");
  // 500 kB of zeros travel as about 500 bytes.
  await fails(ask(await gzipAnswer(new Uint8Array(500_000))), "output_too_large", false);
  await fails(ask(await gzipAnswer(new Uint8Array(5), "br")), "http_error", false);
  await fails(ask("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nnot gzip"), "http_error", false);
});

Deno.test("request() refuses header fields that end a line or belong to the client", async () => {
  const bad: Record<string, string>[] = [
    { "X-A": "1\r\nX-B: 2" },
    { "X-A": "1\nX-B: 2" },
    { "X A": "1" },
    { "": "1" },
    {
      "X-A\r\nX-B": "1",
    },
    { "X-A": "a\0" },
    { "X-A": "☃" },
    { Host: "inside" },
    { "content-length": "0" },
    { "Transfer-Encoding": "chunked" },
  ];
  for (const headers of bad) await fails(ask("HTTP/1.1 200 OK\r\n\r\n", { headers }), "node_config_invalid", false);
});

Deno.test("request() dials the address that was checked, and looks the name up once", async () => {
  const server = startTestServer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  const dialled: string[] = [];
  let lookups = 0;
  // A rebinding name server: public at first, inside from then on.
  const resolve = () => Promise.resolve([lookups++ === 0 ? PUBLIC : "127.0.0.1"]);
  const provider = createGuardedHttpProvider({ resolve, connect: detour(server.port, dialled) });
  await provider.request(request());
  assertEquals([lookups, dialled], [1, [PUBLIC]]);
  await fails(provider.request(request()), "blocked_address", false);
  assertEquals([lookups, dialled], [2, [PUBLIC]]);
  await server.close();
});

Deno.test("request() sends nothing when any address of the name lies inside", async () => {
  const dialled: string[] = [];
  for (const addresses of [["10.0.0.1"], [PUBLIC, "::1"], ["::ffff:10.0.0.1"], ["fd00::1", PUBLIC], ["garbage"]]) {
    const provider = createGuardedHttpProvider({
      resolve: () => Promise.resolve(addresses),
      connect: detour(1, dialled),
    });
    await fails(provider.request(request()), "blocked_address", false);
  }
  assertEquals(dialled, []);
});

Deno.test("request() looks up no name for a literal address or an exempt host", async () => {
  const server = startTestServer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  const resolve = () => Promise.reject(new Error("must not be called"));
  const exempt = createGuardedHttpProvider({ resolve, egressAllow: [`127.0.0.1:${server.port}`] });
  assertEquals((await exempt.request(request({ url: `http://127.0.0.1:${server.port}/` }))).status, 200);
  const literal = createGuardedHttpProvider({ resolve, connect: detour(server.port) });
  assertEquals((await literal.request(request({ url: `http://${PUBLIC}/` }))).status, 200);
  await server.close();
});

Deno.test("request() tries the next address when one refuses", async () => {
  const server = startTestServer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  const provider = createGuardedHttpProvider({
    resolve: () => Promise.resolve(["1.1.1.1", PUBLIC]),
    connect: ({ hostname }) =>
      hostname === PUBLIC
        ? Deno.connect({ hostname: "127.0.0.1", port: server.port })
        : Promise.reject(new Deno.errors.ConnectionRefused()),
  });
  assertEquals((await provider.request(request())).status, 200);
  await server.close();
});

Deno.test("request() calls unknown names and refused connections passing failures", async () => {
  const unknown = createGuardedHttpProvider({ resolve: () => Promise.resolve([]) });
  await fails(unknown.request(request()), "http_error", true);
  const refused = createGuardedHttpProvider({
    resolve: () => Promise.resolve([PUBLIC]),
    connect: () => Promise.reject(new Deno.errors.ConnectionRefused()),
  });
  await fails(refused.request(request()), "http_error", true);
});

Deno.test("request() has one deadline over lookup, connect, headers and body", async () => {
  const never = new Promise<never>(() => {});
  const stuck: GuardedHttpOptions[] = [
    {
      resolve: (_name, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    },
    { resolve: () => Promise.resolve([PUBLIC]), connect: () => never },
  ];
  for (const options of stuck) {
    await fails(createGuardedHttpProvider(options).request(request({ timeoutSeconds: 0.05 })), "step_timeout", true);
  }
  const closed: Answer = async (connection) => {
    await sendAll(connection, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx");
    await connection.read(new Uint8Array(1));
  };
  await fails(
    ask(async (connection) => void await connection.read(new Uint8Array(1)), { timeoutSeconds: 0.05 }),
    "step_timeout",
    true,
  );
  await fails(ask(closed, { timeoutSeconds: 0.05 }), "step_timeout", true);
});

Deno.test("request() ends a drip of bytes at the deadline", async () => {
  const drip: Answer = async (connection) => {
    await sendAll(connection, "HTTP/1.1 200 OK\r\n\r\n");
    for (;;) {
      await sendAll(connection, "x");
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  await fails(ask(drip, { timeoutSeconds: 0.08 }), "step_timeout", true);
});

Deno.test("request() throws the signal's reason when it is aborted", async () => {
  const reason = new Error("lease lost");
  const controller = new AbortController();
  const work = ask((connection) => {
    controller.abort(reason);
    return connection.read(new Uint8Array(1)).then(() => {});
  }, { signal: controller.signal });
  assertEquals(await assertRejects(() => work), reason);
  const early = createGuardedHttpProvider().request(request({ signal: AbortSignal.abort(reason) }));
  assertEquals(await assertRejects(() => early), reason);
});

Deno.test("request() checks the certificate against the name although it dials an address", async () => {
  const { cert, key } = await createTestCertificate("api.example.com");
  const { promise: listening, resolve: onListen } = Promise.withResolvers<Deno.NetAddr>();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, cert, key, onListen },
    (incoming) => new Response(`${incoming.method} ${new URL(incoming.url).host} ${incoming.headers.get("x-a")}`),
  );
  const { port } = await listening;
  const options = { resolve: () => Promise.resolve([PUBLIC]), connect: detour(port) };
  const trusting = createGuardedHttpProvider({ ...options, caCerts: [cert] });
  const good = await trusting.request(request({ url: "https://api.example.com/", headers: { "x-a": "1" } }));
  assertEquals([good.status, text(good)], [200, "GET api.example.com 1"]);
  const wrongName = await fails(trusting.request(request({ url: "https://evil.example.com/" })), "http_error", false);
  assertStringIncludes(wrongName.message, "certificate");
  const unknownIssuer = createGuardedHttpProvider(options);
  await fails(unknownIssuer.request(request({ url: "https://api.example.com/" })), "http_error", false);
  const plain = createGuardedHttpProvider(options);
  await fails(plain.request(request({ url: "http://api.example.com/" })), "http_error", true);
  await server.shutdown();
});

Deno.test("request() makes a redirect an error unless redirects are allowed", async () => {
  const answer = "HTTP/1.1 302 Found\r\nLocation: http://api.example.com/next\r\nContent-Length: 0\r\n\r\n";
  await fails(ask(answer), "http_error", false);
  await fails(ask(answer, { maxRedirects: 3 }), "http_error", false);
  const plain = await ask("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n");
  assertEquals(plain.response.status, 302);
});

/** Answers the first request with a redirect there and the second with 200. */
function redirectOnce(status: number, location: string): Answer {
  let first = true;
  return (connection) => {
    const answer = first
      ? `HTTP/1.1 ${status} Moved\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`
      : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    first = false;
    return sendAll(connection, answer);
  };
}

Deno.test("request() follows a redirect through the guard", async () => {
  for (
    const location of [
      "http://127.0.0.1/",
      "//169.254.169.254/",
      "http://[::1]/",
      "file:///etc/passwd",
      "http://u:p@b.example.com/",
    ]
  ) {
    await fails(ask(redirectOnce(302, location), { maxRedirects: 5 }), "blocked_address", false);
  }
  const { response } = await ask(redirectOnce(307, "/next?x=1"), { maxRedirects: 1 });
  assertEquals([response.status, response.redirects, response.url], [200, 1, "http://api.example.com/next?x=1"]);
});

Deno.test("request() keeps credentials from other origins and turns POST into GET where browsers do", async () => {
  const secret = { Authorization: "Bearer t", "X-Api-Key": "k", Accept: "text/plain" };
  const post = { method: "POST", headers: secret, body: new TextEncoder().encode("body"), maxRedirects: 1 };
  const other = await ask(redirectOnce(302, "http://other.example.com/"), post);
  assertEquals(other.received[1]?.split("\r\n").slice(0, 3), [
    "GET / HTTP/1.1",
    "Host: other.example.com",
    "Accept: text/plain",
  ]);
  const same = await ask(redirectOnce(308, "/again"), post);
  assert(same.received[1]?.startsWith("POST /again"));
  assertStringIncludes(same.received[1] ?? "", "Authorization: Bearer t");
  assertStringIncludes(same.received[1] ?? "", "\r\n\r\nbody");
});

Deno.test("request() does not follow from https to http", async () => {
  const { cert, key } = await createTestCertificate("api.example.com");
  const { promise: listening, resolve: onListen } = Promise.withResolvers<Deno.NetAddr>();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, cert, key, onListen },
    () => new Response(null, { status: 302, headers: { location: "http://api.example.com/" } }),
  );
  const { port } = await listening;
  const provider = createGuardedHttpProvider({
    resolve: () => Promise.resolve([PUBLIC]),
    connect: detour(port),
    caCerts: [cert],
  });
  await fails(provider.request(request({ url: "https://api.example.com/", maxRedirects: 2 })), "http_error", false);
  await server.shutdown();
});

Deno.test("request() takes small chunks, but not a body of nothing else", async () => {
  const chunked = (count: number) =>
    ask(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${"1\r\nx\r\n".repeat(count)}0\r\n\r\n`, {
      maxResponseBytes: 1_048_576,
    });
  assertEquals((await chunked(20_000)).response.body.length, 20_000);
  await fails(chunked(200_000), "http_error", false);
});
