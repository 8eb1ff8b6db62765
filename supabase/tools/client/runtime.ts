import type { Operations, Problem } from "../../../docs/client/millrace.ts";

/** How a client reaches Millrace, and as whom. */
export interface MillraceOptions {
  /** Where the functions answer: `https://abc.supabase.co/functions/v1`. */
  readonly url: string;
  /** An API key, `mr_live_…`. Not in browsers. */
  readonly apiKey?: string | undefined;
  /**
   * The access token of whoever is signed in, asked for before each request. With supabase-js:
   * `async () => (await supabase.auth.getSession()).data.session?.access_token`.
   */
  readonly getToken?: () => string | undefined | Promise<string | undefined>;
  /** The project's publishable key, which goes with a token. */
  readonly publishableKey?: string | undefined;
  /** A secret key of the project, for operators. Never in browsers. */
  readonly secretKey?: string | undefined;
  /** The organization to act in; the first one of the caller when absent. */
  readonly organizationId?: string | undefined;
  /** The version of the API; the one this client was made for when absent. */
  readonly version?: string | undefined;
  /** How often a request is tried again that may be: 3 when absent. */
  readonly maxRetries?: number | undefined;
  /** Another fetch. */
  readonly fetch?: typeof fetch | undefined;
}

/** The operations by name: `GET /flows/{id}`. */
export type OperationName = keyof Operations;

type Optional<K extends string, T> = [T] extends [never] ? { readonly [P in K]?: undefined }
  : Partial<T> extends T ? { readonly [P in K]?: T }
  : { readonly [P in K]: T };

/** What an operation takes. */
export type RequestOptions<O extends OperationName> =
  & Optional<"params", Operations[O]["params"]>
  & Optional<"query", Operations[O]["query"]>
  & Optional<"body", Operations[O]["body"]>
  & {
    /** For requests that make something: the same key makes it once. One is made up when absent. */
    readonly idempotencyKey?: string;
    /** The ETag that was read: the change is refused when it is stale. */
    readonly ifMatch?: string;
    /** The ETag that is there: `data` is undefined and the status 304 when nothing has changed. */
    readonly ifNoneMatch?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly signal?: AbortSignal;
  };

/** Options must be given where the operation demands something. */
type Arguments<O extends OperationName> = Record<never, never> extends RequestOptions<O> ? [options?: RequestOptions<O>]
  : [options: RequestOptions<O>];

/** An answer. */
export interface Reply<T> {
  readonly data: T;
  readonly status: number;
  readonly headers: Headers;
  /** For `ifMatch` and `ifNoneMatch`. */
  readonly etag: string | null;
  /** For whoever asks what became of it. */
  readonly requestId: string | null;
}

type ItemOf<T> = T extends { data: readonly (infer I)[] } ? I : never;

/** The operations that answer in pages. */
export type ListName = {
  [O in OperationName]: Operations[O]["reply"] extends { data: readonly unknown[]; next_cursor: string | null } ? O
    : never;
}[OperationName];

/** What Millrace refused, or could not do. */
export class MillraceError extends Error {
  /** Of the closed list: `not_found`, `rate_limited` … */
  readonly code: string;
  readonly status: number;
  readonly requestId: string | null;
  /** Everything that is wrong with the request, each with its path. */
  readonly problems: NonNullable<Problem["problems"]>;
  /** When to try again, in seconds; null = that was not said. */
  readonly retryAfterSeconds: number | null;

  /** Made by the client. */
  constructor(problem: Partial<Problem>, response: Response) {
    super(problem.detail ?? problem.title ?? `Millrace answered ${response.status}`);
    this.name = "MillraceError";
    this.code = problem.code ?? "unknown";
    this.status = response.status;
    this.requestId = problem.request_id ?? response.headers.get("x-request-id");
    this.problems = problem.problems ?? [];
    this.retryAfterSeconds = retryAfterSeconds(response);
  }
}

/** A client. */
export interface Millrace {
  /**
   * Asks for one operation.
   *
   * @throws {MillraceError} For every answer of 400 or above.
   */
  request<O extends OperationName>(operation: O, ...args: Arguments<O>): Promise<Reply<Operations[O]["reply"]>>;
  /** Everything of a list, page after page, as it is asked for. */
  items<O extends ListName>(operation: O, ...args: Arguments<O>): AsyncGenerator<ItemOf<Operations[O]["reply"]>>;
}

