/**
 * A stand-in for Resend's API that checks each request as Resend documents it, keeps what it takes, knows idempotency keys
 * for as long as it lives, and can be told to fail, to be slow and to lose its answers.
 * https://resend.com/docs/api-reference/emails/send-batch-emails
 *
 * @module
 */

/** A message as Resend took it. */
export interface TakenEmail {
  readonly id: string;
  readonly key: string | null;
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly html?: string;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly tags?: readonly { readonly name: string; readonly value: string }[];
}

/** How it behaves; may be changed at any time. */
export interface ResendMood {
  /** Answers everything with this. */
  fail: { status: number; name: string; retryAfter?: number } | null;
  /** Milliseconds before each answer. */
  slowMs: number;
  /** Takes requests and never answers: the connection breaks instead. */
  losesAnswers: boolean;
  /** Requests a second beyond which 429 is answered; 0 = any number. */
  perSecond: number;
}

/** The stand-in. */
export interface ResendServer extends AsyncDisposable {
  readonly url: string;
  readonly mood: ResendMood;
  /** What was taken, each once. */
  readonly taken: readonly TakenEmail[];
  /** Requests that came, `POST /emails/batch 200`. */
  readonly requests: readonly string[];
  /** Faults of our requests: must stay empty. */
  readonly faults: readonly string[];
}

/** The API key that it knows. */
export const RESEND_KEY = "re_standin_0123456789";