/** A key for {@link RequestOptions.idempotencyKey}: keep it where a request may be repeated after a crash. */
export function newIdempotencyKey(): string {
  return crypto.randomUUID();
}

const MAX_WAIT_SECONDS = 60;

/** Makes a client. It keeps nothing but its options. */
export function createMillrace(options: MillraceOptions): Millrace {
  const request = async <O extends OperationName>(operation: O, ...[given]: Arguments<O>) => {
    const response = await send(options, operation, (given ?? {}) as AnyRequest);
    const isJson = /[/+]json\b/.test(response.headers.get("content-type") ?? "");
    const text = await response.text();
    const body: unknown = isJson && text !== "" ? JSON.parse(text) : text === "" ? undefined : text;
    if (response.status >= 400) throw new MillraceError((isJson ? body : {}) as Partial<Problem>, response);
    return {
      data: body as Operations[O]["reply"],
      status: response.status,
      headers: response.headers,
      etag: response.headers.get("etag"),
      requestId: response.headers.get("x-request-id"),
    };
  };
  return {
    request,
    async *items<O extends ListName>(operation: O, ...[given]: Arguments<O>) {
      let cursor: string | null | undefined;
      do {
        const { query, ...rest } = (given ?? {}) as AnyRequest;
        const page = await request(
          operation,
          ...[{ ...rest, query: { ...query, ...(cursor === undefined ? {} : { cursor }) } }] as unknown as Arguments<O>,
        );
        const { data, next_cursor } = page.data as {
          data: ItemOf<Operations[O]["reply"]>[];
          next_cursor: string | null;
        };
        yield* data;
        cursor = next_cursor;
      } while (cursor !== null);
    },
  };
}

interface AnyRequest {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
  readonly ifMatch?: string;
  readonly ifNoneMatch?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

async function send(options: MillraceOptions, operation: OperationName, given: AnyRequest): Promise<Response> {
  const [method = "GET", path = "/"] = String(operation).split(" ");
  const isCreating = CREATING.has(operation);
  // One key for all attempts: that is what makes it safe to repeat them.
  const idempotencyKey = given.idempotencyKey ?? (isCreating ? newIdempotencyKey() : undefined);
  const mayRepeat = method !== "POST" || idempotencyKey !== undefined;
  for (let attempt = 0;; attempt++) {
    const response = await (options.fetch ?? fetch)(addressOf(options.url, path, given), {
      method,
      headers: await headersOf(options, given, idempotencyKey),
      ...(given.body === undefined ? {} : { body: JSON.stringify(given.body) }),
      ...(given.signal === undefined ? {} : { signal: given.signal }),
    });
    // What was refused for its rate was not begun, whatever it is.
    const isTransient = response.status === 429 || (response.status === 503 && mayRepeat);
    const wait = retryAfterSeconds(response) ?? 2 ** attempt;
    if (!isTransient || attempt >= (options.maxRetries ?? 3) || wait > MAX_WAIT_SECONDS) return response;
    await response.body?.cancel();
    await pause(wait * 1_000, given.signal);
  }
}

function addressOf(url: string, path: string, { params, query }: AnyRequest): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params?.[name])));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined) continue;
    search.append(name, Array.isArray(value) ? value.join(",") : String(value));
  }
  return `${url.replace(/\/$/, "")}${filled}${search.size === 0 ? "" : `?${search}`}`;
}

async function headersOf(options: MillraceOptions, given: AnyRequest, idempotencyKey: string | undefined) {
  const token = options.apiKey ?? await options.getToken?.();
  const apikey = options.secretKey ?? options.publishableKey;
  const all: Readonly<Record<string, string | undefined>> = {
    authorization: token === undefined ? undefined : `Bearer ${token}`,
    apikey,
    "x-organization-id": options.organizationId,
    "millrace-version": options.version ?? VERSION,
    "content-type": given.body === undefined ? undefined : "application/json",
    "idempotency-key": idempotencyKey,
    "if-match": given.ifMatch,
    "if-none-match": given.ifNoneMatch,
    ...given.headers,
  };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function retryAfterSeconds(response: Response): number | null {
  const header = response.headers.get("retry-after");
  return header === null || !/^\d+$/.test(header) ? null : Number(header);
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    if (signal?.aborted === true) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}

declare const VERSION: string;
declare const CREATING: ReadonlySet<OperationName>;