/** Starts one on this machine, on any port that is free or on `port`: the one of a stand-in that was away for a while. */
export function startResend({ port = 0 }: { readonly port?: number } = {}): ResendServer {
  const mood: ResendMood = { fail: null, slowMs: 0, losesAnswers: false, perSecond: 0 };
  const taken: TakenEmail[] = [];
  const requests: string[] = [];
  const faults: string[] = [];
  const keys = new Map<string, { body: string; answer: unknown }>();
  const times: number[] = [];

  const refuse = (statusCode: number, name: string, message: string, headers: Record<string, string> = {}) =>
    Response.json({ statusCode, name, message }, { status: statusCode, headers });

  async function answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const body = await request.text();
    const now = Date.now();
    times.push(now);
    const fault = (
      text: string,
      response: Response,
    ) => (faults.push(`${request.method} ${pathname}: ${text}`), response);
    if (request.method !== "POST" || !["/emails", "/emails/batch"].includes(pathname)) {
      return fault("no such route", refuse(404, "not_found", "The requested endpoint does not exist."));
    }
    if (!request.headers.get("user-agent")) {
      return fault("no user agent", refuse(403, "invalid_access", "No user agent"));
    }
    const authorization = request.headers.get("authorization");
    if (authorization === null) {
      return fault("no key", refuse(401, "missing_api_key", "Missing API key in the authorization header"));
    }
    if (authorization !== `Bearer ${RESEND_KEY}`) return refuse(403, "invalid_api_key", "API key is invalid");
    if (!request.headers.get("content-type")?.startsWith("application/json")) {
      return fault("content type", refuse(422, "validation_error", "Send JSON"));
    }
    if (mood.fail !== null) {
      const { status, name, retryAfter } = mood.fail;
      return refuse(
        status,
        name,
        `Told to answer ${name}`,
        retryAfter === undefined ? {} : { "retry-after": String(retryAfter) },
      );
    }
    if (mood.perSecond > 0 && times.filter((time) => now - time < 1_000).length > mood.perSecond) {
      return refuse(429, "rate_limit_exceeded", "Too many requests", { "retry-after": "1" });
    }
    const key = request.headers.get("idempotency-key");
    if (key === null) faults.push("no idempotency key");
    else if (key.length > 256) {
      return fault("key", refuse(400, "invalid_idempotency_key", "The key is 1 to 256 characters"));
    }
    const known = key === null ? undefined : keys.get(key);
    if (known !== undefined) {
      return known.body === body
        ? Response.json(known.answer)
        : refuse(409, "invalid_idempotent_request", "The key was used with another payload");
    }
    const result = pathname === "/emails" ? takeOne(JSON.parse(body), key) : takeBatch(request, JSON.parse(body), key);
    if (result instanceof Response) return result;
    if (key !== null) keys.set(key, { body, answer: result });
    return Response.json(result);
  }

  function takeOne(email: Record<string, unknown>, key: string | null): unknown {
    const message = problem(email);
    if (message !== null) return refuse(422, "validation_error", message);
    return { id: keep(email, key) };
  }

  function takeBatch(request: Request, emails: unknown, key: string | null): unknown {
    if (!Array.isArray(emails) || emails.length < 1 || emails.length > 100) {
      faults.push(`a batch of ${Array.isArray(emails) ? emails.length : typeof emails}`);
      return refuse(422, "validation_error", "A batch is a list of 1 to 100 emails");
    }
    for (const email of emails) {
      if (email.attachments !== undefined || email.scheduled_at !== undefined) faults.push("not in a batch");
    }
    const problems = emails.map((email) => problem(email));
    const isPermissive = request.headers.get("x-batch-validation") === "permissive";
    const first = problems.find((text) => text !== null);
    if (first && !isPermissive) return refuse(422, "validation_error", first);
    const data = emails.flatMap((email, index) => problems[index] === null ? [{ id: keep(email, key) }] : []);
    if (!isPermissive) return { data };
    return { data, errors: problems.flatMap((message, index) => message === null ? [] : [{ index, message }]) };
  }

  function keep(email: Record<string, unknown>, key: string | null): string {
    const id = crypto.randomUUID();
    const to = typeof email.to === "string" ? [email.to] : email.to as string[];
    taken.push({ ...email, to, id, key } as unknown as TakenEmail);
    return id;
  }

  const onError = () => new Response(null, { status: 500 });
  const server = Deno.serve({ hostname: "127.0.0.1", port, onListen() {}, onError }, async (request) => {
    const response = await answer(request);
    requests.push(`${request.method} ${new URL(request.url).pathname} ${response.status}`);
    if (mood.slowMs > 0) await new Promise((resolve) => setTimeout(resolve, mood.slowMs));
    if (!mood.losesAnswers) return response;
    // Half an answer: the client cannot know what it would have said.
    return new Response(new ReadableStream({ start: (body) => body.error(new Error("lost")) }), { status: 200 });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    mood,
    taken,
    requests,
    faults,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

const ADDRESS = /^(?:[^<>]*<[^\s<>@]+@[^\s<>@]+\.[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+\.[^\s<>@]+)$/;

/** What is wrong with a message; null = nothing. */
function problem(email: Record<string, unknown>): string | null {
  const { from, to, subject, html, text, headers, tags } = email;
  const receivers = typeof to === "string" ? [to] : to;
  if (typeof from !== "string" || !ADDRESS.test(from)) return "Invalid `from` field.";
  if (!Array.isArray(receivers) || receivers.length < 1 || receivers.length > 50) return "Invalid `to` field.";
  if (receivers.some((address) => typeof address !== "string" || !ADDRESS.test(address))) return "Invalid `to` field.";
  if (receivers.some((address) => address.endsWith("@refused.example"))) return "The address is not allowed.";
  if (typeof subject !== "string" || subject === "") return "Missing `subject` field.";
  if (typeof html !== "string" && typeof text !== "string") return "Missing `html` or `text` field.";
  if (/[\r\n]/.test(subject) || Object.values(headers ?? {}).some((value) => /[\r\n]/.test(String(value)))) {
    return "Line break";
  }
  if (tags !== undefined && !(Array.isArray(tags) && tags.every(isTag))) {
    return "Tags should only contain ASCII letters, numbers, underscores, or dashes.";
  }
  return null;
}

function isTag(tag: { name?: unknown; value?: unknown }): boolean {
  return [tag?.name, tag?.value].every((text) => typeof text === "string" && /^[A-Za-z0-9_-]{1,256}$/.test(text));
}
