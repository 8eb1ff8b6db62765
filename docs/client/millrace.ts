/**
 * A client of Millrace: typed, without dependencies. Made by `deno task client`: do not edit.
 *
 * @module
 */

const VERSION: string = "2026-11-21";

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

/** A flow without its graph. Complete unless `fields` asked for less */
export interface PartialFlowSummary {
  id: string;
  organization_id: string;
  workspace_id: string;
  name: string;
  description: string;
  is_active: boolean;
  /** The version that new runs use */
  current_version_id: string | null;
  /** Raised by every change; what the ETag says */
  version: number;
  /** Null = the account is gone */
  created_by: string | null;
  created_at: string;
  updated_at: string;
}

/** What went wrong (RFC 9457) */
export interface Problem {
  type: string;
  title: string;
  status: number;
  /** A code of the closed list in docs/errors.md */
  code: string;
  detail: string;
  request_id: string;
  problems?: ({
    path: string;
    code: string;
    message: string;
    node_id?: string;
    edge_id?: string;
    severity?: "error" | "warning";
    /** Where in an expression, in UTF-16 units from 0 */
    position?: number;
  })[];
}

export interface Flow {
  id: string;
  organization_id: string;
  workspace_id: string;
  name: string;
  description: string;
  is_active: boolean;
  /** The version that new runs use */
  current_version_id: string | null;
  /** Raised by every change; what the ETag says */
  version: number;
  /** Null = the account is gone */
  created_by: string | null;
  created_at: string;
  updated_at: string;
  /** The number of the current version */
  version_number: number | null;
  graph: SavedGraph;
  /** Edge id → distance between the centres of the nodes it joins, in canvas pixels: how far something that moves along it has to go. Edges are left out when one of their nodes has no position */
  edge_lengths: Record<string, number> | null;
  /** What is wrong with the graph. An active flow had no errors when it was saved */
  problems: (GraphProblem)[];
}

/** A graph as it was saved. That of a draft may be wrong inside, and be any object then: `problems` says what is wrong with it */
export type SavedGraph = Graph | Record<string, unknown>;

export interface GraphProblem {
  /** A code of docs/graph.md */
  code: string;
  message: string;
  /** An error keeps the flow from running */
  severity: "error" | "warning";
  node_id?: string;
  edge_id?: string;
  /** Where in the graph */
  path: string;
  /** Where in an expression, in UTF-16 units from 0 */
  position?: number;
}

/** A flow as it is drawn, in the JSON shape of React Flow. What the engine does not know is layout and kept */
export interface Graph {
  nodes: ({
    id: string;
    type: string;
    data?: {
      label?: string;
      config?: Record<string, unknown>;
      retry?: {
        maxAttempts?: number;
        backoff?: "fixed" | "exponential";
        delaySeconds?: number;
        maxDelaySeconds?: number;
        jitter?: boolean;
        retryOn?: (string)[];
      };
      timeoutSeconds?: number;
      onError?: "stop" | "continue" | "branch";
      undo?: {
        type: string;
        config?: Record<string, unknown>;
        retry?: {
          maxAttempts?: number;
          backoff?: "fixed" | "exponential";
          delaySeconds?: number;
          maxDelaySeconds?: number;
          jitter?: boolean;
          retryOn?: (string)[];
        };
        timeoutSeconds?: number;
      };
      delivery?: "at_least_once" | "at_most_once";
      [name: string]: unknown;
    };
    [name: string]: unknown;
  })[];
  edges: ({
    id: string;
    source: string;
    target: string;
    sourceHandle?: string | null;
    targetHandle?: string | null;
    data?: {
      condition?: string;
      [name: string]: unknown;
    };
    [name: string]: unknown;
  })[];
  settings?: {
    timeoutSeconds?: number;
    errorFlowId?: string;
    maxConcurrentRuns?: number;
    concurrencyKey?: string;
    maxPerKey?: number;
    whenFull?: "queue" | "refuse";
    compensateOnCancel?: boolean;
    [name: string]: unknown;
  };
}

export interface FlowImport {
  dry_run: boolean;
  /** Whether all flows could be switched on: no errors, perhaps warnings */
  valid: boolean;
  flows: ({
    /** The new flow; null in a dry run */
    flow_id: string | null;
    /** The id in the file */
    source_id: string | null;
    name: string;
    is_active: boolean;
    problems: (GraphProblem)[];
    /** The other flows that it starts */
    references: ({
      /** As the file names it */
      source_id: string;
      name: string | null;
      /** file = it is imported with this one; id, name = it is a flow of your organization; null = there is none */
      found_by: "file" | "id" | "name" | null;
      /** What it is called here; null = not known (yet) */
      flow_id: string | null;
    })[];
  })[];
}

export interface FlowFile {
  format: "millrace.flow";
  version: 1;
  /** What it was called where it comes from, for references between flows */
  id?: string;
  name: string;
  description?: string;
  graph: SavedGraph;
  /** Those of the graph: time-out, limits, error flow */
  settings?: Record<string, unknown>;
  requires?: ({
    kind: "flow";
    /** As the graph names it */
    id: string;
    /** Null = it was gone when the file was made */
    name: string | null;
    /** Ids of the nodes, or `settings` */
    used_by: (string)[];
  } | {
    kind: "secret";
    node_id: string | null;
    path: string;
  })[];
  exported_at?: string;
}

export interface FlowBundle {
  format: "millrace.flows";
  version: 1;
  flows: (FlowFile)[];
  exported_at?: string;
}

/** Over 7 days, today and the six before, unless something else is said */
export interface Stats {
  total_flows: number;
  active_flows: number;
  /** Runs that were started since midnight, UTC */
  executions_today: number;
  /** The first day that counts */
  from: string;
  /** The last one: today */
  to: string;
  /** In which days begin and end */
  timezone: "UTC";
  /** Runs that were started, dry runs not counted */
  executions: number;
  /** The same runs by what has become of them */
  by_status: {
    queued: number;
    running: number;
    paused: number;
    compensating: number;
    completed: number;
    failed: number;
    cancelled: number;
    compensated: number;
    compensation_failed: number;
  };
  /** Completed runs as a part of those that completed, failed or were compensated; null when there is none of them. Cancelled runs are neither */
  success_rate: number | null;
  /** From the first work to the end, waits included; null when no run that was begun has ended */
  average_duration_ms: number | null;
  /** 19 of 20 took no longer: right to within a fifth, as it comes from a histogram */
  p95_duration_ms: number | null;
}

/** A run with its steps and where it stands */
export interface RunDetails {
  id: string;
  organization_id: string;
  flow_id: string;
  /** The version that this run executes to its end */
  flow_version_id: string;
  /** queued = no worker has begun it; running = working or visibly waiting; paused = nothing new starts until it is resumed; compensating = it failed and undoes what it did; the others are final */
  status:
    | "queued"
    | "running"
    | "paused"
    | "compensating"
    | "completed"
    | "failed"
    | "cancelled"
    | "compensated"
    | "compensation_failed";
  /** manual = a person or an API call; flow = a step of another run; error = the failure of another run */
  trigger: "manual" | "webhook" | "schedule" | "flow" | "error" | "event";
  /** The trigger it starts at; null = the first that fits */
  trigger_node: string | null;
  /** The event, when a webhook started it */
  webhook_event_id: string | null;
  /** The run that this one repeats: a retry or re-run takes over steps of it, a replay none */
  retry_of: string | null;
  /** The run whose step, or failure, started this one */
  parent_run_id: string | null;
  /** The entity that moves with it */
  entity_id: string | null;
  /** The schedule that started it */
  schedule_id: string | null;
  /** Runs of the flow with the same key share a limit */
  concurrency_key: string | null;
  error: RunError;
  created_by: string | null;
  /** When it fails with run_timeout */
  deadline_at: string;
  started_at: string | null;
  finished_at: string | null;
  created_at: string;
  input?: Json;
  /** How many runs are above it */
  depth: number;
  /** For a dry run: outputs by node id that stand in for the nodes; null = a real run */
  pins: Record<string, Json> | null;
  /** What a stop node or the only last step gave; null otherwise */
  output?: unknown;
  /** The first 100 at most, in order of their end */
  steps: (RunStep)[];
  /** True = GET /runs/{id}/steps has further ones */
  more_steps: boolean;
  /** Where the run stands; empty once it has ended */
  active: (RunToken)[];
  waiting_for: RunWaitingFor;
  /** There when the run has fallen out of retention and comes from its archive: nothing can be done with it */
  archived?: true;
}

/** Why a run or a step failed */
export type RunError = {
  /** A code of docs/errors.md */
  code: string;
  message: string;
  node_id?: string;
  details?: Json;
} | null;

/** Any JSON value */
export type Json = unknown;

/** One attempt of a node */
export interface RunStep {
  /** Unique in the run */
  id: string;
  node_id: string;
  /** The items it belongs to, such as `split.3/loop.0`; empty = top level */
  scope: string;
  attempt: number;
  /** retried = failed, another attempt follows; skipped = every way to it was dead; unknown = nobody knows whether its effect happened */
  status: "completed" | "failed" | "retried" | "skipped" | "unknown";
  /** Handles it went on through; null = all but error */
  handles: (string)[] | null;
  output?: Json;
  error: RunError;
  started_at: string;
  finished_at: string;
  duration_ms: number;
}

/** A place where a run stands */
export interface RunToken {
  /** The node; null = at the start */
  node_id: string | null;
  scope: string;
  /** running = with a worker; scheduled = not before scheduled_for; available = for the next worker; waiting = see wait; paused = until the run is resumed */
  status: "running" | "scheduled" | "available" | "waiting" | "paused";
  /** The attempt that is running or comes next */
  attempt: number;
  /** For what waits: until when at the longest; null = no limit */
  scheduled_for: string | null;
  started_at: string | null;
  /** Why the attempt before failed */
  last_error: string | null;
  wait: RunTokenWait;
}

/** What a place of a run waits for */
export type RunTokenWait = {
  /** decision = a person says what became of an effect; run = the end of a run that the step started; limit = a place under a limit on runs at once; items = the items of the region that the node opened */
  kind: "timer" | "signal" | "approval" | "callback" | "decision" | "run" | "limit" | "items";
  /** The signal's name, or the limit */
  name: string | null;
  /** What the node shows to people */
  data?: unknown;
  /** The run, for the kind run */
  run_id: string | null;
} | null;

/** What a run that has not ended is waiting for */
export type RunWaitingFor = {
  /** step = a node is running; retry = an attempt failed, the next is due at until; time = nothing is due before until; worker = the next free worker; paused = until it is resumed; the others as in active[].wait.kind, of which until is the soonest time-out */
  reason:
    | "step"
    | "retry"
    | "time"
    | "worker"
    | "signal"
    | "approval"
    | "callback"
    | "decision"
    | "run"
    | "limit"
    | "items"
    | "paused";
  node_ids: (string)[];
  until: string | null;
} | null;

/** One execution of a flow */
export interface Run {
  id: string;
  organization_id: string;
  flow_id: string;
  /** The version that this run executes to its end */
  flow_version_id: string;
  /** queued = no worker has begun it; running = working or visibly waiting; paused = nothing new starts until it is resumed; compensating = it failed and undoes what it did; the others are final */
  status:
    | "queued"
    | "running"
    | "paused"
    | "compensating"
    | "completed"
    | "failed"
    | "cancelled"
    | "compensated"
    | "compensation_failed";
  /** manual = a person or an API call; flow = a step of another run; error = the failure of another run */
  trigger: "manual" | "webhook" | "schedule" | "flow" | "error" | "event";
  /** The trigger it starts at; null = the first that fits */
  trigger_node: string | null;
  /** The event, when a webhook started it */
  webhook_event_id: string | null;
  /** The run that this one repeats: a retry or re-run takes over steps of it, a replay none */
  retry_of: string | null;
  /** The run whose step, or failure, started this one */
  parent_run_id: string | null;
  /** The entity that moves with it */
  entity_id: string | null;
  /** The schedule that started it */
  schedule_id: string | null;
  /** Runs of the flow with the same key share a limit */
  concurrency_key: string | null;
  error: RunError;
  created_by: string | null;
  /** When it fails with run_timeout */
  deadline_at: string;
  started_at: string | null;
  finished_at: string | null;
  created_at: string;
  input?: Json;
  /** How many runs are above it */
  depth: number;
  /** For a dry run: outputs by node id that stand in for the nodes; null = a real run */
  pins: Record<string, Json> | null;
  /** What a stop node or the only last step gave; null otherwise */
  output?: unknown;
}

/** Runs without doing anything to the outside: no effect is performed */
export interface DryRun {
  /** Outputs by node id that stand in for running the node, 256 KiB at most; `{"$error": {code, message}}` lets it fail */
  pins?: Record<string, Json>;
}

export interface FlowStats {
  flow_id: string;
  /** Runs that were started since midnight, UTC */
  executions_today: number;
  /** The first day that counts */
  from: string;
  /** The last one: today */
  to: string;
  /** In which days begin and end */
  timezone: "UTC";
  /** Runs that were started, dry runs not counted */
  executions: number;
  /** The same runs by what has become of them */
  by_status: {
    queued: number;
    running: number;
    paused: number;
    compensating: number;
    completed: number;
    failed: number;
    cancelled: number;
    compensated: number;
    compensation_failed: number;
  };
  /** Completed runs as a part of those that completed, failed or were compensated; null when there is none of them. Cancelled runs are neither */
  success_rate: number | null;
  /** From the first work to the end, waits included; null when no run that was begun has ended */
  average_duration_ms: number | null;
  /** 19 of 20 took no longer: right to within a fifth, as it comes from a histogram */
  p95_duration_ms: number | null;
  /** Day by day, the oldest first */
  series: ({
    day: string;
    /** Runs that were started, dry runs not counted */
    executions: number;
    /** The same runs by what has become of them */
    by_status: {
      queued: number;
      running: number;
      paused: number;
      compensating: number;
      completed: number;
      failed: number;
      cancelled: number;
      compensated: number;
      compensation_failed: number;
    };
    /** Completed runs as a part of those that completed, failed or were compensated; null when there is none of them. Cancelled runs are neither */
    success_rate: number | null;
    /** From the first work to the end, waits included; null when no run that was begun has ended */
    average_duration_ms: number | null;
    /** 19 of 20 took no longer: right to within a fifth, as it comes from a histogram */
    p95_duration_ms: number | null;
  })[];
}

/** Complete unless `fields` asked for less */
export interface PartialListedFlowVersion {
  id: string;
  flow_id: string;
  /** 1, 2, 3 … within the flow */
  number: number;
  /** Who saved it; null = the account is gone */
  created_by: string | null;
  created_at: string;
  /** Null for those who may not see runs */
  runs: {
    /** How many runs used it, dry runs not counted */
    count: number;
    /** When the first of them was started */
    first_at: string | null;
    /** When the last of them was started */
    last_at: string | null;
  } | null;
}

export interface FlowVersionComparison {
  flow_id: string;
  /** Null = there is no earlier one: all is added */
  from: {
    id: string;
    flow_id: string;
    /** 1, 2, 3 … within the flow */
    number: number;
    /** Who saved it; null = the account is gone */
    created_by: string | null;
    created_at: string;
  } | null;
  to: FlowVersionSummary;
  /** Both mean the same to a run: at most their looks differ */
  layout_only: boolean;
  nodes: {
    /** Ids */
    added: (string)[];
    /** Ids */
    removed: (string)[];
    changed: ({
      id: string;
      /** Only its looks changed: moved, selected, resized */
      layout_only: boolean;
      changes: ({
        /** Where in the node, edge or settings */
        path: string;
        /** Absent = it was not there */
        before?: unknown;
        /** Absent = it is not there any more */
        after?: unknown;
        /** A value is too long to be shown whole: before and after are the beginning of its JSON text */
        cut?: true;
        /** True = how it looks, without meaning for a run */
        layout: boolean;
      })[];
    })[];
  };
  edges: {
    /** Ids */
    added: (string)[];
    /** Ids */
    removed: (string)[];
    changed: ({
      id: string;
      /** Only its looks changed: moved, selected, resized */
      layout_only: boolean;
      changes: ({
        /** Where in the node, edge or settings */
        path: string;
        /** Absent = it was not there */
        before?: unknown;
        /** Absent = it is not there any more */
        after?: unknown;
        /** A value is too long to be shown whole: before and after are the beginning of its JSON text */
        cut?: true;
        /** True = how it looks, without meaning for a run */
        layout: boolean;
      })[];
    })[];
    /** Edges of both come in another order: the order of a merge's inputs */
    reordered: boolean;
  };
  settings: ({
    /** Where in the node, edge or settings */
    path: string;
    /** Absent = it was not there */
    before?: unknown;
    /** Absent = it is not there any more */
    after?: unknown;
    /** A value is too long to be shown whole: before and after are the beginning of its JSON text */
    cut?: true;
    /** True = how it looks, without meaning for a run */
    layout: boolean;
  })[];
  /** Changes beyond those that are listed */
  unlisted: number;
}

export interface FlowVersionSummary {
  id: string;
  flow_id: string;
  /** 1, 2, 3 … within the flow */
  number: number;
  /** Who saved it; null = the account is gone */
  created_by: string | null;
  created_at: string;
}

export interface FlowVersion {
  id: string;
  flow_id: string;
  /** 1, 2, 3 … within the flow */
  number: number;
  /** Who saved it; null = the account is gone */
  created_by: string | null;
  created_at: string;
  graph: SavedGraph;
  /** Edge id → distance between the centres of the nodes it joins, in canvas pixels: how far something that moves along it has to go. Edges are left out when one of their nodes has no position */
  edge_lengths: Record<string, number>;
}

/** Complete unless `fields` asked for less */
export interface PartialTemplateSummary {
  id: string;
  name: string;
  description: string;
  category: "starter" | "data" | "ai" | "payments" | "sales" | "people" | "operations";
  /** Name of an icon of Lucide */
  icon: string;
  tags: (string)[];
  /** What it is made of */
  node_types: (string)[];
}

export interface Template {
  id: string;
  name: string;
  description: string;
  category: "starter" | "data" | "ai" | "payments" | "sales" | "people" | "operations";
  /** Name of an icon of Lucide */
  icon: string;
  tags: (string)[];
  /** What it is made of */
  node_types: (string)[];
  /** In the JSON shape of React Flow, with positions */
  graph: {
    nodes: (Json)[];
    edges: (Json)[];
    [name: string]: unknown;
  };
  /** What to fill in before the flow is switched on */
  configure: ({
    /** The node; null = something outside of the graph */
    node_id: string | null;
    /** Where in its config; null = the node as a whole */
    setting: string | null;
    /** What to do */
    what: string;
  })[];
  /** Input for a first run */
  sample_input?: unknown;
  /** Node id → what it might answer: the pins of a dry run in which nothing outside happens */
  sample_outputs: Record<string, Json>;
}

export interface AppliedTemplate {
  template_id: string;
  flow_id: string;
  name: string;
  workspace_id: string;
  is_active: boolean;
  /** What to fill in before the flow is switched on */
  configure: ({
    /** The node; null = something outside of the graph */
    node_id: string | null;
    /** Where in its config; null = the node as a whole */
    setting: string | null;
    /** What to do */
    what: string;
  })[];
  /** Input for a first run */
  sample_input?: unknown;
  /** Node id → what it might answer: the pins of a dry run in which nothing outside happens */
  sample_outputs: Record<string, Json>;
}

export interface StartRun {
  flow_id: string;
  /** What the trigger gives to the steps; {} when absent */
  input?: unknown;
  /** Id of the trigger to start at; the first trigger.manual when absent */
  trigger_node?: string;
  /** An entity of the flow that moves with the run */
  entity_id?: string;
  dry_run?: DryRun;
}

export interface ExecuteGraph {
  /** In React Flow's JSON shape */
  graph: Record<string, Json>;
  /** The flow among whose runs it appears; absent = none */
  flow_id?: string;
  /** What the trigger gives to the steps; {} when absent */
  input?: unknown;
  trigger_node?: string;
  dry_run?: DryRun;
}

/** A run in a list. Complete unless `fields` asked for less */
export interface PartialRunSummary {
  id: string;
  organization_id: string;
  flow_id: string;
  /** The version that this run executes to its end */
  flow_version_id: string;
  /** queued = no worker has begun it; running = working or visibly waiting; paused = nothing new starts until it is resumed; compensating = it failed and undoes what it did; the others are final */
  status:
    | "queued"
    | "running"
    | "paused"
    | "compensating"
    | "completed"
    | "failed"
    | "cancelled"
    | "compensated"
    | "compensation_failed";
  /** manual = a person or an API call; flow = a step of another run; error = the failure of another run */
  trigger: "manual" | "webhook" | "schedule" | "flow" | "error" | "event";
  /** The trigger it starts at; null = the first that fits */
  trigger_node: string | null;
  /** The event, when a webhook started it */
  webhook_event_id: string | null;
  /** The run that this one repeats: a retry or re-run takes over steps of it, a replay none */
  retry_of: string | null;
  /** The run whose step, or failure, started this one */
  parent_run_id: string | null;
  /** The entity that moves with it */
  entity_id: string | null;
  /** The schedule that started it */
  schedule_id: string | null;
  /** Runs of the flow with the same key share a limit */
  concurrency_key: string | null;
  error: RunError;
  created_by: string | null;
  /** When it fails with run_timeout */
  deadline_at: string;
  started_at: string | null;
  finished_at: string | null;
  created_at: string;
}

/** A step that waits. Complete unless `fields` asked for less */
export interface PartialWaitingStep {
  id: string;
  run_id: string;
  flow_id: string;
  flow_name: string | null;
  node_id: string | null;
  scope: string;
  kind: string;
  /** The signal's name, or the limit */
  name: string | null;
  /** What the node shows to people: title, description, approvers */
  data: unknown;
  since: string;
  /** When the wait times out; null = with the run */
  until: string | null;
  /** When the run times out */
  deadline_at: string;
  /** queued = no worker has begun it; running = working or visibly waiting; paused = nothing new starts until it is resumed; compensating = it failed and undoes what it did; the others are final */
  run_status:
    | "queued"
    | "running"
    | "paused"
    | "compensating"
    | "completed"
    | "failed"
    | "cancelled"
    | "compensated"
    | "compensation_failed";
  entity_id: string | null;
  /** Whether the caller is one of those who may decide it */
  may_decide: boolean;
}

/** How many runs or events are meant */
export interface BulkCount {
  total: number;
}

/** One action on many runs or events, and how far it is */
export interface BulkOperation {
  id: string;
  organization_id: string;
  /** replay_events = events of webhooks go through their flows again */
  action: "cancel" | "retry" | "delete" | "resume" | "pause" | "replay_events";
  filter: Record<string, unknown>;
  /** failed = who asked may not do it any more */
  status: "queued" | "running" | "completed" | "cancelled" | "failed";
  /** Runs or events found when it was made */
  total: number;
  done: number;
  /** Runs or events that refused it */
  failed: number;
  /** The first twenty of those */
  errors: ({
    run_id?: string;
    /** Instead of the run, for replay_events */
    event_id?: string;
    code: string;
    message: string;
  })[];
  error: {
    code: string;
    message: string;
  } | null;
  created_by: string;
  created_at: string;
  finished_at: string | null;
}

export interface NewBulkOperation {
  action: "cancel" | "retry" | "delete" | "resume" | "pause";
  filter: {
    flow_id?: string;
    status?: (
      | "queued"
      | "running"
      | "paused"
      | "compensating"
      | "completed"
      | "failed"
      | "cancelled"
      | "compensated"
      | "compensation_failed"
    )[];
    trigger?: ("manual" | "webhook" | "schedule" | "flow" | "error" | "event")[];
    retry_of?: string;
    entity_id?: string;
    parent_run_id?: string;
    schedule_id?: string;
    created_after?: string;
    created_before?: string;
  };
  /** Only say how many runs there are */
  dry_run?: boolean;
}

/** One action on many runs or events, and how far it is. Complete unless `fields` asked for less */
export interface PartialBulkOperation {
  id: string;
  organization_id: string;
  /** replay_events = events of webhooks go through their flows again */
  action: "cancel" | "retry" | "delete" | "resume" | "pause" | "replay_events";
  filter: Record<string, unknown>;
  /** failed = who asked may not do it any more */
  status: "queued" | "running" | "completed" | "cancelled" | "failed";
  /** Runs or events found when it was made */
  total: number;
  done: number;
  /** Runs or events that refused it */
  failed: number;
  /** The first twenty of those */
  errors: ({
    run_id?: string;
    /** Instead of the run, for replay_events */
    event_id?: string;
    code: string;
    message: string;
  })[];
  error: {
    code: string;
    message: string;
  } | null;
  created_by: string;
  created_at: string;
  finished_at: string | null;
}

/** An object in Storage that holds archived runs. Complete unless `fields` asked for less */
export interface PartialRunArchive {
  id: string;
  organization_id: string;
  /** The Monday of the week in which the runs were started, in UTC */
  week: string;
  /** 1, 2, 3 … within the week */
  part: number;
  /** Where the object lies in the bucket run-archives */
  path: string;
  runs: number;
  lines: number;
  /** Size of the object */
  bytes: number;
  /** Size of its lines */
  raw_bytes: number;
  /** SHA-256 of the object, in hex */
  sha256: string;
  first_run_id: string;
  last_run_id: string;
  created_at: string;
}

/** The state of a run and nothing else */
export interface RunState {
  id: string;
  /** queued = no worker has begun it; running = working or visibly waiting; paused = nothing new starts until it is resumed; compensating = it failed and undoes what it did; the others are final */
  status:
    | "queued"
    | "running"
    | "paused"
    | "compensating"
    | "completed"
    | "failed"
    | "cancelled"
    | "compensated"
    | "compensation_failed";
  error: RunError;
  started_at: string | null;
  finished_at: string | null;
}

/** One attempt of a node. Complete unless `fields` asked for less */
export interface PartialRunStep {
  /** Unique in the run */
  id: string;
  node_id: string;
  /** The items it belongs to, such as `split.3/loop.0`; empty = top level */
  scope: string;
  attempt: number;
  /** retried = failed, another attempt follows; skipped = every way to it was dead; unknown = nobody knows whether its effect happened */
  status: "completed" | "failed" | "retried" | "skipped" | "unknown";
  /** Handles it went on through; null = all but error */
  handles: (string)[] | null;
  output: Json;
  error: RunError;
  started_at: string;
  finished_at: string;
  duration_ms: number;
}

/** Why a run is where it is, and what it will do next */
export interface RunExplanation {
  run_id: string;
  /** queued = no worker has begun it; running = working or visibly waiting; paused = nothing new starts until it is resumed; compensating = it failed and undoes what it did; the others are final */
  status:
    | "queued"
    | "running"
    | "paused"
    | "compensating"
    | "completed"
    | "failed"
    | "cancelled"
    | "compensated"
    | "compensation_failed";
  dry_run: boolean;
  /** All of it in a sentence or two */
  summary: string;
  /** Where it stands, 200 at most */
  places: ({
    /** Null = at the start */
    node_id: string | null;
    label: string | null;
    type: string | null;
    scope: string;
    /** What it does or waits for; line = it is due and waits for a worker */
    state:
      | "running"
      | "retry"
      | "timer"
      | "signal"
      | "approval"
      | "callback"
      | "decision"
      | "run"
      | "limit"
      | "items"
      | "line"
      | "scheduled"
      | "paused"
      | "undoing";
    sentence: string;
    attempt: number;
    /** running or waiting: when that began */
    since: string | null;
    /** When it goes on by itself, or its wait times out */
    until: string | null;
    /** The signal's name */
    name: string | null;
    /** What the node shows to people */
    data?: unknown;
    last_error: string | null;
    /** The run it waits for */
    run: {
      run_id: string;
      flow_id: string;
      /** queued = no worker has begun it; running = working or visibly waiting; paused = nothing new starts until it is resumed; compensating = it failed and undoes what it did; the others are final */
      status:
        | "queued"
        | "running"
        | "paused"
        | "compensating"
        | "completed"
        | "failed"
        | "cancelled"
        | "compensated"
        | "compensation_failed";
    } | null;
    limit: {
      /** org:ID, flow:ID or key:FLOW:VALUE */
      key: string;
      places: number | null;
      /** Runs that hold a place */
      holders: number;
      /** 1 = the next */
      position: number;
    } | null;
    line: {
      /** Steps of the organization that come first, 1000 at most */
      ahead: number;
      /** Organizations that take turns, 100 at most */
      organizations: number;
      /** Workers that are awake */
      workers: number;
    } | null;
    /** Nodes that the graph puts behind it */
    next: (string)[];
  })[];
  place_count: number;
  joins: ({
    node_id: string;
    scope: string;
    expects: number;
    /** How many live branches suffice; null = it waits for all */
    need: number | null;
    /** True = it has run already; the others are awaited for nothing */
    fired: boolean;
    /** Nodes over whose edges the run came */
    arrived: (string)[];
    /** Nodes over whose edges it will not come */
    dead: (string)[];
    /** Nodes that have not answered */
    missing: (string)[];
    sentence: string;
  })[];
  regions: ({
    node_id: string;
    scope: string;
    /** The node at which the run goes on */
    closer: string;
    /** Null = nobody knows yet */
    total: number | null;
    open: number;
    completed: number;
    failed: number;
    /** Items that have not begun */
    remaining: number | null;
    at_once: number;
    sentence: string;
  })[];
  /** What came before anything waited for it */
  signals: ({
    kind: "signal" | "callback";
    name: string;
    count: number;
  })[];
  undone: ({
    node_id: string;
    scope: string;
    status: "completed" | "failed";
  })[];
  /** How many attempts ended how */
  steps: Record<string, number>;
  error: RunError;
  deadline_at: string;
  finished_at: string | null;
  /** What happens next, in sentences */
  next: (string)[];
}

/** What became of a signal */
export interface SignalReceipt {
  run_id: string;
  name: string;
  /** True = a step waited for it and goes on; false = it is kept for one */
  delivered: boolean;
  node_id: string | null;
  scope: string | null;
}

export interface Signal {
  /** As the waiting node names it */
  name: string;
  /** Becomes `data` in the output of the step; 256 KiB at most */
  data?: unknown;
}

/** A decision that counts */
export interface StepDecided {
  run_id: string;
  node_id: string;
  scope: string;
  kind: "approval" | "decision";
  decision?: "approved" | "rejected";
  outcome?: "completed" | "failed" | "retry";
  comment: string | null;
  output?: Json;
  error?: Json;
  user_id: string | null;
  decided_at: string;
}

/** An approval, or what became of an effect that nobody knows the outcome of */
export type StepDecision = {
  decision: "approved" | "rejected";
  comment?: string;
  /** The items and iterations it belongs to, as in split.3/loop.0; empty = top level */
  scope?: string;
} | {
  /** completed = it happened, with this output; failed = it did not; retry = do it again */
  outcome: "completed" | "failed" | "retry";
  output?: Json;
  error?: {
    /** A code of docs/errors.md */
    code: string;
    message: string;
    details?: Json;
  };
  comment?: string;
  /** The items and iterations it belongs to, as in split.3/loop.0; empty = top level */
  scope?: string;
};

export interface RetryStep {
  /** The items and iterations it belongs to, as in split.3/loop.0; empty = top level */
  scope?: string;
}

export interface RerunRun {
  /** The node to begin at. What comes before it is taken over from the run; absent = nothing is */
  from?: string;
  /** Another input of the run; absent = the same */
  input?: unknown;
  /** What steps before `from` are said to have given, by node id, instead of what they gave */
  outputs?: Record<string, Json>;
  /** same = the version of the run, when absent; current = the flow's current one */
  version?: "same" | "current";
}

/** A thing that lives on the canvas of a flow, such as a customer or a lead. Complete unless `fields` asked for less */
export interface PartialEntity {
  id: string;
  organization_id: string;
  /** The flow on whose canvas it lives */
  flow_id: string;
  type: string;
  name: string;
  /** What it is called elsewhere */
  external_key: string | null;
  /** What is known of it, 64 KiB at most */
  data: Record<string, Json>;
  /** Where it stands; null = nowhere yet */
  node_id: string | null;
  /** Since when it stands there */
  entered_at: string | null;
  /** The run that moves it, or moved it last */
  run_id: string | null;
  /** Moves so far: the lines of its journey */
  move_count: number;
  /** Null = a webhook made it, or the account is gone */
  created_by: string | null;
  /** Raised by every change, moves included; what the ETag says */
  version: number;
  created_at: string;
  updated_at: string;
}

/** A thing that lives on the canvas of a flow, such as a customer or a lead */
export interface Entity {
  id: string;
  organization_id: string;
  /** The flow on whose canvas it lives */
  flow_id: string;
  type: string;
  name: string;
  /** What it is called elsewhere */
  external_key: string | null;
  /** What is known of it, 64 KiB at most */
  data: Record<string, Json>;
  /** Where it stands; null = nowhere yet */
  node_id: string | null;
  /** Since when it stands there */
  entered_at: string | null;
  /** The run that moves it, or moved it last */
  run_id: string | null;
  /** Moves so far: the lines of its journey */
  move_count: number;
  /** Null = a webhook made it, or the account is gone */
  created_by: string | null;
  /** Raised by every change, moves included; what the ETag says */
  version: number;
  created_at: string;
  updated_at: string;
}

export interface NewEntity {
  /** The flow on whose canvas it is to live */
  flow_id: string;
  /** What it is, in your words */
  type: string;
  /** Its external key, else its type, when absent */
  name?: string;
  /** What it is called elsewhere; unique in its flow and type */
  external_key?: string;
  /** What is known of it, 64 KiB at most */
  data?: Record<string, Json>;
  /** Where it is to stand; nowhere yet when absent */
  node_id?: string;
  /** True = when the external key is taken, bring that entity up to date: name and fields of data */
  upsert?: boolean;
}

/** What moved over an edge. Complete unless `fields` asked for less */
export interface PartialEdgeStats {
  /** Both nodes */
  id: string;
  from_node: string;
  to_node: string;
  /** The edges between the two in the current graph; empty when they were taken out of it */
  edge_ids: (string)[];
  moves: number;
  /** How long all of them had stood at from_node */
  total_seconds: number;
  average_seconds: number;
  /** The latest move */
  last_at: string;
}

export interface EntityChanges {
  name?: string;
  /** Null takes the key away */
  external_key?: string | null;
  /** Replaces what was known of it */
  data?: Record<string, Json>;
}

/** One move of an entity. Complete unless `fields` asked for less */
export interface PartialEntityMove {
  /** 1, 2, 3 … within the journey */
  number: number;
  /** Null = it stood nowhere */
  from_node: string | null;
  to_node: string;
  /** The edge that led there in the graph of that moment; null = none did */
  edge_id: string | null;
  /** run = a run came there; webhook = a run that a webhook started began there; manual = a person moved it; created = it was made there */
  reason: "run" | "manual" | "created" | "webhook";
  /** The run, for run and webhook */
  run_id: string | null;
  /** The person, for manual and created */
  moved_by: string | null;
  moved_at: string;
  /** How long it had stood at from_node */
  seconds: number | null;
}

/** How long an entity stood at a node */
export interface EntityDuration {
  node_id: string;
  /** How often it came there */
  stays: number;
  /** All stays together; the present one until now */
  seconds: number;
  /** When it came, if it stands there now; null = it does not */
  since: string | null;
}

/** Complete unless `fields` asked for less */
export interface PartialNodeType {
  /** The name in graphs */
  type: string;
  title: string;
  description: string;
  /** The shelf of the palette */
  category: "trigger" | "action" | "logic" | "communication";
  /** It starts runs, only computes, or has an effect outside */
  kind: "trigger" | "pure" | "effect";
  /** Source handles with the example's configuration, the default first */
  handles: (string)[];
  /** Whether it reads the outputs of all nodes before it */
  joins: boolean;
  /** Whether nothing may follow it */
  terminal: boolean;
  /** The kind of region that it opens; null = none */
  region: "splitter" | "for" | "while" | "foreach" | "boundary" | null;
  /** Whether it closes the region of a splitter */
  closes: boolean;
  /** Whether it ends the loop around it */
  breaks: boolean;
  example_config: Record<string, Json>;
  example_input: {
    /** The run's input: `trigger` */
    trigger?: unknown;
    /** Outputs of earlier steps by node id: `steps.<id>.output` */
    steps?: Record<string, Json>;
    /** Inside a region: `item` */
    item?: unknown;
    /** Inside a region: `index` */
    index?: number;
    /** What the node waited for; absent = it has not yet */
    resolution?: {
      by: "signal" | "approval" | "callback" | "run" | "timeout";
      /** What was sent, decided, or came of the run */
      data?: unknown;
    };
    /** For the node that closes a region: what its items gave */
    region?: {
      total: number;
      items: ({
        index: number;
        status: "completed" | "failed" | "skipped";
        value?: Json;
        error?: {
          code: string;
          message: string;
          node_id?: string;
          details?: Json;
        };
      })[];
    };
    /** For a while loop: the iteration that has ended */
    again?: {
      index: number;
      last?: Json;
    };
  } | null;
  /** As `data.retry` of a node; null = no second attempt */
  default_retry: Record<string, unknown> | null;
  /** Null = 30 */
  default_timeout_seconds: number | null;
  /** As `data.onError` of a node */
  default_on_error: "stop" | "continue" | "branch";
}

export interface NodeType {
  /** The name in graphs */
  type: string;
  title: string;
  description: string;
  /** The shelf of the palette */
  category: "trigger" | "action" | "logic" | "communication";
  /** It starts runs, only computes, or has an effect outside */
  kind: "trigger" | "pure" | "effect";
  /** Source handles with the example's configuration, the default first */
  handles: (string)[];
  /** Whether it reads the outputs of all nodes before it */
  joins: boolean;
  /** Whether nothing may follow it */
  terminal: boolean;
  /** The kind of region that it opens; null = none */
  region: "splitter" | "for" | "while" | "foreach" | "boundary" | null;
  /** Whether it closes the region of a splitter */
  closes: boolean;
  /** Whether it ends the loop around it */
  breaks: boolean;
  example_config: Record<string, Json>;
  example_input: {
    /** The run's input: `trigger` */
    trigger?: unknown;
    /** Outputs of earlier steps by node id: `steps.<id>.output` */
    steps?: Record<string, Json>;
    /** Inside a region: `item` */
    item?: unknown;
    /** Inside a region: `index` */
    index?: number;
    /** What the node waited for; absent = it has not yet */
    resolution?: {
      by: "signal" | "approval" | "callback" | "run" | "timeout";
      /** What was sent, decided, or came of the run */
      data?: unknown;
    };
    /** For the node that closes a region: what its items gave */
    region?: {
      total: number;
      items: ({
        index: number;
        status: "completed" | "failed" | "skipped";
        value?: Json;
        error?: {
          code: string;
          message: string;
          node_id?: string;
          details?: Json;
        };
      })[];
    };
    /** For a while loop: the iteration that has ended */
    again?: {
      index: number;
      last?: Json;
    };
  } | null;
  /** As `data.retry` of a node; null = no second attempt */
  default_retry: Record<string, unknown> | null;
  /** Null = 30 */
  default_timeout_seconds: number | null;
  /** As `data.onError` of a node */
  default_on_error: "stop" | "continue" | "branch";
}

export interface NodeSchemas {
  type: string;
  /** JSON Schema 2020-12 of `data.config`. Any text in it may be an expression that gives such a value */
  config: Record<string, Json>;
  /** JSON Schema 2020-12 of what the step gives */
  output: Record<string, Json>;
}

export interface NodeTestResult {
  /** waiting = a run would not be over with the node: see `wait`, `start` and `open`. Nothing of that happens */
  status: "completed" | "failed" | "waiting";
  /** The configuration after its expressions were resolved */
  config: Record<string, Json>;
  /** What later steps would read; null when it failed */
  output?: unknown;
  /** The source handles through which a run would go on */
  handles: (string)[];
  /** How it would end the run; null = it would not */
  stop: {
    status: "completed" | "failed";
    message?: string;
  } | null;
  /** What it would wait for; null = it would not */
  wait: {
    kind: "timer" | "signal" | "approval" | "callback";
    /** Of a signal */
    name: string | null;
    /** Until it times out; null = when the run does */
    seconds: number | null;
    /** What people see while it waits */
    data?: unknown;
  } | null;
  /** The run it would start; null = none */
  start: {
    flow_id: string;
    input?: Json;
    wait: boolean;
  } | null;
  /** What it would send into its region; null = nothing */
  open: {
    /** Items in all */
    total: number;
    /** The first 20 of them */
    items: (Json)[];
    /** Items at once */
    window: number;
    /** Whether it would be asked again after them */
    more: boolean;
  } | null;
  /** Whether it would end the loop around it */
  break: boolean;
  error: {
    code: string;
    message: string;
    retryable: boolean;
    retry_after_seconds: number | null;
    details?: Json;
  } | null;
  duration_ms: number;
}

/** In a list. Complete unless `fields` asked for less */
export interface PartialWebhookSummary {
  id: string;
  organization_id: string;
  flow_id: string;
  /** Null = the first trigger.webhook */
  trigger_node: string | null;
  name: string;
  provider: "stripe" | "typeform" | "calendly" | "standard_webhooks" | "github" | "slack" | "shopify" | "custom";
  /** Settings of the provider, see `GET /webhooks/providers`; {} for most */
  config: Record<string, Json>;
  /** The public address: give it to the provider */
  url: string;
  /** The same for tests: works although endpoint or flow are off, runs each time, and explains refusals */
  test_url: string;
  signature_required: boolean;
  is_active: boolean;
  /** Deliveries that were refused */
  rejected_count: number;
  last_rejected_at: string | null;
  /** Why the last of them was refused */
  last_rejection: string | null;
  created_by: string | null;
  /** Raised by every change; the ETag */
  version: number;
  created_at: string;
  updated_at: string;
  /** What it makes of an event; null = nothing */
  mapping: Record<string, Json> | null;
  /** Seconds that a delivery waits for the end of its run, to be answered with what it gave. 0 = the receipt, as soon as the event is kept. Whoever may deliver can read the output then */
  wait_seconds: number;
}

export interface WebhookWithSecret {
  id: string;
  organization_id: string;
  flow_id: string;
  /** Null = the first trigger.webhook */
  trigger_node: string | null;
  name: string;
  provider: "stripe" | "typeform" | "calendly" | "standard_webhooks" | "github" | "slack" | "shopify" | "custom";
  /** Settings of the provider, see `GET /webhooks/providers`; {} for most */
  config: Record<string, Json>;
  /** The public address: give it to the provider */
  url: string;
  /** The same for tests: works although endpoint or flow are off, runs each time, and explains refusals */
  test_url: string;
  signature_required: boolean;
  is_active: boolean;
  /** Deliveries that were refused */
  rejected_count: number;
  last_rejected_at: string | null;
  /** Why the last of them was refused */
  last_rejection: string | null;
  created_by: string | null;
  /** Raised by every change; the ETag */
  version: number;
  created_at: string;
  updated_at: string;
  /** What it makes of an event; null = nothing */
  mapping: Record<string, Json> | null;
  /** Seconds that a delivery waits for the end of its run, to be answered with what it gave. 0 = the receipt, as soon as the event is kept. Whoever may deliver can read the output then */
  wait_seconds: number;
  /** The valid secrets; two during a rotation */
  secrets: ({
    last_four: string;
    created_at: string;
    /** Null = the current one */
    expires_at: string | null;
  })[];
  /** The new signing secret, shown this once */
  secret: string;
}

export interface NewWebhook {
  name: string;
  /** The flow that an event starts */
  flow_id: string;
  provider: "stripe" | "typeform" | "calendly" | "standard_webhooks" | "github" | "slack" | "shopify" | "custom";
  /** Settings of the provider, see `GET /webhooks/providers`; {} for most */
  config?: Record<string, Json>;
  /** The signing secret that the provider shows. When absent one is made here, to be pasted there */
  secret?: string;
  /** Id of the trigger to start at */
  trigger_node?: string;
  /** False = anyone who knows the address can start the flow. Never false unless you say so */
  signature_required?: boolean;
  mapping?: WebhookMapping;
  /** Seconds that a delivery waits for the end of its run, to be answered with what it gave. 0 = the receipt, as soon as the event is kept. Whoever may deliver can read the output then */
  wait_seconds?: number;
}

/** What to make of an event. Expressions read `trigger`: type, headers, query, method and body */
export interface WebhookMapping {
  /** The entity that the run moves: found by type and key, or made */
  entity?: {
    /** What it is */
    type: string;
    /** What it is called there */
    key: string;
    /** Its key when absent or empty */
    name?: string;
    /** Put over what is known of it, field by field */
    data?: Record<string, unknown>;
  };
  /** What `trigger` is in the run, instead of the event as it came */
  input?: Record<string, unknown>;
}

/** Complete unless `fields` asked for less */
export interface PartialWebhookProvider {
  provider: "stripe" | "typeform" | "calendly" | "standard_webhooks" | "github" | "slack" | "shopify" | "custom";
  title: string;
  description: string;
  /** Who makes the signing secret */
  secret_from: "provider" | "us";
  /** JSON Schema of the settings */
  config_schema: unknown;
}

/** Complete unless `fields` asked for less */
export interface PartialWebhookEventType {
  type: string;
  description: string;
  /** Events with the same keep their order where a subscription is ordered */
  key: string;
  /** JSON Schema of `data` */
  data_schema: unknown;
  example: Record<string, Json>;
}

/** In a list. Complete unless `fields` asked for less */
export interface PartialWebhookSubscriptionSummary {
  id: string;
  organization_id: string;
  /** Where events are sent: http or https, no address inside our network */
  url: string;
  description: string;
  /** Which of your own customers it is for, in your words. Lists filter by it */
  application: string | null;
  /** What is sent; * = everything. GET /webhooks/event-types says what there is */
  event_types: (
    | "*"
    | "run.completed"
    | "run.failed"
    | "run.cancelled"
    | "flow.created"
    | "flow.updated"
    | "flow.deleted"
    | "entity.created"
    | "entity.moved"
    | "entity.deleted"
    | "approval.requested"
    | "webhook.endpoint_disabled"
    | "subscription.updated"
    | "invoice.paid"
    | "invoice.payment_failed"
    | "budget.reached"
    | "usage.limit_reached"
    | "secret.expiring"
    | "member.joined"
    | "member.removed"
    | "api_key.created"
    | "api_key.revoked"
    | "email.bounced"
    | "email.complained"
  )[];
  /** Only events of these flows, and those of no flow; null = of all */
  flow_ids: (string)[] | null;
  /** Only events whose `data.id` is one of these; null = all */
  resource_ids: (string)[] | null;
  /** Sent as the body instead of the event: any JSON with expressions over `trigger`, which is the event ({type, timestamp, data}). Null = the event as it is */
  transformation: unknown;
  /** True = of events with the same key (the catalogue says which) one is sent only when those before it have got through or were given up */
  ordered: boolean;
  /** Requests a minute at most; null = no limit */
  rate_per_minute: number | null;
  /** What one attempt may take, the answer included */
  timeout_seconds: number;
  /** Whose deliveries go first when workers are busy */
  priority: "high" | "normal" | "low";
  /** disabled = by us, see disabled_reason: nothing is kept or sent until you set it to active */
  status: "active" | "paused" | "disabled";
  /** gone = it answered 410; failing = nothing got through for five days */
  disabled_reason: "gone" | "failing" | null;
  disabled_at: string | null;
  /** Headers of your own; their values are not shown */
  header_names: (string)[];
  created_by: string | null;
  /** Raised by every change; the ETag */
  version: number;
  created_at: string;
  updated_at: string;
}

export interface WebhookSubscriptionWithSecret {
  id: string;
  organization_id: string;
  /** Where events are sent: http or https, no address inside our network */
  url: string;
  description: string;
  /** Which of your own customers it is for, in your words. Lists filter by it */
  application: string | null;
  /** What is sent; * = everything. GET /webhooks/event-types says what there is */
  event_types: (
    | "*"
    | "run.completed"
    | "run.failed"
    | "run.cancelled"
    | "flow.created"
    | "flow.updated"
    | "flow.deleted"
    | "entity.created"
    | "entity.moved"
    | "entity.deleted"
    | "approval.requested"
    | "webhook.endpoint_disabled"
    | "subscription.updated"
    | "invoice.paid"
    | "invoice.payment_failed"
    | "budget.reached"
    | "usage.limit_reached"
    | "secret.expiring"
    | "member.joined"
    | "member.removed"
    | "api_key.created"
    | "api_key.revoked"
    | "email.bounced"
    | "email.complained"
  )[];
  /** Only events of these flows, and those of no flow; null = of all */
  flow_ids: (string)[] | null;
  /** Only events whose `data.id` is one of these; null = all */
  resource_ids: (string)[] | null;
  /** Sent as the body instead of the event: any JSON with expressions over `trigger`, which is the event ({type, timestamp, data}). Null = the event as it is */
  transformation?: unknown;
  /** True = of events with the same key (the catalogue says which) one is sent only when those before it have got through or were given up */
  ordered: boolean;
  /** Requests a minute at most; null = no limit */
  rate_per_minute: number | null;
  /** What one attempt may take, the answer included */
  timeout_seconds: number;
  /** Whose deliveries go first when workers are busy */
  priority: "high" | "normal" | "low";
  /** disabled = by us, see disabled_reason: nothing is kept or sent until you set it to active */
  status: "active" | "paused" | "disabled";
  /** gone = it answered 410; failing = nothing got through for five days */
  disabled_reason: "gone" | "failing" | null;
  disabled_at: string | null;
  /** Headers of your own; their values are not shown */
  header_names: (string)[];
  created_by: string | null;
  /** Raised by every change; the ETag */
  version: number;
  created_at: string;
  updated_at: string;
  /** What is signed with; two during a rotation */
  secrets: ({
    last_four: string;
    created_at: string;
    /** Null = the current one */
    expires_at: string | null;
  })[];
  /** The signing secret, shown this once. Null = this repeats a request of before the master keys changed */
  secret: string | null;
}

export interface NewWebhookSubscription {
  /** Where events are sent: http or https, no address inside our network */
  url: string;
  /** What is sent; * = everything. GET /webhooks/event-types says what there is */
  event_types: (
    | "*"
    | "run.completed"
    | "run.failed"
    | "run.cancelled"
    | "flow.created"
    | "flow.updated"
    | "flow.deleted"
    | "entity.created"
    | "entity.moved"
    | "entity.deleted"
    | "approval.requested"
    | "webhook.endpoint_disabled"
    | "subscription.updated"
    | "invoice.paid"
    | "invoice.payment_failed"
    | "budget.reached"
    | "usage.limit_reached"
    | "secret.expiring"
    | "member.joined"
    | "member.removed"
    | "api_key.created"
    | "api_key.revoked"
    | "email.bounced"
    | "email.complained"
  )[];
  description?: string;
  /** Which of your own customers it is for, in your words. Lists filter by it */
  application?: string | null;
  /** Only events of these flows, and those of no flow; null = of all */
  flow_ids?: (string)[] | null;
  /** Only events whose `data.id` is one of these; null = all */
  resource_ids?: (string)[] | null;
  /** Sent as the body instead of the event: any JSON with expressions over `trigger`, which is the event ({type, timestamp, data}). Null = the event as it is */
  transformation?: unknown;
  /** True = of events with the same key (the catalogue says which) one is sent only when those before it have got through or were given up */
  ordered?: boolean;
  /** Requests a minute at most; null = no limit */
  rate_per_minute?: number | null;
  /** What one attempt may take, the answer included */
  timeout_seconds?: number;
  /** Whose deliveries go first when workers are busy */
  priority?: "high" | "normal" | "low";
  /** Sent with each event. Their values are never shown again */
  headers?: Record<string, string>;
}

/** An address of yours that is told of events */
export interface WebhookSubscription {
  id: string;
  organization_id: string;
  /** Where events are sent: http or https, no address inside our network */
  url: string;
  description: string;
  /** Which of your own customers it is for, in your words. Lists filter by it */
  application: string | null;
  /** What is sent; * = everything. GET /webhooks/event-types says what there is */
  event_types: (
    | "*"
    | "run.completed"
    | "run.failed"
    | "run.cancelled"
    | "flow.created"
    | "flow.updated"
    | "flow.deleted"
    | "entity.created"
    | "entity.moved"
    | "entity.deleted"
    | "approval.requested"
    | "webhook.endpoint_disabled"
    | "subscription.updated"
    | "invoice.paid"
    | "invoice.payment_failed"
    | "budget.reached"
    | "usage.limit_reached"
    | "secret.expiring"
    | "member.joined"
    | "member.removed"
    | "api_key.created"
    | "api_key.revoked"
    | "email.bounced"
    | "email.complained"
  )[];
  /** Only events of these flows, and those of no flow; null = of all */
  flow_ids: (string)[] | null;
  /** Only events whose `data.id` is one of these; null = all */
  resource_ids: (string)[] | null;
  /** Sent as the body instead of the event: any JSON with expressions over `trigger`, which is the event ({type, timestamp, data}). Null = the event as it is */
  transformation?: unknown;
  /** True = of events with the same key (the catalogue says which) one is sent only when those before it have got through or were given up */
  ordered: boolean;
  /** Requests a minute at most; null = no limit */
  rate_per_minute: number | null;
  /** What one attempt may take, the answer included */
  timeout_seconds: number;
  /** Whose deliveries go first when workers are busy */
  priority: "high" | "normal" | "low";
  /** disabled = by us, see disabled_reason: nothing is kept or sent until you set it to active */
  status: "active" | "paused" | "disabled";
  /** gone = it answered 410; failing = nothing got through for five days */
  disabled_reason: "gone" | "failing" | null;
  disabled_at: string | null;
  /** Headers of your own; their values are not shown */
  header_names: (string)[];
  created_by: string | null;
  /** Raised by every change; the ETag */
  version: number;
  created_at: string;
  updated_at: string;
  /** What is signed with; two during a rotation */
  secrets: ({
    last_four: string;
    created_at: string;
    /** Null = the current one */
    expires_at: string | null;
  })[];
}

export interface WebhookSubscriptionChanges {
  /** Where events are sent: http or https, no address inside our network */
  url?: string;
  /** What is sent; * = everything. GET /webhooks/event-types says what there is */
  event_types?: (
    | "*"
    | "run.completed"
    | "run.failed"
    | "run.cancelled"
    | "flow.created"
    | "flow.updated"
    | "flow.deleted"
    | "entity.created"
    | "entity.moved"
    | "entity.deleted"
    | "approval.requested"
    | "webhook.endpoint_disabled"
    | "subscription.updated"
    | "invoice.paid"
    | "invoice.payment_failed"
    | "budget.reached"
    | "usage.limit_reached"
    | "secret.expiring"
    | "member.joined"
    | "member.removed"
    | "api_key.created"
    | "api_key.revoked"
    | "email.bounced"
    | "email.complained"
  )[];
  description?: string;
  /** Which of your own customers it is for, in your words. Lists filter by it */
  application?: string | null;
  /** Only events of these flows, and those of no flow; null = of all */
  flow_ids?: (string)[] | null;
  /** Only events whose `data.id` is one of these; null = all */
  resource_ids?: (string)[] | null;
  /** Sent as the body instead of the event: any JSON with expressions over `trigger`, which is the event ({type, timestamp, data}). Null = the event as it is */
  transformation?: unknown;
  /** True = of events with the same key (the catalogue says which) one is sent only when those before it have got through or were given up */
  ordered?: boolean;
  /** Requests a minute at most; null = no limit */
  rate_per_minute?: number | null;
  /** What one attempt may take, the answer included */
  timeout_seconds?: number;
  /** Whose deliveries go first when workers are busy */
  priority?: "high" | "normal" | "low";
  /** Instead of the present ones; null = none any more */
  headers?: Record<string, string> | null;
  /** paused = events are kept, and sent when it is active again */
  status?: "active" | "paused";
}

export interface WebhookSubscriptionRotation {
  /** How long events are signed with the old secret too, a week at most */
  overlap_seconds?: number;
}

/** In a list */
export interface WebhookDeliverySummary {
  id: string;
  subscription_id: string;
  /** What the receiver gets as webhook-id */
  message_id: string;
  application: string | null;
  type: string;
  /** failed = given up */
  status: "pending" | "delivered" | "failed" | "cancelled";
  attempts: number;
  /** Null = it has ended, or waits for those of its key before it */
  next_attempt_at: string | null;
  /** HTTP status of the last attempt; null = none came */
  response_status: number | null;
  /** Why the last attempt failed */
  error_code: string | null;
  created_at: string;
  finished_at: string | null;
}

export interface NewWebhookSubscriptionTest {
  type?:
    | "run.completed"
    | "run.failed"
    | "run.cancelled"
    | "flow.created"
    | "flow.updated"
    | "flow.deleted"
    | "entity.created"
    | "entity.moved"
    | "entity.deleted"
    | "approval.requested"
    | "webhook.endpoint_disabled"
    | "subscription.updated"
    | "invoice.paid"
    | "invoice.payment_failed"
    | "budget.reached"
    | "usage.limit_reached"
    | "secret.expiring"
    | "member.joined"
    | "member.removed"
    | "api_key.created"
    | "api_key.revoked"
    | "email.bounced"
    | "email.complained";
  /** When absent, the example of the catalogue */
  data?: Record<string, Json>;
}

export interface WebhookSubscriptionStats {
  since: string;
  attempts: number;
  succeeded: number;
  /** 0 to 1; null = no attempt */
  success_rate: number | null;
  by_outcome: {
    "2xx": number;
    "3xx": number;
    "4xx": number;
    "5xx": number;
    timeout: number;
    not_reached: number;
  };
  /** Half of the answers came within so many milliseconds */
  p50_ms: number | null;
  p95_ms: number | null;
  /** Deliveries that wait, counted up to 10,000 */
  pending: number;
  /** open = it failed, and nothing is sent until hold_until; then one delivery is tried */
  breaker: "closed" | "open" | "half_open";
  hold_until: string | null;
  /** Since the last success */
  failures: number;
  failing_since: string | null;
  last_success_at: string | null;
  last_failure_at: string | null;
  last_error: string | null;
}

/** What lets one of your customers manage their own subscriptions */
export interface WebhookPortalToken {
  id: string;
  organization_id: string;
  /** Which of your own customers it is for: the subscriptions with this `application`, and no others */
  application: string;
  /** What they may be told of. There is no `*`: events are those of your whole organization */
  event_types: (
    | "run.completed"
    | "run.failed"
    | "run.cancelled"
    | "flow.created"
    | "flow.updated"
    | "flow.deleted"
    | "entity.created"
    | "entity.moved"
    | "entity.deleted"
    | "approval.requested"
    | "webhook.endpoint_disabled"
    | "subscription.updated"
    | "invoice.paid"
    | "invoice.payment_failed"
    | "budget.reached"
    | "usage.limit_reached"
    | "secret.expiring"
    | "member.joined"
    | "member.removed"
    | "api_key.created"
    | "api_key.revoked"
    | "email.bounced"
    | "email.complained"
  )[];
  /** Only events of these flows, and those of no flow; null = of all */
  flow_ids: (string)[] | null;
  /** Only events whose `data.id` is one of these; null = all */
  resource_ids: (string)[] | null;
  /** read = they look and change nothing */
  access: "read" | "write";
  /** No further subscription is made when the application has so many */
  max_subscriptions: number;
  expires_at: string;
  created_by: string | null;
  created_at: string;
  /** Shown this once. Null = this repeats a request of before the project's secret key changed */
  token: string | null;
}

export interface NewWebhookPortalToken {
  /** Which of your own customers it is for: the subscriptions with this `application`, and no others */
  application: string;
  /** What they may be told of. There is no `*`: events are those of your whole organization */
  event_types: (
    | "run.completed"
    | "run.failed"
    | "run.cancelled"
    | "flow.created"
    | "flow.updated"
    | "flow.deleted"
    | "entity.created"
    | "entity.moved"
    | "entity.deleted"
    | "approval.requested"
    | "webhook.endpoint_disabled"
    | "subscription.updated"
    | "invoice.paid"
    | "invoice.payment_failed"
    | "budget.reached"
    | "usage.limit_reached"
    | "secret.expiring"
    | "member.joined"
    | "member.removed"
    | "api_key.created"
    | "api_key.revoked"
    | "email.bounced"
    | "email.complained"
  )[];
  /** Only events of these flows, and those of no flow; null = of all */
  flow_ids?: (string)[] | null;
  /** Only events whose `data.id` is one of these; null = all */
  resource_ids?: (string)[] | null;
  /** read = they look and change nothing */
  access?: "read" | "write";
  /** No further subscription is made when the application has so many */
  max_subscriptions?: number;
  /** An hour at most */
  expires_in_seconds?: number;
}

/** In a list. Complete unless `fields` asked for less */
export interface PartialWebhookDeliverySummary {
  id: string;
  subscription_id: string;
  /** What the receiver gets as webhook-id */
  message_id: string;
  application: string | null;
  type: string;
  /** failed = given up */
  status: "pending" | "delivered" | "failed" | "cancelled";
  attempts: number;
  /** Null = it has ended, or waits for those of its key before it */
  next_attempt_at: string | null;
  /** HTTP status of the last attempt; null = none came */
  response_status: number | null;
  /** Why the last attempt failed */
  error_code: string | null;
  created_at: string;
  finished_at: string | null;
}

export interface WebhookBulkRetried {
  retried: number;
  /** True = the filter finds more: ask again */
  more: boolean;
}

export interface WebhookBulkRetry {
  filter: {
    subscription_id?: string;
    status?: "failed" | "cancelled" | "delivered";
    type?: string;
    /** Which of your own customers it is for, in your words. Lists filter by it */
    application?: string;
    created_after?: string;
    created_before?: string;
  };
  limit?: number;
}

/** An event on its way to one subscription */
export interface WebhookDelivery {
  id: string;
  subscription_id: string;
  /** What the receiver gets as webhook-id */
  message_id: string;
  application: string | null;
  type: string;
  /** failed = given up */
  status: "pending" | "delivered" | "failed" | "cancelled";
  attempts: number;
  /** Null = it has ended, or waits for those of its key before it */
  next_attempt_at: string | null;
  /** HTTP status of the last attempt; null = none came */
  response_status: number | null;
  /** Why the last attempt failed */
  error_code: string | null;
  created_at: string;
  finished_at: string | null;
  /** What is sent; the event, where no attempt made anything else of it */
  request_body: string;
  /** The attempts, the first one first; the last hundred */
  history: (WebhookAttempt)[];
}

export interface WebhookAttempt {
  number: number;
  response_status: number | null;
  error_code: string | null;
  error_message: string | null;
  duration_ms: number;
  url: string;
  /** Without signatures and the values of headers of your own */
  request_headers: Record<string, string>;
  response_headers: Record<string, string> | null;
  /** The first 64 KiB */
  response_body: string | null;
  /** base64 = it is no text */
  response_body_encoding: "utf-8" | "base64" | null;
  /** True = there was more of the body than was read */
  is_cut: boolean;
  finished_at: string;
}

/** A delivery that was kept */
export interface WebhookEvent {
  id: string;
  endpoint_id: string;
  /** The sender's id of the event */
  event_key: string | null;
  /** The sender's name for the kind of event */
  type: string | null;
  /** held = kept, but the flow was off or deleted */
  status: "accepted" | "held";
  held_because: "flow_inactive" | "flow_deleted" | null;
  /** unsigned = nobody checked who sent it */
  verdict: "verified" | "unsigned";
  method: string;
  run_id: string | null;
  /** How often it came; above 1, the sender repeated itself */
  deliveries: number;
  /** The event that a person sent again */
  replay_of: string | null;
  /** True = it came to the test address */
  is_test: boolean;
  /** What of the endpoint's mapping could not be had, so that the run began without it */
  mapping_error: string | null;
  received_at: string;
  /** Without credentials, signatures and proxies' own */
  headers: Record<string, string>;
  query: Record<string, string>;
  /** The bytes that were signed */
  body: string;
  /** base64 = the bytes are no text */
  body_encoding: "utf-8" | "base64";
  body_bytes: number;
  /** The entity and the input that the endpoint's mapping gave; null = it had no mapping */
  mapped: Record<string, Json> | null;
}

export interface NewWebhookReplay {
  filter: {
    endpoint_id?: string;
    event_ids?: (string)[];
    type?: (string)[];
    status?: ("accepted" | "held")[];
    /** How their runs are now */
    run_status?: (
      | "queued"
      | "running"
      | "paused"
      | "compensating"
      | "completed"
      | "failed"
      | "cancelled"
      | "compensated"
      | "compensation_failed"
    )[];
    test?: boolean;
    received_after?: string;
    received_before?: string;
  };
  /** Only say how many events there are */
  dry_run?: boolean;
}

export interface WebhookReplay {
  event_id: string;
  run_id: string;
}

/** An address at which another service starts a flow */
export interface Webhook {
  id: string;
  organization_id: string;
  flow_id: string;
  /** Null = the first trigger.webhook */
  trigger_node: string | null;
  name: string;
  provider: "stripe" | "typeform" | "calendly" | "standard_webhooks" | "github" | "slack" | "shopify" | "custom";
  /** Settings of the provider, see `GET /webhooks/providers`; {} for most */
  config: Record<string, Json>;
  /** The public address: give it to the provider */
  url: string;
  /** The same for tests: works although endpoint or flow are off, runs each time, and explains refusals */
  test_url: string;
  signature_required: boolean;
  is_active: boolean;
  /** Deliveries that were refused */
  rejected_count: number;
  last_rejected_at: string | null;
  /** Why the last of them was refused */
  last_rejection: string | null;
  created_by: string | null;
  /** Raised by every change; the ETag */
  version: number;
  created_at: string;
  updated_at: string;
  /** What it makes of an event; null = nothing */
  mapping: Record<string, Json> | null;
  /** Seconds that a delivery waits for the end of its run, to be answered with what it gave. 0 = the receipt, as soon as the event is kept. Whoever may deliver can read the output then */
  wait_seconds: number;
  /** The valid secrets; two during a rotation */
  secrets: ({
    last_four: string;
    created_at: string;
    /** Null = the current one */
    expires_at: string | null;
  })[];
}

export interface WebhookChanges {
  name?: string;
  flow_id?: string;
  /** Settings of the provider, see `GET /webhooks/providers`; {} for most */
  config?: Record<string, Json>;
  /** Id of the trigger to start at */
  trigger_node?: string;
  /** False = anyone who knows the address can start the flow. Never false unless you say so */
  signature_required?: boolean;
  /** False = deliveries are answered with 404, but for tests */
  is_active?: boolean;
  /** Null takes the mapping away */
  mapping?: {
    /** The entity that the run moves: found by type and key, or made */
    entity?: {
      /** What it is */
      type: string;
      /** What it is called there */
      key: string;
      /** Its key when absent or empty */
      name?: string;
      /** Put over what is known of it, field by field */
      data?: Record<string, unknown>;
    };
    /** What `trigger` is in the run, instead of the event as it came */
    input?: Record<string, unknown>;
  } | null;
  /** Seconds that a delivery waits for the end of its run, to be answered with what it gave. 0 = the receipt, as soon as the event is kept. Whoever may deliver can read the output then */
  wait_seconds?: number;
}

export interface WebhookRotation {
  /** The new secret that the provider shows. When absent one is made here */
  secret?: string;
  /** How long the old secret stays valid, a week at most */
  overlap_seconds?: number;
}

/** What became of a test event */
export interface WebhookTest {
  /** HTTP status with which the receiver answered */
  status: number;
  /** unsigned = nobody checked who sent it */
  verdict: "verified" | "unsigned" | "rejected";
  /** The event in the log; null = it was rejected */
  event_id: string | null;
  /** The run it started; null = none */
  run_id: string | null;
  /** Why it started no run */
  held_because: "flow_inactive" | "flow_deleted" | null;
  /** Error code of the rejection, such as invalid_signature */
  code: string | null;
  /** Why it was rejected */
  detail: string | null;
  request: {
    method: string;
    url: string;
    /** As they were sent; the signature, with which the body could be sent again, is left out */
    headers: Record<string, string>;
    body: string;
  };
  /** From the request to the answer, milliseconds */
  duration_ms: number;
}

export interface NewWebhookTest {
  /** The body; when absent, a sample of the provider's */
  body?: unknown;
  /** Put where the provider has the type of an event */
  event_type?: string;
  /** Sent besides the provider's own; the signature comes last */
  headers?: Record<string, string>;
}

/** In a list. Complete unless `fields` asked for less */
export interface PartialWebhookEventSummary {
  id: string;
  endpoint_id: string;
  /** The sender's id of the event */
  event_key: string | null;
  /** The sender's name for the kind of event */
  type: string | null;
  /** held = kept, but the flow was off or deleted */
  status: "accepted" | "held";
  held_because: "flow_inactive" | "flow_deleted" | null;
  /** unsigned = nobody checked who sent it */
  verdict: "verified" | "unsigned";
  method: string;
  run_id: string | null;
  /** How often it came; above 1, the sender repeated itself */
  deliveries: number;
  /** The event that a person sent again */
  replay_of: string | null;
  /** True = it came to the test address */
  is_test: boolean;
  /** What of the endpoint's mapping could not be had, so that the run began without it */
  mapping_error: string | null;
  received_at: string;
}

/** A delivery that was refused. Complete unless `fields` asked for less */
export interface PartialWebhookRefusal {
  id: string;
  endpoint_id: string;
  /** Why it was refused, such as signature_mismatch, missing_signature, stale_timestamp, invalid_body */
  reason: string;
  /** What exactly was wrong */
  detail: string | null;
  method: string;
  /** Without credentials, signatures and proxies' own */
  headers: Record<string, string>;
  query: Record<string, string>;
  /** Its first 4 KiB. Nobody has proved who wrote it */
  body: string;
  /** base64 = the bytes are no text */
  body_encoding: "utf-8" | "base64";
  /** How long the whole body was */
  body_bytes: number;
  /** True = it came to the test address */
  is_test: boolean;
  received_at: string;
}

/** What came to an endpoint, and what became of it */
export interface WebhookStats {
  from: string;
  /** Today, UTC */
  to: string;
  /** Events that were kept, each once; without tests and replays */
  events: number;
  /** Of them, those that started no run */
  held: number;
  /** Deliveries of events that were known already */
  repeated: number;
  unsigned: number;
  mapping_errors: number;
  tests: number;
  replays: number;
  /** Refused deliveries, those to the test address aside */
  refused: number;
  /** Events kept / (kept + refused); null = nothing came */
  acceptance_rate: number | null;
  /** How the runs of the latest thousand events ended; failed = in any way but completed */
  runs: {
    sampled: number;
    completed: number;
    failed: number;
    unfinished: number;
  };
  /** Runs completed / runs ended, of those; null = none has ended */
  success_rate: number | null;
  days: ({
    day: string;
    kept: number;
    refused: number;
  })[];
}

/** What became of a callback */
export interface CallbackReceipt {
  /** completed = the step goes on; buffered = kept until the step waits; duplicate = it was answered before */
  status: "completed" | "buffered" | "duplicate";
}

/** Whether a callback may still be sent */
export interface CallbackStatus {
  /** open = it may be answered; done = it was, or its step is over; finished = its run is */
  status: "open" | "done" | "finished";
}

/** What became of each callback */
export interface CallbackBatchReceipt {
  /** In the order of the request. not_found covers signatures that are not ours */
  results: ({
    status: "completed" | "buffered" | "duplicate" | "finished" | "not_found" | "too_large";
  })[];
}

/** The answer to a delivery */
export interface WebhookReceipt {
  /** The event in the log; the first one's for a repeated delivery */
  event_id: string;
  /** The run it started; null = none */
  run_id: string | null;
  /** True = the event was known already; nothing was started */
  duplicate: boolean;
  /** held = kept, but the flow is off or deleted */
  status: "accepted" | "held";
  held_because: "flow_inactive" | "flow_deleted" | null;
  /** There when the endpoint asks for no signature */
  unsigned?: true;
  /** How the run ended, where the endpoint waits for that and it was in time */
  run?: {
    status: string;
    output?: Json;
    error: RunError;
  };
  /** There when it came to the test address */
  test?: true;
}

/** The answer to Slack's signed question whether the address is ours */
export interface WebhookChallenge {
  /** What it sent */
  challenge: string;
}

/** When the clock starts a flow. Complete unless `fields` asked for less */
export interface PartialSchedule {
  id: string;
  organization_id: string;
  flow_id: string;
  name: string;
  cron: string;
  timezone: string;
  starts_at: string | null;
  ends_at: string | null;
  jitter_seconds: number;
  /** For due times that passed by more than a minute while nobody was there to fire: none of them, the newest, or the newest `missed_limit` */
  missed_policy: "skip" | "run_once" | "run_all";
  missed_limit: number;
  /** While a run of this schedule is under way: start another, skip, start when it has ended, or cancel it */
  overlap_policy: "allow" | "skip" | "queue" | "cancel_previous";
  input: Json;
  /** Null = the first trigger.schedule */
  trigger_node: string | null;
  is_active: boolean;
  /** The next due time; null = switched off or over */
  next_at: string | null;
  /** When that one fires: due time and jitter */
  fire_at: string | null;
  /** Due times that wait for a run to end */
  queued_count: number;
  last_run_id: string | null;
  last_fired_at: string | null;
  created_by: string | null;
  /** Raised by every change of the settings; the ETag */
  version: number;
  created_at: string;
  updated_at: string;
}

/** When the clock starts a flow */
export interface Schedule {
  id: string;
  organization_id: string;
  flow_id: string;
  name: string;
  cron: string;
  timezone: string;
  starts_at: string | null;
  ends_at: string | null;
  jitter_seconds: number;
  /** For due times that passed by more than a minute while nobody was there to fire: none of them, the newest, or the newest `missed_limit` */
  missed_policy: "skip" | "run_once" | "run_all";
  missed_limit: number;
  /** While a run of this schedule is under way: start another, skip, start when it has ended, or cancel it */
  overlap_policy: "allow" | "skip" | "queue" | "cancel_previous";
  input?: Json;
  /** Null = the first trigger.schedule */
  trigger_node: string | null;
  is_active: boolean;
  /** The next due time; null = switched off or over */
  next_at: string | null;
  /** When that one fires: due time and jitter */
  fire_at: string | null;
  /** Due times that wait for a run to end */
  queued_count: number;
  last_run_id: string | null;
  last_fired_at: string | null;
  created_by: string | null;
  /** Raised by every change of the settings; the ETag */
  version: number;
  created_at: string;
  updated_at: string;
}

export interface NewSchedule {
  /** The flow that it starts */
  flow_id: string;
  name: string;
  /** Minute, hour, day of month, month, day of week; or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly` */
  cron: string;
  /** A time zone of the IANA database: the clock that `cron` is read off */
  timezone?: string;
  /** Nothing is due before; null = from now on */
  starts_at?: string | null;
  /** Nothing is due after; null = for ever */
  ends_at?: string | null;
  /** It fires up to so many seconds after each due time, by an amount that is fixed for each */
  jitter_seconds?: number;
  /** For due times that passed by more than a minute while nobody was there to fire: none of them, the newest, or the newest `missed_limit` */
  missed_policy?: "skip" | "run_once" | "run_all";
  missed_limit?: number;
  /** While a run of this schedule is under way: start another, skip, start when it has ended, or cancel it */
  overlap_policy?: "allow" | "skip" | "queue" | "cancel_previous";
  /** What the trigger gives as `input`, 64 KiB at most; {} when absent */
  input?: unknown;
  /** Id of the trigger to start at; the first trigger.schedule when absent */
  trigger_node?: string | null;
  /** False = switched off */
  is_active?: boolean;
}

export interface DueTimes {
  data: (DueTime)[];
}

export interface DueTime {
  due_at: string;
  /** The same moment on the clock of the time zone */
  local_time: string;
  /** When it fires: due time and jitter */
  fire_at: string;
}

export interface SchedulePreview {
  /** Minute, hour, day of month, month, day of week; or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly` */
  cron: string;
  /** A time zone of the IANA database: the clock that `cron` is read off */
  timezone?: string;
  /** Nothing is due before; null = from now on */
  starts_at?: string | null;
  /** Nothing is due after; null = for ever */
  ends_at?: string | null;
  /** Due times later than this; now when absent */
  after?: string;
  count?: number;
}

export interface ScheduleChanges {
  flow_id?: string;
  name?: string;
  /** Minute, hour, day of month, month, day of week; or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly` */
  cron?: string;
  /** A time zone of the IANA database: the clock that `cron` is read off */
  timezone?: string;
  /** Nothing is due before; null = from now on */
  starts_at?: string | null;
  /** Nothing is due after; null = for ever */
  ends_at?: string | null;
  /** It fires up to so many seconds after each due time, by an amount that is fixed for each */
  jitter_seconds?: number;
  /** For due times that passed by more than a minute while nobody was there to fire: none of them, the newest, or the newest `missed_limit` */
  missed_policy?: "skip" | "run_once" | "run_all";
  missed_limit?: number;
  /** While a run of this schedule is under way: start another, skip, start when it has ended, or cancel it */
  overlap_policy?: "allow" | "skip" | "queue" | "cancel_previous";
  /** What the trigger gives as `input`, 64 KiB at most; {} when absent */
  input?: unknown;
  trigger_node?: string | null;
  /** False = switched off */
  is_active?: boolean;
}

export interface TriggeredSchedule {
  schedule_id: string;
  scheduled_for: string;
  run_id: string;
}

/** What became of a due time. Complete unless `fields` asked for less */
export interface PartialScheduleFiring {
  /** The due time; by hand, when it was asked for */
  scheduled_for: string;
  /** When it was decided, or left the queue */
  fired_at: string;
  outcome: "started" | "queued" | "skipped_overlap" | "skipped_missed" | "refused";
  /** Why: `flow_inactive`, `flow_deleted`, `organization_suspended`, `queue_full`, `switched_off`, `missed_policy`, the code of what refused the run; of a start `missed` or `queued` when it came late */
  reason: string | null;
  run_id: string | null;
  /** True = by hand */
  is_manual: boolean;
  triggered_by: string | null;
}

/** Complete unless `fields` asked for less */
export interface PartialSecret {
  id: string;
  organization_id: string;
  name: string;
  description: string;
  /** The number of the value that flows get */
  current_version: number;
  /** Null = never */
  expires_at: string | null;
  /** Null = nobody is reminded */
  rotate_after_days: number | null;
  /** When the current value was set */
  rotated_at: string;
  /** When a flow last got it, to the minute; null = never */
  last_used_at: string | null;
  /** Null = the account is gone */
  created_by: string | null;
  /** Raised by every change; what the ETag says */
  version: number;
  created_at: string;
  updated_at: string;
}

export interface Secret {
  id: string;
  organization_id: string;
  name: string;
  description: string;
  /** The number of the value that flows get */
  current_version: number;
  /** Null = never */
  expires_at: string | null;
  /** Null = nobody is reminded */
  rotate_after_days: number | null;
  /** When the current value was set */
  rotated_at: string;
  /** When a flow last got it, to the minute; null = never */
  last_used_at: string | null;
  /** Null = the account is gone */
  created_by: string | null;
  /** Raised by every change; what the ETag says */
  version: number;
  created_at: string;
  updated_at: string;
}

export interface NewSecret {
  /** What expressions call it: `secrets.CRM_KEY` */
  name: string;
  /** 4 characters to 64 KiB. Never shown again, but by `reveal` */
  value: string;
  description?: string;
  /** From then on steps that use it fail with `secret_expired` */
  expires_at?: string;
  /** Days after which the owners are reminded to set a new value */
  rotate_after_days?: number;
}

export interface SecretChanges {
  /** What expressions call it: `secrets.CRM_KEY` */
  name?: string;
  description?: string;
  /** From then on steps that use it fail with `secret_expired` */
  expires_at?: string | null;
  /** Days after which the owners are reminded to set a new value */
  rotate_after_days?: number | null;
}

export interface NewSecretValue {
  /** 4 characters to 64 KiB. Never shown again, but by `reveal` */
  value: string;
  /** Another expiry; as it was when absent */
  expires_at?: string;
}

export interface RevealedSecret {
  version: number;
  value: string;
}

/** Complete unless `fields` asked for less */
export interface PartialSecretFlow {
  id: string;
  name: string;
}

/** Complete unless `fields` asked for less */
export interface PartialSecretAccess {
  id: string;
  /** The version that was read */
  number: number;
  /** A step of a run used it, or a person asked to see it */
  kind: "run" | "reveal";
  run_id: string | null;
  node_id: string | null;
  user_id: string | null;
  /** The API key that asked */
  key_id: string | null;
  minute: string;
  /** How often within the minute */
  uses: number;
  last_at: string;
}

/** Complete unless `fields` asked for less */
export interface PartialSecretVersion {
  /** 1, 2, 3 … within the secret */
  number: number;
  is_current: boolean;
  /** The master key that protects it */
  key_id: string;
  created_by: string | null;
  created_at: string;
  /** When the value was thrown away; null = it can be restored */
  destroyed_at: string | null;
}

/** Complete unless `fields` asked for less */
export interface PartialMail {
  id: string;
  organization_id: string;
  template: string;
  category: "transactional" | "alerts" | "digests" | "product";
  /** What it is about: there is one mail for each template and key */
  key: string;
  to_address: string;
  /** Null = not written yet */
  subject: string | null;
  /** sent = a provider took it; what comes of it then is told by the provider */
  status:
    | "queued"
    | "sending"
    | "sent"
    | "delivered"
    | "bounced"
    | "complained"
    | "failed"
    | "suppressed"
    | "cancelled"
    | "expired";
  /** 10 first, 200 last */
  priority: number;
  /** Not sent before */
  scheduled_for: string;
  /** Not sent any more from then on */
  expires_at: string;
  attempts: number;
  provider: "resend" | "smtp" | null;
  provider_message_id: string | null;
  /** The latest failure */
  error: {
    code: string;
    message: string;
  } | null;
  opens: number;
  clicks: number;
  /** The receiver's server took it; null = nobody told */
  delivered_at: string | null;
  /** First; null = never, or unseen */
  opened_at: string | null;
  /** First; null = never, or unseen */
  clicked_at: string | null;
  /** The mail of which this is another try */
  resent_from: string | null;
  created_at: string;
  sent_at: string | null;
  /** Null = it is still to be sent */
  ended_at: string | null;
}

export interface Mail {
  id: string;
  organization_id: string;
  template: string;
  category: "transactional" | "alerts" | "digests" | "product";
  /** What it is about: there is one mail for each template and key */
  key: string;
  to_address: string;
  /** Null = not written yet */
  subject: string | null;
  /** sent = a provider took it; what comes of it then is told by the provider */
  status:
    | "queued"
    | "sending"
    | "sent"
    | "delivered"
    | "bounced"
    | "complained"
    | "failed"
    | "suppressed"
    | "cancelled"
    | "expired";
  /** 10 first, 200 last */
  priority: number;
  /** Not sent before */
  scheduled_for: string;
  /** Not sent any more from then on */
  expires_at: string;
  attempts: number;
  provider: "resend" | "smtp" | null;
  provider_message_id: string | null;
  /** The latest failure */
  error: {
    code: string;
    message: string;
  } | null;
  opens: number;
  clicks: number;
  /** The receiver's server took it; null = nobody told */
  delivered_at: string | null;
  /** First; null = never, or unseen */
  opened_at: string | null;
  /** First; null = never, or unseen */
  clicked_at: string | null;
  /** The mail of which this is another try */
  resent_from: string | null;
  created_at: string;
  sent_at: string | null;
  /** Null = it is still to be sent */
  ended_at: string | null;
}

/** Complete unless `fields` asked for less */
export interface PartialMailTemplate {
  name: string;
  description: string;
  category: "transactional" | "alerts" | "digests" | "product";
  /** Of the example */
  subject: string;
  /** JSON Schema of its data */
  schema: Record<string, unknown>;
  /** Data that fits */
  example: Record<string, unknown>;
}

export interface MailTestReply {
  /** Your own address */
  to: string;
  status: "queued";
}

export interface MailTest {
  /** The example when absent */
  data?: Record<string, unknown>;
}

/** How an organization wants its mails */
export interface MailSettings {
  organization_id: string;
  /** week = on Mondays; day = after each day with runs; off = never */
  digest: "off" | "week" | "day";
  time_zone: string;
  /** Worn by mails about the organization, not by those about accounts and payments */
  brand: {
    name: string | null;
    logo_url: string | null;
    color: string | null;
    reply_to: string | null;
  };
  /** Raised by every change; the ETag */
  version: number;
  /** Null = nothing was ever set */
  updated_at: string | null;
}

export interface MailSettingsChanges {
  /** week = on Mondays; day = after each day with runs; off = never */
  digest?: "off" | "week" | "day";
  /** IANA: in which digests come in the morning, and dates are written */
  time_zone?: string;
  /** What is not named stays; null = as the platform has it */
  brand?: {
    name?: string | null;
    /** Shown 40 pixels high */
    logo_url?: string | null;
    /** Of buttons and links; the text on it is black or white, whichever is read better */
    color?: string | null;
    /** Where answers go */
    reply_to?: string | null;
  };
}

/** What became of an event */
export interface MailEventReceipt {
  /** applied = the mail knows; pending = its mail is not known yet; failed = kept, and tried again; duplicate = it came before; ignored = it tells nothing of a mail that was sent */
  status: "applied" | "pending" | "failed" | "duplicate" | "ignored";
}

/** Complete unless `fields` asked for less */
export interface PartialMailEvent {
  id: string;
  type: "sent" | "delivered" | "delayed" | "bounced" | "complained" | "opened" | "clicked" | "failed" | "suppressed";
  /** Why, of what did not arrive, in the provider's words; bounces of the type Permanent are hard */
  detail: {
    type: string | null;
    subtype: string | null;
    message: string;
  } | null;
  occurred_at: string;
  received_at: string;
}

export interface MailStats {
  from: string;
  to: string;
  totals: {
    /** Asked for */
    mails: number;
    /** A provider took them */
    sent: number;
    /** The receiver's server took them, as the provider says */
    delivered: number;
    bounced: number;
    /** Called spam */
    complained: number;
    /** Mails that were opened, however often */
    opened: number;
    /** Mails of which a link was followed */
    clicked: number;
    /** Mails whose link ended a subscription that has not been taken up again */
    unsubscribed: number;
    /** Not sent: the receiver is on the list, ours or the provider's */
    suppressed: number;
    /** Not sent, too late, or nobody knows */
    failed: number;
    /** Delivered, of what is known to be delivered or bounced */
    delivery_rate: number | null;
    /** Bounced, of the same */
    bounce_rate: number | null;
    /** Complained, of delivered. Gmail and Yahoo want less than 0.001 */
    complaint_rate: number | null;
    /** Opened, of delivered */
    open_rate: number | null;
    /** Clicked, of delivered */
    click_rate: number | null;
    /** Unsubscribed, of sent */
    unsubscribe_rate: number | null;
  };
  templates: ({
    template: string;
    /** Asked for */
    mails: number;
    /** A provider took them */
    sent: number;
    /** The receiver's server took them, as the provider says */
    delivered: number;
    bounced: number;
    /** Called spam */
    complained: number;
    /** Mails that were opened, however often */
    opened: number;
    /** Mails of which a link was followed */
    clicked: number;
    /** Mails whose link ended a subscription that has not been taken up again */
    unsubscribed: number;
    /** Not sent: the receiver is on the list, ours or the provider's */
    suppressed: number;
    /** Not sent, too late, or nobody knows */
    failed: number;
    /** Delivered, of what is known to be delivered or bounced */
    delivery_rate: number | null;
    /** Bounced, of the same */
    bounce_rate: number | null;
    /** Complained, of delivered. Gmail and Yahoo want less than 0.001 */
    complaint_rate: number | null;
    /** Opened, of delivered */
    open_rate: number | null;
    /** Clicked, of delivered */
    click_rate: number | null;
    /** Unsubscribed, of sent */
    unsubscribe_rate: number | null;
  })[];
  /** Days with mails, by when they were asked for */
  days: ({
    day: string;
    /** Asked for */
    mails: number;
    /** A provider took them */
    sent: number;
    /** The receiver's server took them, as the provider says */
    delivered: number;
    bounced: number;
    /** Called spam */
    complained: number;
    /** Mails that were opened, however often */
    opened: number;
    /** Mails of which a link was followed */
    clicked: number;
    /** Mails whose link ended a subscription that has not been taken up again */
    unsubscribed: number;
    /** Not sent: the receiver is on the list, ours or the provider's */
    suppressed: number;
    /** Not sent, too late, or nobody knows */
    failed: number;
    /** Delivered, of what is known to be delivered or bounced */
    delivery_rate: number | null;
    /** Bounced, of the same */
    bounce_rate: number | null;
    /** Complained, of delivered. Gmail and Yahoo want less than 0.001 */
    complaint_rate: number | null;
    /** Opened, of delivered */
    open_rate: number | null;
    /** Clicked, of delivered */
    click_rate: number | null;
    /** Unsubscribed, of sent */
    unsubscribe_rate: number | null;
  })[];
}

/** Complete unless `fields` asked for less */
export interface PartialMailSuppression {
  id: string;
  organization_id: string;
  address: string;
  /** optional = all that can be switched off */
  scope: "everything" | "optional" | "alerts" | "digests" | "product";
  reason: "bounced" | "complained" | "manual" | "unsubscribed";
  /** What the provider said, or somebody noted */
  note: string | null;
  /** The mail that it came of */
  mail_id: string | null;
  /** Null = the receiver or the provider */
  created_by: string | null;
  /** Of bounced: when it bounced last */
  created_at: string;
}

export interface MailSuppression {
  id: string;
  organization_id: string;
  address: string;
  /** optional = all that can be switched off */
  scope: "everything" | "optional" | "alerts" | "digests" | "product";
  reason: "bounced" | "complained" | "manual" | "unsubscribed";
  /** What the provider said, or somebody noted */
  note: string | null;
  /** The mail that it came of */
  mail_id: string | null;
  /** Null = the receiver or the provider */
  created_by: string | null;
  /** Of bounced: when it bounced last */
  created_at: string;
}

export interface NewMailSuppression {
  address: string;
  note?: string;
}

/** Which of the mails that can be switched off somebody wants */
export interface MailPreferences {
  /** Something failed or needs somebody */
  alerts: boolean;
  /** What the flows did in a day or a week */
  digests: boolean;
  /** News */
  product: boolean;
}

/** What is left out stays as it is */
export interface MailPreferenceChanges {
  /** Something failed or needs somebody */
  alerts?: boolean;
  /** What the flows did in a day or a week */
  digests?: boolean;
  /** News */
  product?: boolean;
}

/** What the receiver of a mail has chosen */
export interface MailReceiver {
  /** Whose mails; null = the platform's own */
  organization: string | null;
  /** The receiver, masked */
  address: string;
  /** Of the mail with the link */
  category: "transactional" | "alerts" | "digests" | "product";
  preferences: MailPreferences;
}

/** A job, as lists show it. Complete unless `fields` asked for less */
export interface PartialJobSummary {
  id: string;
  /** Zeros = the platform itself */
  organization_id: string;
  type: string;
  status: JobStatus;
  /** Lower first */
  priority: number;
  /** How often it was begun, the present time included */
  attempts: number;
  max_attempts: number;
  /** When its next or last attempt is due */
  scheduled_for: string | null;
  /** When its present or last attempt began */
  started_at: string | null;
  /** When it ended, however */
  completed_at: string | null;
  error_message: string | null;
  created_at: string;
  /** What its handler last said */
  progress: unknown;
  cancel_requested_at: string | null;
  error: {
    code: string;
    message?: string;
    details?: Json;
  } | null;
  unique_key: string | null;
  concurrency_key: string | null;
  expires_at: string | null;
  worker_id: string | null;
  /** For the step of a run */
  run_id: string | null;
  /** The dead letter that it repeats */
  replay_of: string | null;
  /** The job that repeats it */
  replayed_as: string | null;
}

/** queued = due; delayed = for later; blocked = as many as its concurrency key allows are at work; running; completed; dead = given up, a dead letter; cancelled; expired = it had not begun in time. waiting and paused are states of the steps of runs */
export type JobStatus =
  | "queued"
  | "delayed"
  | "blocked"
  | "waiting"
  | "paused"
  | "running"
  | "completed"
  | "dead"
  | "cancelled"
  | "expired";

/** What became of jobs that were to be enqueued */
export interface EnqueuedJobs {
  /** In the order of the request; kept and rejected name the job that is there */
  jobs: ({
    id: string | null;
    status: "enqueued" | "replaced" | "kept" | "rejected";
  })[];
}

export interface NewJobs {
  jobs: ({
    type: string;
    /** Its arguments, as its type wants them */
    payload?: unknown;
    /** None = the platform's own */
    organization_id?: string;
    /** Lower first; 100 when it is not said */
    priority?: number;
    delay_seconds?: number;
    scheduled_for?: string;
    /** 8 when it is not said */
    max_attempts?: number;
    /** No two of an organization and type with the same wait to begin */
    unique_key?: string;
    /** What becomes of one whose unique key is there */
    on_conflict?: "keep" | "replace" | "reject";
    concurrency_key?: string;
    /** How many with the same concurrency key may be at work at once; 1 when it is not said */
    concurrency_limit?: number;
    expires_in_seconds?: number;
    expires_at?: string;
  })[];
}

/** The numbers of the queue */
export interface QueueStats {
  /** Null = over all */
  organization_id: string | null;
  at: string;
  /** How far back throughput, types and series go */
  minutes: number;
  jobs: {
    queued: number;
    delayed: number;
    running: number;
    oldest_due_at: string | null;
    /** How late the oldest one that is due is; null = none is due */
    oldest_due_seconds: number | null;
    blocked: number;
    dead_letters: number;
  };
  /** Of runs */
  steps: {
    queued: number;
    delayed: number;
    running: number;
    oldest_due_at: string | null;
    /** How late the oldest one that is due is; null = none is due */
    oldest_due_seconds: number | null;
    waiting: number;
    paused: number;
  };
  /** Of jobs; percentiles are of the newest thousand that were kept */
  throughput: {
    completed: number;
    /** Attempts after which another one follows */
    retried: number;
    dead: number;
    /** The share of attempts that failed; null = there were none */
    failure_rate: number | null;
    avg_busy_ms: number | null;
    /** From being due to being begun */
    avg_wait_ms: number | null;
    wait_p50_ms: number | null;
    wait_p95_ms: number | null;
  };
  types: ({
    type: string;
    queued: number;
    delayed: number;
    running: number;
    oldest_due_at: string | null;
    /** How late the oldest one that is due is; null = none is due */
    oldest_due_seconds: number | null;
    blocked: number;
    dead_letters: number;
    completed: number;
    /** Attempts after which another one follows */
    retried: number;
    dead: number;
    /** The share of attempts that failed; null = there were none */
    failure_rate: number | null;
    avg_busy_ms: number | null;
    /** From being due to being begun */
    avg_wait_ms: number | null;
  })[];
  series: ({
    minute: string;
    completed: number;
    retried: number;
    dead: number;
  })[];
  /** Only for operators, like what follows */
  workers?: {
    alive: number;
    lost: number;
    steps: number;
    jobs: number;
  };
  /** How many have which problem, see engine.stuck */
  stuck?: Record<string, number>;
  organizations?: {
    deepest: ({
      organization_id: string;
      name: string | null;
      plan_id: string | null;
      weight: number;
      max_running: number | null;
      queued: number;
      delayed: number;
      blocked: number;
      waiting: number;
      running: number;
      dead_letters: number;
      oldest_due_at: string | null;
      /** How late the oldest one that is due is; null = none is due */
      oldest_due_seconds: number | null;
    })[];
    oldest: ({
      organization_id: string;
      name: string | null;
      plan_id: string | null;
      weight: number;
      max_running: number | null;
      queued: number;
      delayed: number;
      blocked: number;
      waiting: number;
      running: number;
      dead_letters: number;
      oldest_due_at: string | null;
      /** How late the oldest one that is due is; null = none is due */
      oldest_due_seconds: number | null;
    })[];
  };
}

/** What became of dead letters */
export interface DeadLetterReplayResult {
  replayed: number;
  /** Another job with the same unique key waits to begin: they stay */
  refused: number;
  /** How many the filter still finds */
  left: number;
  dry_run: boolean;
}

export interface DeadLetterReplay {
  /** Empty = all of them */
  filter?: {
    type?: (string)[];
    /** The code of its error */
    code?: string;
    /** Enqueued at this moment or later */
    created_after?: string;
    /** Enqueued before this moment */
    created_before?: string;
  };
  /** How many at most */
  limit?: number;
  /** Only say how many there are */
  dry_run?: boolean;
}

/** What became of dead letters */
export interface DeadLetterDiscardResult {
  discarded: number;
  /** How many the filter still finds */
  left: number;
  dry_run: boolean;
}

export interface DeadLetterDiscard {
  /** Empty = all of them */
  filter: {
    type?: (string)[];
    /** The code of its error */
    code?: string;
    /** Enqueued at this moment or later */
    created_after?: string;
    /** Enqueued before this moment */
    created_before?: string;
  };
  /** How many at most */
  limit?: number;
  /** Only say how many there are */
  dry_run?: boolean;
}

/** What the platform does by the clock for itself. Complete unless `fields` asked for less */
export interface PartialSystemTask {
  name: string;
  description: string;
  /** sql = a function of the database; job = a job for a worker */
  kind: "sql" | "job";
  /** The function, or the type of the job */
  handler: string;
  /** When it is due, in GMT */
  cron: string;
  /** When it is due unless an operator says otherwise */
  default_cron: string;
  /** Tasks that must have completed since it last ran */
  depends_on: (string)[];
  is_enabled: boolean;
  /** pg_cron has a job for it. False = engine.configure was not called */
  is_scheduled: boolean;
  /** When it is due next; null = not by the clock */
  next_run_at: string | null;
  timeout_seconds: number;
  /** Failures in a row that raise an alert */
  alert_after: number;
  /** waiting = for tasks that it depends on; queued = for its turn, or for a worker */
  state: "idle" | "disabled" | "queued" | "waiting" | "running";
  /** What it waits for */
  reason: string | null;
  last_run: TaskRun;
  last_completed_at: string | null;
  /** Failures since it last completed */
  failures: number;
  /** The alert that is raised; null = none is */
  alert: {
    opened_at: string;
    failures: number;
    error: {
      code?: string;
      message?: string;
    };
  } | null;
}

/** A run of a system task */
export type TaskRun = {
  id: string;
  name: string;
  status: "queued" | "running" | "completed" | "failed" | "skipped";
  /** cron = it was due; manual = a person; dependency = the last task that it waited for has completed; continued = the run before had more to do */
  trigger: "cron" | "manual" | "dependency" | "continued";
  /** Why it was skipped (`overlap`, `disabled`, `not_installed`, `job_cancelled`, or what the task said), or what it waits for */
  reason: string | null;
  /** 1 = the first since the task last completed */
  attempt: number;
  /** The job that does the work; null = none is needed, or none yet */
  job_id: string | null;
  /** What it did */
  result?: unknown;
  /** `task_timeout`, `job_lost`, or what went wrong */
  error: {
    code?: string;
    message?: string;
  } | null;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
} | null;

/** What the platform does by the clock for itself */
export interface SystemTask {
  name: string;
  description: string;
  /** sql = a function of the database; job = a job for a worker */
  kind: "sql" | "job";
  /** The function, or the type of the job */
  handler: string;
  /** When it is due, in GMT */
  cron: string;
  /** When it is due unless an operator says otherwise */
  default_cron: string;
  /** Tasks that must have completed since it last ran */
  depends_on: (string)[];
  is_enabled: boolean;
  /** pg_cron has a job for it. False = engine.configure was not called */
  is_scheduled: boolean;
  /** When it is due next; null = not by the clock */
  next_run_at: string | null;
  timeout_seconds: number;
  /** Failures in a row that raise an alert */
  alert_after: number;
  /** waiting = for tasks that it depends on; queued = for its turn, or for a worker */
  state: "idle" | "disabled" | "queued" | "waiting" | "running";
  /** What it waits for */
  reason: string | null;
  last_run: TaskRun;
  last_completed_at: string | null;
  /** Failures since it last completed */
  failures: number;
  /** The alert that is raised; null = none is */
  alert: {
    opened_at: string;
    failures: number;
    error: {
      code?: string;
      message?: string;
    };
  } | null;
}

export interface SystemTaskChanges {
  /** False = it runs only by hand */
  is_enabled?: boolean;
  /** Five fields, in GMT: minute, hour, day of month, month, day of week; null = as it came */
  cron?: string | null;
}

/** A run of a system task. Complete unless `fields` asked for less */
export interface PartialTaskRun {
  id: string;
  name: string;
  status: "queued" | "running" | "completed" | "failed" | "skipped";
  /** cron = it was due; manual = a person; dependency = the last task that it waited for has completed; continued = the run before had more to do */
  trigger: "cron" | "manual" | "dependency" | "continued";
  /** Why it was skipped (`overlap`, `disabled`, `not_installed`, `job_cancelled`, or what the task said), or what it waits for */
  reason: string | null;
  /** 1 = the first since the task last completed */
  attempt: number;
  /** The job that does the work; null = none is needed, or none yet */
  job_id: string | null;
  /** What it did */
  result: unknown;
  /** `task_timeout`, `job_lost`, or what went wrong */
  error: {
    code?: string;
    message?: string;
  } | null;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
}

/** Background work that is no step of a run, wherever it is in its life */
export interface Job {
  id: string;
  /** Zeros = the platform itself */
  organization_id: string;
  type: string;
  status: JobStatus;
  /** Lower first */
  priority: number;
  /** How often it was begun, the present time included */
  attempts: number;
  max_attempts: number;
  /** When its next or last attempt is due */
  scheduled_for: string | null;
  /** When its present or last attempt began */
  started_at: string | null;
  /** When it ended, however */
  completed_at: string | null;
  error_message: string | null;
  created_at: string;
  /** What its handler last said */
  progress?: unknown;
  cancel_requested_at: string | null;
  error: {
    code: string;
    message?: string;
    details?: Json;
  } | null;
  unique_key: string | null;
  concurrency_key: string | null;
  expires_at: string | null;
  worker_id: string | null;
  /** For the step of a run */
  run_id: string | null;
  /** The dead letter that it repeats */
  replay_of: string | null;
  /** The job that repeats it */
  replayed_as: string | null;
  /** Its arguments */
  payload?: unknown;
  /** What it gave */
  result?: unknown;
}

/** A key of the organization for programs. Complete unless `fields` asked for less */
export interface PartialApiKey {
  id: string;
  organization_id: string;
  name: string;
  /** Which of its own systems the holder uses the key in. Both reach the same data */
  mode: "live" | "test";
  /** How the key begins */
  prefix: string;
  /** How it ends */
  last_four: string;
  /** `rotated` = another one took its place and this one goes on until `expires_at` */
  status: "active" | "rotated" | "expired" | "revoked";
  scopes: (string)[];
  ip_allow: (string)[];
  requests_per_minute: number | null;
  request_burst: number | null;
  expires_at: string | null;
  revoked_at: string | null;
  /** The key that this one took the place of */
  rotated_from: string | null;
  rotated_at: string | null;
  /** The last request, to within a minute */
  last_used_at: string | null;
  created_by: string | null;
  /** Raised by every change; the ETag. Use is no change */
  version: number;
  created_at: string;
  updated_at: string;
}

/** A key that was just made, with its text */
export interface ShownApiKey {
  id: string;
  organization_id: string;
  name: string;
  /** Which of its own systems the holder uses the key in. Both reach the same data */
  mode: "live" | "test";
  /** How the key begins */
  prefix: string;
  /** How it ends */
  last_four: string;
  /** `rotated` = another one took its place and this one goes on until `expires_at` */
  status: "active" | "rotated" | "expired" | "revoked";
  scopes: (string)[];
  ip_allow: (string)[];
  requests_per_minute: number | null;
  request_burst: number | null;
  expires_at: string | null;
  revoked_at: string | null;
  /** The key that this one took the place of */
  rotated_from: string | null;
  rotated_at: string | null;
  /** The last request, to within a minute */
  last_used_at: string | null;
  created_by: string | null;
  /** Raised by every change; the ETag. Use is no change */
  version: number;
  created_at: string;
  updated_at: string;
  /** The key itself: kept nowhere, so shown in this answer only, and in that of the same request with the same Idempotency-Key. Null there if the project's secret key has changed in between: rotate the key then */
  key: string | null;
}

export interface NewApiKey {
  name: string;
  /** Which of its own systems the holder uses the key in. Both reach the same data */
  mode?: "live" | "test";
  /** What the key may do: permissions, of those that you hold yourself */
  scopes: (
    | "org:read"
    | "org:write"
    | "members:read"
    | "workspaces:write"
    | "flows:read"
    | "flows:write"
    | "runs:read"
    | "runs:execute"
    | "webhooks:read"
    | "webhooks:write"
    | "keys:read"
    | "mail:read"
    | "secrets:read"
    | "secrets:write"
    | "audit:read"
    | "billing:read"
  )[];
  /** Addresses and networks that the key may be used from; empty = any */
  ip_allow?: (string)[];
  /** Requests a minute and route class; null = what the plan allows, which is never exceeded */
  requests_per_minute?: number | null;
  /** How many of those may come at once; null = what the plan allows */
  request_burst?: number | null;
  /** From when it opens nothing; null = never */
  expires_at?: string | null;
}

/** A key of the organization for programs */
export interface ApiKey {
  id: string;
  organization_id: string;
  name: string;
  /** Which of its own systems the holder uses the key in. Both reach the same data */
  mode: "live" | "test";
  /** How the key begins */
  prefix: string;
  /** How it ends */
  last_four: string;
  /** `rotated` = another one took its place and this one goes on until `expires_at` */
  status: "active" | "rotated" | "expired" | "revoked";
  scopes: (string)[];
  ip_allow: (string)[];
  requests_per_minute: number | null;
  request_burst: number | null;
  expires_at: string | null;
  revoked_at: string | null;
  /** The key that this one took the place of */
  rotated_from: string | null;
  rotated_at: string | null;
  /** The last request, to within a minute */
  last_used_at: string | null;
  created_by: string | null;
  /** Raised by every change; the ETag. Use is no change */
  version: number;
  created_at: string;
  updated_at: string;
}

export interface ApiKeyChanges {
  name?: string;
  /** What the key may do: permissions, of those that you hold yourself */
  scopes?: (
    | "org:read"
    | "org:write"
    | "members:read"
    | "workspaces:write"
    | "flows:read"
    | "flows:write"
    | "runs:read"
    | "runs:execute"
    | "webhooks:read"
    | "webhooks:write"
    | "keys:read"
    | "mail:read"
    | "secrets:read"
    | "secrets:write"
    | "audit:read"
    | "billing:read"
  )[];
  /** Addresses and networks that the key may be used from; empty = any */
  ip_allow?: (string)[];
  /** Requests a minute and route class; null = what the plan allows, which is never exceeded */
  requests_per_minute?: number | null;
  /** How many of those may come at once; null = what the plan allows */
  request_burst?: number | null;
  /** From when it opens nothing; null = never */
  expires_at?: string | null;
}

export interface ApiKeyRotation {
  /** How long the old key goes on, seconds; 0 = it ends now */
  overlap_seconds?: number;
  /** The end of the new key; when absent none, or as far away as the old one's was when it was made */
  expires_at?: string;
}

export interface Billing {
  plan: "free" | "pro" | "team" | "enterprise";
  /** What the plan allows; null = without limit */
  entitlements: Record<string, number | null>;
  seats: {
    /** Members and open invitations */
    used: number;
    limit: number | null;
    /** Of them, paid for one by one */
    billed: number;
  };
  /** null = none under way */
  subscription: {
    /** Its id at Stripe */
    id: string;
    status: "incomplete" | "incomplete_expired" | "trialing" | "active" | "past_due" | "unpaid" | "paused" | "canceled";
    /** null = a price that is none of ours */
    plan: "free" | "pro" | "team" | "enterprise" | null;
    interval: "month" | "year" | null;
    /** ISO 4217 in lower case */
    currency: string;
    /** Members that are paid for beyond those that the plan includes */
    seats: number;
    current_period_start: string | null;
    current_period_end: string | null;
    /** null = it had no trial */
    trial_end: string | null;
    /** When it ends; null = it goes on */
    cancel_at: string | null;
    cancel_at_period_end: boolean;
    /** The plan that begins with the next period; null = this one */
    scheduled_plan: "free" | "pro" | "team" | "enterprise" | null;
    /** null = nothing is overdue */
    past_due_since: string | null;
    /** When the plan falls back to free if nothing is paid */
    grace_ends_at: string | null;
    has_payment_method: boolean;
  } | null;
  /** null = nothing was bought yet */
  customer: {
    /** Where receipts go; null = to the owners */
    email: string | null;
    /** In the smallest unit; below zero = credit, which the next invoice uses up */
    balance: number;
    /** ISO 4217 in lower case */
    currency: string | null;
    /** True = the latest charge failed */
    delinquent: boolean;
  } | null;
  /** null = there will be none, or Stripe does not say */
  next_invoice: {
    due: Money;
    at: string;
  } | null;
  /** True = Stripe did not answer in time */
  next_invoice_unavailable: boolean;
  /** Days for which a paid plan may be tried now; 0 = no trial */
  trial_days: number;
}

export interface Money {
  /** In the currency's smallest unit */
  amount: number;
  /** ISO 4217 in lower case */
  currency: string;
}

export interface PricedPlans {
  plans: (PricedPlan)[];
  trial_days: number;
}

export interface PricedPlan {
  plan: "free" | "pro" | "team" | "enterprise";
  name: string;
  limits: Record<string, number | null>;
  /** Empty = free, or not sold by itself */
  prices: ({
    interval: "month" | "year";
    /** Of a period; null = in tiers */
    price: {
      /** In the currency's smallest unit */
      amount: number;
      /** ISO 4217 in lower case */
      currency: string;
    } | null;
    /** Of each further member; null = costs nothing */
    seat: {
      /** In the currency's smallest unit */
      amount: number;
      /** ISO 4217 in lower case */
      currency: string;
    } | null;
  })[];
}

export interface CheckoutPage {
  id: string;
  /** Send the browser there */
  url: string;
  expires_at: string;
  /** Days of the trial; 0 = none */
  trial_days: number;
}

export interface CheckoutOrder {
  plan: "pro" | "team" | "enterprise";
  interval: "month" | "year";
  /** false = pay at once, though a trial were to be had */
  trial?: boolean;
  /** Where to after paying; `/billing` of the frontend when absent */
  success_url?: string;
  /** Where to without; `/billing` of the frontend when absent */
  cancel_url?: string;
}

export interface PortalPage {
  url: string;
}

export interface PlanChangePreview {
  effective: "now" | "period_end";
  /** From when it is in force */
  effective_at: string;
  /** To be paid at once, with taxes and credit */
  due_now: {
    /** In the currency's smallest unit */
    amount: number;
    /** ISO 4217 in lower case */
    currency: string;
  };
  /** Give it to the change, and this is what is billed; null = nothing depends on the moment */
  proration_date: number | null;
  /** What a period costs then, without taxes, discounts and usage; null = in tiers */
  period_price: {
    /** In the currency's smallest unit */
    amount: number;
    /** ISO 4217 in lower case */
    currency: string;
  } | null;
  lines: ({
    description: string;
    /** In the currency's smallest unit */
    amount: number;
    proration: boolean;
  })[];
}

export interface PlanChoice {
  plan: "pro" | "team" | "enterprise";
  interval: "month" | "year";
}

export interface PlanChanged {
  /** payment = it waits until the invoice at `payment_url` is paid, and lapses at `effective_at` */
  effective: "now" | "period_end" | "payment";
  effective_at: string;
  payment_url: string | null;
  subscription: Subscription;
}

export type Subscription = {
  /** Its id at Stripe */
  id: string;
  status: "incomplete" | "incomplete_expired" | "trialing" | "active" | "past_due" | "unpaid" | "paused" | "canceled";
  /** null = a price that is none of ours */
  plan: "free" | "pro" | "team" | "enterprise" | null;
  interval: "month" | "year" | null;
  /** ISO 4217 in lower case */
  currency: string;
  /** Members that are paid for beyond those that the plan includes */
  seats: number;
  current_period_start: string | null;
  current_period_end: string | null;
  /** null = it had no trial */
  trial_end: string | null;
  /** When it ends; null = it goes on */
  cancel_at: string | null;
  cancel_at_period_end: boolean;
  /** The plan that begins with the next period; null = this one */
  scheduled_plan: "free" | "pro" | "team" | "enterprise" | null;
  /** null = nothing is overdue */
  past_due_since: string | null;
  /** When the plan falls back to free if nothing is paid */
  grace_ends_at: string | null;
  has_payment_method: boolean;
} | null;

export interface PlanChange {
  plan: "pro" | "team" | "enterprise";
  interval: "month" | "year";
  /** From the preview, so that what it showed is billed; the moment of the change when absent */
  proration_date?: number;
}

export interface SubscriptionNow {
  subscription: Subscription;
}

export interface Cancellation {
  feedback?:
    | "customer_service"
    | "low_quality"
    | "missing_features"
    | "other"
    | "switched_service"
    | "too_complex"
    | "too_expensive"
    | "unused";
  comment?: string;
}

export interface TaxIds {
  tax_ids: (TaxId)[];
}

export interface TaxId {
  id: string;
  /** As Stripe names it */
  type: string;
  value: string;
  country: string | null;
  /** What the tax office said; null = there is none that is asked */
  verification: "pending" | "unavailable" | "unverified" | "verified" | null;
  created_at: string;
}

export interface NewTaxId {
  type: string;
  value: string;
}

/** What an organization used */
export interface Usage {
  from: string;
  to: string;
  timezone: "UTC";
  /** What models cost is told in US dollars, as their prices are */
  currency: "USD";
  group_by: "day" | "flow" | "node" | "model";
  /** When runs and steps were last counted, which is done each hour; calls of models are there at once */
  counted_at: string | null;
  totals: {
    /** Runs that were asked for; dry runs do not count */
    runs: number;
    /** Steps that ran: each attempt */
    steps: number;
    /** Calls of models */
    calls: number;
    /** What models read, in tokens */
    input_tokens: number;
    /** What they wrote, in tokens */
    output_tokens: number;
    /** Images, seconds of sound and characters of speech */
    other_units: number;
    /** What the calls cost by the price list of their time, in millionths of the currency */
    cost_micros: number;
    /** Calls of which something had no price, and counts as nothing */
    unpriced_calls: number;
  };
  /** One for each day, the oldest first; or flow, node or model */
  groups: ({
    day?: string;
    flow_id?: string;
    /** Null = the flow is gone */
    flow_name?: string | null;
    node_id?: string;
    model?: string;
    /** Runs that were asked for; dry runs do not count */
    runs: number;
    /** Steps that ran: each attempt */
    steps: number;
    /** Calls of models */
    calls: number;
    /** What models read, in tokens */
    input_tokens: number;
    /** What they wrote, in tokens */
    output_tokens: number;
    /** Images, seconds of sound and characters of speech */
    other_units: number;
    /** What the calls cost by the price list of their time, in millionths of the currency */
    cost_micros: number;
    /** Calls of which something had no price, and counts as nothing */
    unpriced_calls: number;
  })[];
  /** How many more flows, nodes or models there are */
  left_out: number;
}

/** How much may be used of something in a day or month */
export interface Budget {
  id: string;
  organization_id: string;
  flow_id: string | null;
  name: string;
  /** `cost` and `ai_tokens` of calls of models; `runs`; `steps` */
  meter: "cost" | "ai_tokens" | "runs" | "steps";
  /** It begins anew each day or month, at midnight UTC */
  period: "day" | "month";
  /** How much may be used in a period. Of `cost` in millionths of a US dollar: 50 dollars are 50000000 */
  amount: number;
  /** `stop` = a call of a model that does not fit any more fails before it is made. `warn` = people are told, and nothing is stopped. Runs and steps are counted afterwards: they can only warn */
  on_limit: "stop" | "warn";
  is_enabled: boolean;
  created_by: string | null;
  /** Raised by every change; the ETag. Use is no change */
  version: number;
  created_at: string;
  updated_at: string;
  flow_name: string | null;
  /** Of `cost`; null = it counts no money */
  currency: "USD";
  /** In this period */
  used: number;
  /** For calls that are under way, as their nodes have estimated it */
  reserved: number;
  /** Begin of this period */
  starts_at: string;
  /** Begin of the next one */
  resets_at: string;
}

export interface NewBudget {
  name: string;
  /** Only what this flow uses; absent = all flows together */
  flow_id?: string;
  /** `cost` and `ai_tokens` of calls of models; `runs`; `steps` */
  meter: "cost" | "ai_tokens" | "runs" | "steps";
  /** It begins anew each day or month, at midnight UTC */
  period?: "day" | "month";
  /** How much may be used in a period. Of `cost` in millionths of a US dollar: 50 dollars are 50000000 */
  amount: number;
  /** `stop` when absent, for runs and steps `warn` */
  on_limit?: "stop" | "warn";
  is_enabled?: boolean;
}

export interface BudgetChanges {
  name?: string;
  /** How much may be used in a period. Of `cost` in millionths of a US dollar: 50 dollars are 50000000 */
  amount?: number;
  /** `stop` = a call of a model that does not fit any more fails before it is made. `warn` = people are told, and nothing is stopped. Runs and steps are counted afterwards: they can only warn */
  on_limit?: "stop" | "warn";
  is_enabled?: boolean;
}

/** Complete unless `fields` asked for less */
export interface PartialInvoice {
  stripe_invoice_id: string;
  stripe_subscription_id: string | null;
  /** Null = a draft */
  number: string | null;
  /** open = to be paid; uncollectible = given up; void = taken back */
  status: "draft" | "open" | "paid" | "uncollectible" | "void";
  billing_reason: string | null;
  collection_method: string;
  /** ISO 4217, lower case */
  currency: string;
  /** In the currency's smallest unit */
  subtotal: number;
  /** In the currency's smallest unit */
  tax: number;
  /** In the currency's smallest unit */
  total: number;
  /** In the currency's smallest unit */
  amount_due: number;
  /** In the currency's smallest unit */
  amount_paid: number;
  /** In the currency's smallest unit */
  amount_refunded: number;
  /** How often Stripe tried to collect it */
  attempt_count: number;
  /** Null = it is not tried again */
  next_payment_attempt: string | null;
  period_start: string | null;
  period_end: string | null;
  /** Where it is shown and can be paid */
  hosted_invoice_url: string | null;
  invoice_pdf: string | null;
  payment_method: string | null;
  /** What the bank said to the latest attempt that failed */
  failure_reason: string | null;
  /** Null = nobody disputes its payment */
  dispute_status: string | null;
  /** The first 100 */
  lines: ({
    description: string;
    quantity: number | null;
    /** In the currency's smallest unit */
    amount: number;
    period_start: string | null;
    period_end: string | null;
  })[];
  created_at: string;
  finalized_at: string | null;
  due_at: string | null;
  paid_at: string | null;
  /** When Stripe was last asked */
  synced_at: string;
}

export interface Invoice {
  stripe_invoice_id: string;
  stripe_subscription_id: string | null;
  /** Null = a draft */
  number: string | null;
  /** open = to be paid; uncollectible = given up; void = taken back */
  status: "draft" | "open" | "paid" | "uncollectible" | "void";
  billing_reason: string | null;
  collection_method: string;
  /** ISO 4217, lower case */
  currency: string;
  /** In the currency's smallest unit */
  subtotal: number;
  /** In the currency's smallest unit */
  tax: number;
  /** In the currency's smallest unit */
  total: number;
  /** In the currency's smallest unit */
  amount_due: number;
  /** In the currency's smallest unit */
  amount_paid: number;
  /** In the currency's smallest unit */
  amount_refunded: number;
  /** How often Stripe tried to collect it */
  attempt_count: number;
  /** Null = it is not tried again */
  next_payment_attempt: string | null;
  period_start: string | null;
  period_end: string | null;
  /** Where it is shown and can be paid */
  hosted_invoice_url: string | null;
  invoice_pdf: string | null;
  payment_method: string | null;
  /** What the bank said to the latest attempt that failed */
  failure_reason: string | null;
  /** Null = nobody disputes its payment */
  dispute_status: string | null;
  /** The first 100 */
  lines: ({
    description: string;
    quantity: number | null;
    /** In the currency's smallest unit */
    amount: number;
    period_start: string | null;
    period_end: string | null;
  })[];
  created_at: string;
  finalized_at: string | null;
  due_at: string | null;
  paid_at: string | null;
  /** When Stripe was last asked */
  synced_at: string;
}

export interface InvoiceRefund {
  /** In the currency's smallest unit; all that is left when absent */
  amount?: number;
  reason?: "duplicate" | "fraudulent" | "requested_by_customer";
}

/** What became of an event of Stripe */
export interface StripeReceipt {
  /** received = kept, and worked off by a job; duplicate = it came before; ignored = nothing depends on it */
  status: "received" | "duplicate" | "ignored";
}

export interface Me {
  profile: Profile;
  /** The one that this request acted in: `X-Organization-Id` or your first */
  organization_id: string;
  role: "owner" | "admin" | "developer" | "member" | "viewer" | "guest";
  permissions: (string)[];
  plan: "free" | "pro" | "team" | "enterprise";
  /** What the plan allows; null = without limit */
  limits: Record<string, number | null>;
  second_factor: SecondFactor;
  /** Yours, in the order in which you joined; 100 at most */
  organizations: (Organization)[];
}

export interface Profile {
  /** The id of the user in Auth */
  id: string;
  email: string | null;
  display_name: string | null;
  version: number;
  created_at: string;
  updated_at: string;
}

export interface SecondFactor {
  /** aal2 = this session has shown a second factor */
  aal: "aal1" | "aal2";
  /** Yours that are verified */
  factors: ({
    id: string;
    type: string;
    name: string | null;
  })[];
  /** When the organization demands a second factor of its members */
  policy: "off" | "sensitive" | "always";
  /** True = sensitive operations answer `mfa_required` until it is shown */
  required: boolean;
}

export interface Organization {
  id: string;
  name: string;
  slug: string;
  plan: "free" | "pro" | "team" | "enterprise";
  /** Your role in it; `key` for an API key */
  role: "owner" | "admin" | "developer" | "member" | "viewer" | "guest" | "key";
  /** True = it can be looked at and nothing else */
  suspended: boolean;
  /** Why; null = no reason given, or not suspended */
  suspended_reason: string | null;
  /** Set = it is to be deleted: from then on all its data is removed; until then it can only be read */
  deletes_at: string | null;
  version: number;
  created_at: string;
  updated_at: string;
}

/** A role and what it may do. Complete unless `fields` asked for less */
export interface PartialRoleInfo {
  role: "owner" | "admin" | "developer" | "member" | "viewer" | "guest";
  /** 1 = the mightiest */
  rank: number;
  permissions: (
    | "audit:read"
    | "billing:read"
    | "billing:write"
    | "flows:read"
    | "flows:write"
    | "keys:read"
    | "keys:write"
    | "mail:read"
    | "mail:write"
    | "members:read"
    | "members:write"
    | "org:own"
    | "org:read"
    | "org:write"
    | "runs:execute"
    | "runs:read"
    | "secrets:read"
    | "secrets:write"
    | "webhooks:read"
    | "webhooks:write"
    | "workspaces:write"
  )[];
}

/** Complete unless `fields` asked for less */
export interface PartialOwnInvitation {
  id: string;
  organization: {
    id: string;
    name: string;
  };
  role: "owner" | "admin" | "developer" | "member" | "viewer" | "guest";
  /** The name of who invited, when they have given one */
  invited_by: string | null;
  expires_at: string;
  created_at: string;
}

export interface InvitationChoice {
  /** From the mail */
  token?: string;
  /** Of one to your confirmed address */
  invitation_id?: string;
}

/** Complete unless `fields` asked for less */
export interface PartialOrganization {
  id: string;
  name: string;
  slug: string;
  plan: "free" | "pro" | "team" | "enterprise";
  /** Your role in it; `key` for an API key */
  role: "owner" | "admin" | "developer" | "member" | "viewer" | "guest" | "key";
  /** True = it can be looked at and nothing else */
  suspended: boolean;
  /** Why; null = no reason given, or not suspended */
  suspended_reason: string | null;
  /** Set = it is to be deleted: from then on all its data is removed; until then it can only be read */
  deletes_at: string | null;
  version: number;
  created_at: string;
  updated_at: string;
}

export interface NewOrganization {
  name: string;
  /** Made from the name when absent */
  slug?: string;
}

export interface OrganizationChanges {
  name?: string;
  slug?: string;
}

export interface OperatedOrganization {
  id: string;
  name: string;
  slug: string;
  plan: "free" | "pro" | "team" | "enterprise";
  /** True = it can be looked at and nothing else */
  suspended: boolean;
  /** Why; null = no reason given, or not suspended */
  suspended_reason: string | null;
  /** Set = it is to be deleted: from then on all its data is removed; until then it can only be read */
  deletes_at: string | null;
  version: number;
  created_at: string;
  updated_at: string;
}

export interface OrganizationUsage {
  plan: "free" | "pro" | "team" | "enterprise";
  limits: ({
    name:
      | "members"
      | "workspaces"
      | "flows"
      | "webhook_endpoints"
      | "schedules"
      | "api_keys"
      | "secrets"
      | "webhook_subscriptions";
    /** For `members`, open invitations count too */
    used: number;
    /** null = without limit */
    limit: number | null;
  })[];
}

/** Complete unless `fields` asked for less */
export interface PartialMember {
  user_id: string;
  role: "owner" | "admin" | "developer" | "member" | "viewer" | "guest";
  email: string | null;
  display_name: string | null;
  /** When they joined */
  created_at: string;
  version: number;
}

export interface Member {
  user_id: string;
  role: "owner" | "admin" | "developer" | "member" | "viewer" | "guest";
  email: string | null;
  display_name: string | null;
  /** When they joined */
  created_at: string;
  version: number;
}

/** Complete unless `fields` asked for less */
export interface PartialInvitation {
  id: string;
  organization_id: string;
  email: string;
  /** What who accepts becomes */
  role: "owner" | "admin" | "developer" | "member" | "viewer" | "guest";
  status: "open" | "accepted" | "declined" | "revoked" | "expired";
  expires_at: string;
  /** How often it was sent */
  mails: number;
  mailed_at: string | null;
  /** Who invited; null = the account is gone */
  created_by: string | null;
  accepted_by: string | null;
  /** null = open */
  ended_at: string | null;
  version: number;
  created_at: string;
  updated_at: string;
}

export interface Invitation {
  id: string;
  organization_id: string;
  email: string;
  /** What who accepts becomes */
  role: "owner" | "admin" | "developer" | "member" | "viewer" | "guest";
  status: "open" | "accepted" | "declined" | "revoked" | "expired";
  expires_at: string;
  /** How often it was sent */
  mails: number;
  mailed_at: string | null;
  /** Who invited; null = the account is gone */
  created_by: string | null;
  accepted_by: string | null;
  /** null = open */
  ended_at: string | null;
  version: number;
  created_at: string;
  updated_at: string;
}

export interface NewInvitation {
  email: string;
  role: "owner" | "admin" | "developer" | "member" | "viewer" | "guest";
  /** Days for which it is open */
  expires_in_days?: number;
}

/** Complete unless `fields` asked for less */
export interface PartialWorkspace {
  id: string;
  organization_id: string;
  name: string;
  /** Where a flow goes that names no workspace */
  is_default: boolean;
  version: number;
  created_at: string;
  updated_at: string;
}

/** What may be an attack, or its beginning. Complete unless `fields` asked for less */
export interface PartialSecurityEvent {
  id: string;
  kind:
    | "credential.refused"
    | "permission.denied"
    | "id.probed"
    | "mfa.required"
    | "signature.refused"
    | "address.refused"
    | "limit.blocked"
    | "key.suspended"
    | "ip.blocked"
    | "ip.unblocked";
  /** Null = not known */
  organization_id: string | null;
  /** The person who asked; null = nobody that is known */
  user_id: string | null;
  /** The API key that asked */
  key_id: string | null;
  ip: string | null;
  /** The client's User-Agent */
  agent: string | null;
  /** The request, or the first of them */
  request_id: string | null;
  /** How many alike this tells of */
  occurrences: number;
  details: Record<string, unknown>;
  at: string;
}

/** When members need a second factor */
export interface MfaPolicy {
  organization_id: string;
  require_mfa: "off" | "sensitive" | "always";
  version: number;
}

export interface Workspace {
  id: string;
  organization_id: string;
  name: string;
  /** Where a flow goes that names no workspace */
  is_default: boolean;
  version: number;
  created_at: string;
  updated_at: string;
}

/** A limit that an operator gave by hand. Complete unless `fields` asked for less */
export interface PartialLimitOverride {
  /** Subject and scope */
  id: string;
  subject_kind: "user" | "key" | "org" | "ip" | "operation";
  subject_id: string;
  scope: string;
  request_limit: number;
  window_seconds: number;
  burst: number;
  reason: string;
  /** From when the plan's limit counts again */
  expires_at: string | null;
  created_by: string;
  created_at: string;
}

/** A limit that an operator gave by hand */
export interface LimitOverride {
  /** Subject and scope */
  id: string;
  subject_kind: "user" | "key" | "org" | "ip" | "operation";
  subject_id: string;
  scope: string;
  request_limit: number;
  window_seconds: number;
  burst: number;
  reason: string;
  /** From when the plan's limit counts again */
  expires_at: string | null;
  created_by: string;
  created_at: string;
}

/** A bucket of a rate limit. Complete unless `fields` asked for less */
export interface PartialLimitBucket {
  key: string;
  /** What it holds when full */
  burst: number | null;
  /** 0 = nothing is taken */
  full_in_seconds: number;
  /** Requests refused since the last block began */
  refused: number;
  refused_at: string | null;
  /** How many blocks in a row */
  strikes: number;
  blocked_until: string | null;
}

/** A network from which no request is taken. Complete unless `fields` asked for less */
export interface PartialIpBlock {
  id: string;
  network: string;
  reason: string;
  blocked_until: string | null;
  /** Too many refused credentials came from there */
  is_automatic: boolean;
  created_by: string;
  created_at: string;
}

/** A network from which no request is taken */
export interface IpBlock {
  id: string;
  network: string;
  reason: string;
  blocked_until: string | null;
  /** Too many refused credentials came from there */
  is_automatic: boolean;
  created_by: string;
  created_at: string;
}

export interface BlockingSettings {
  /** More refused credentials than this from one address, within the window, block it; 0 = never */
  ip_block_after: number;
  ip_block_window_seconds: number;
  /** How long such a block lasts */
  ip_block_seconds: number;
  /** Addresses and networks that are never blocked, besides private ones: offices, your own servers */
  ip_never_block: (string)[];
}

/** A feature that is not there for everybody. Complete unless `fields` asked for less */
export interface PartialFlag {
  name: string;
  /** How many of a hundred organizations have it: always the same ones */
  percentage: number;
  /** What it switches, for operators */
  description: string;
  /** The first version of the API that has it; null = every version */
  since_version: string | null;
  updated_at: string;
  /** Organizations with a rule of their own */
  rule_count: number;
}

/** A flag with the organizations that have a rule of their own */
export interface FlagWithRules {
  name: string;
  /** How many of a hundred organizations have it: always the same ones */
  percentage: number;
  /** What it switches, for operators */
  description: string;
  /** The first version of the API that has it; null = every version */
  since_version: string | null;
  updated_at: string;
  /** Organizations with a rule of their own */
  rule_count: number;
  /** Organization → whether it has it, whatever its share; a thousand at the most */
  rules: Record<string, boolean>;
}

/** How often replies of an operation came from memory. Complete unless `fields` asked for less */
export interface PartialCacheUsage {
  operation: string;
  requests: number;
  /** A kept reply */
  hits: number;
  /** A kept reply past its maximum age, fetched anew behind the answer */
  stale: number;
  /** The reply of a query that another request had begun */
  joined: number;
  /** 304 by the generation alone: nothing was kept, nothing was asked */
  matched: number;
  /** The query was made */
  misses: number;
  /** How many of all were answered 304 */
  not_modified: number;
  /** Share of the requests that needed no query */
  hit_rate: number;
  first_day: string;
  last_day: string;
}

/** Complete unless `fields` asked for less */
export interface PartialAuditEvent {
  id: string;
  organization_id: string;
  occurred_at: string;
  actor: AuditActor;
  /** The person; for a key, who made it */
  user_id: string | null;
  key_id: string | null;
  auth: "jwt" | "key" | "secret_key" | "sql" | "none";
  via: AuditVia;
  ip: string | null;
  agent: string | null;
  request_id: string | null;
  action: string;
  target_type: string;
  target_id: string | null;
  /** What the changed columns held; null = nothing */
  before: unknown;
  /** What they hold now. Secrets never; what is large as {cut, bytes, sha256} */
  after: unknown;
  details: Json;
}

/** user = a person; key = an API key; service = an operator's secret key, or our own functions; system = SQL without a request; anonymous = nobody signed in */
export type AuditActor = "user" | "key" | "service" | "system" | "anonymous";

/** function = ip, agent and request_id are what our functions saw; data_api = the caller may have made them up; sql = there was no request */
export type AuditVia = "function" | "data_api" | "sql";

export interface AuditReport {
  is_whole: boolean;
  /** The first 100, in order */
  faults: ({
    kind:
      | "edited"
      | "deleted"
      | "inserted"
      | "reordered"
      | "backdated"
      | "cut"
      | "forked"
      | "rewritten"
      | "unsigned"
      | "signed_late"
      | "unknown_key";
    organization_id: string | null;
    /** Number of the seal */
    batch: number | null;
    seq: number | null;
    row_id: string | null;
    message: string;
  })[];
  /** Rows that were hashed again */
  rows: number;
  /** Seals that were checked */
  batches: number;
  /** Rows that retention has dropped: their seals are whole */
  dropped_rows: number;
  /** Rows that are too new to be sealed */
  unsealed_rows: number;
  unsigned_batches: number;
  keys: (string)[];
  /** The end of the whole log: keep it, and `deno task audit:verify --anchor` finds what was cut off since */
  head: {
    number: number;
    /** SHA-256, hex */
    link: string;
  } | null;
}

/** Complete unless `fields` asked for less */
export interface PartialActivity {
  id: string;
  occurred_at: string;
  actor: AuditActor;
  /** The person; for a key, who made it */
  user_id: string | null;
  /** null = nobody, or you may not see members */
  user_name: string | null;
  key_id: string | null;
  /** null = no key, it is gone, or you may not see keys */
  key_name: string | null;
  action: string;
  target_type: string;
  target_id: string | null;
  /** What it was called then, or else is called now */
  target_name: string | null;
  /** Names of the fields that an update changed */
  changed: (string)[];
  /** All of it as a sentence, in English; the other fields are there for sentences of your own */
  summary: string;
  /** The path in this API where the thing can be read now; null = it is gone, or has none */
  link: string | null;
}

export interface AuditProof {
  id: string;
  seq: number;
  /** The bytes that were hashed, as UTF-8: netstrings */
  canonical: string;
  /** SHA-256, hex */
  leaf: string;
  path: ({
    side: "left" | "right";
    /** SHA-256, hex */
    hash: string;
  })[];
  /** SHA-256, hex */
  root: string;
  /** What the seal states: netstrings */
  statement: string;
  /** SHA-256, hex */
  link: string;
  /** Microseconds since 1970 */
  signed_at: string;
  /** Ed25519, base64 */
  signature: string;
  key: {
    kty: "OKP";
    crv: "Ed25519";
    x: string;
    kid: string;
  };
}

export interface Health {
  status: "ok";
  checks: {
    database: {
      status: "ok";
      /** How long the last check took */
      duration_ms: number;
    };
  };
}

export interface DetailedHealth {
  status: "ok" | "degraded";
  checks: {
    database: {
      status: "ok";
      /** How long the last check took */
      duration_ms: number;
    };
  };
  schema: {
    /** The migration that the functions were made for */
    needed: string;
    /** The newest migration of the database; null = it does not say */
    version: string | null;
  };
  /** Whether the functions can sign for API keys: MILLRACE_SIGNING_KEY */
  api_keys: "ok" | "not_set_up";
  /** Services outside that workers leave alone at the moment, longest first */
  providers: ({
    /** `email:<provider>`, or `http:<organization>:<host>` */
    key: string;
    /** Milliseconds until somebody may try it again */
    open_ms: number;
    /** Calls of half a minute when it was given up; 0 = it asked for a pause */
    calls: number;
    /** Those that failed */
    failures: number;
  })[];
}

export interface WakeReply {
  /** True = a worker was awake in this isolate and goes on */
  already_running: boolean;
}

/** What a turn of the clock has done */
export interface TickReport {
  /** True = another tick is under way; nothing was done */
  skipped?: boolean;
  /** Workers whose lease had lapsed */
  workers_lost?: number;
  /** Their jobs, which others may take now */
  jobs_freed?: number;
  /** Runs past their deadline, failed with run_timeout */
  runs_expired?: number;
  /** Runs that lost their worker too often, failed with worker_lost */
  runs_given_up?: number;
  /** Due times of schedules that were decided on */
  schedules_fired?: number;
  /** Jobs that are due, 500 at most */
  ready?: number;
  /** Workers that were called */
  workers_woken?: number;
}

export interface ApiInfo {
  name: "Millrace";
  description: string;
  /** Of the software */
  version: string;
  api_versions: (string)[];
  /** Where things are */
  resources: Record<string, string>;
  links: {
    openapi: string;
    docs: string;
    health: string;
  };
}

/** A version of the API and what it changed. Complete unless `fields` asked for less */
export interface PartialApiVersionEntry {
  /** A version of the API */
  version: "2026-11-01" | "2026-11-21";
  title: string;
  changes: ({
    description: string;
    operations: (string)[];
  })[];
  /** Since when callers are told to leave it; null = they are not */
  deprecated_at: string | null;
  /** When it stops being answered; null = that is not planned */
  sunset_at: string | null;
}

export interface ApiVersionChoice {
  /** What this request means */
  version: "2026-11-01" | "2026-11-21";
  /** What key or organization are pinned to; null = nothing */
  pinned: string | null;
  /** A version of the API */
  latest: "2026-11-01" | "2026-11-21";
}

export interface ApiVersionPin {
  /** Null takes the pin away: the latest is meant */
  version: "2026-11-01" | "2026-11-21" | null;
  /** Only this API key; the whole organization when absent */
  key_id?: string;
}

/** How often an operation was asked for, by version and door. Complete unless `fields` asked for less */
export interface PartialApiUsage {
  id: string;
  /** Of the API */
  version: string;
  operation: string;
  /** Where it was asked for: under the function's name, through `api`, or by an old name there */
  door: string;
  requests: number;
  /** Answers of 400 or above */
  errors: number;
  first_day: string;
  last_day: string;
}

/** Features that are not there for everybody, and are for this organization */
export interface Flags {
  flags: (string)[];
}

/** Every operation: what it takes and what it gives. */
export interface Operations {
  /** listFlows: List flows */
  "GET /flows": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "created_at" | "-created_at" | "updated_at" | "-updated_at" | "name" | "-name";
      /** Only active flows, or only drafts */
      "is_active"?: "true" | "false";
      /** Only those of a workspace */
      "workspace_id"?: string | number | boolean | readonly string[];
      /** At this moment or later */
      "created_after"?: string | number | boolean | readonly string[];
      /** Before this moment */
      "created_before"?: string | number | boolean | readonly string[];
      /** At this moment or later */
      "updated_after"?: string | number | boolean | readonly string[];
      /** Only those whose name holds this text, whatever its case; no character is special */
      "q"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `id`: id, organization_id, workspace_id, name, description, is_active, current_version_id, version, created_by, created_at, updated_at */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialFlowSummary)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** createFlow: Create a flow */
  "POST /flows": {
    params: never;
    query: never;
    body: {
      name: string;
      description?: string;
      /** The default workspace when absent */
      workspace_id?: string;
      graph?: Graph;
      /** False = a draft: webhooks are kept but start nothing, and the graph may still have errors */
      is_active?: boolean;
    };
    reply: Flow;
  };
  /** validateFlow: Validate a graph */
  "POST /flows/validate": {
    params: never;
    query: never;
    body: {
      graph: Graph;
    };
    reply: {
      /** Whether it could be activated: no errors, perhaps warnings */
      valid: boolean;
      problems: (GraphProblem)[];
    };
  };
  /** importFlows: Import flows */
  "POST /flows/import": {
    params: never;
    query: {
      /** True = only say what would come of it; nothing is stored */
      "dry_run"?: "true" | "false";
      /** True = switch the flows on; then no graph may have errors */
      "is_active"?: "true" | "false";
      /** The default workspace when absent */
      "workspace_id"?: string | number | boolean | readonly string[];
    };
    body: FlowFile | FlowBundle;
    reply: FlowImport;
  };
  /** getStats: Get the numbers of the organization */
  "GET /flows/stats": {
    params: never;
    query: never;
    body: never;
    reply: Stats;
  };
  /** getFlow: Get a flow */
  "GET /flows/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: Flow;
  };
  /** updateFlow: Change a flow */
  "PATCH /flows/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: {
      name?: string;
      description?: string;
      workspace_id?: string;
      graph?: Graph;
      /** False = a draft: webhooks are kept but start nothing, and the graph may still have errors */
      is_active?: boolean;
    };
    reply: Flow;
  };
  /** deleteFlow: Delete a flow */
  "DELETE /flows/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: undefined;
  };
  /** activateFlow: Activate a flow */
  "POST /flows/{id}/activate": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: Flow;
  };
  /** deactivateFlow: Deactivate a flow */
  "POST /flows/{id}/deactivate": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: Flow;
  };
  /** duplicateFlow: Duplicate a flow */
  "POST /flows/{id}/duplicate": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: {
      /** The name with “ (Copy)” when absent */
      name?: string;
    } | undefined;
    reply: Flow;
  };
  /** runFlow: Run a flow */
  "POST /flows/{id}/run": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: {
      /** Seconds to wait for the end of the run; 0 = answer at once */
      "wait"?: number | null;
    };
    body: {
      /** What the trigger gives: `trigger` in expressions; {} when absent */
      input?: unknown;
      /** The trigger to start at; the first that can be started by hand when absent */
      trigger_node?: string;
      /** An entity of the flow that moves with the run */
      entity_id?: string;
      dry_run?: DryRun;
    } | undefined;
    reply: RunDetails | Run;
  };
  /** exportFlow: Export a flow */
  "GET /flows/{id}/export": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: {
      /** Also the flows that it starts, and those that they start: 50 at most, as one file */
      "subflows"?: "true" | "false";
    };
    body: never;
    reply: FlowFile | FlowBundle;
  };
  /** getFlowStats: Get the numbers of a flow */
  "GET /flows/{id}/stats": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: {
      /** How many days, today included */
      "days"?: number;
    };
    body: never;
    reply: FlowStats;
  };
  /** listFlowVersions: List the versions of a flow */
  "GET /flows/{id}/versions": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "number" | "-number";
      /** Only those that this person saved */
      "created_by"?: string | number | boolean | readonly string[];
      /** At this moment or later */
      "created_after"?: string | number | boolean | readonly string[];
      /** Before this moment */
      "created_before"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `id`: id, flow_id, number, created_by, created_at, runs */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialListedFlowVersion)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** compareFlowVersions: Compare two versions of a flow */
  "GET /flows/{id}/versions/compare": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: {
      /** Id or number; the version before `to` when absent */
      "from"?: string | number | boolean | readonly string[];
      /** Id or number; the current version when absent */
      "to"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: FlowVersionComparison;
  };
  /** getFlowVersion: Get a version of a flow */
  "GET /flows/{id}/versions/{versionId}": {
    params: {
      "id": string | number | boolean | readonly string[];
      "versionId": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: FlowVersion;
  };
  /** restoreFlowVersion: Restore a version of a flow */
  "POST /flows/{id}/versions/{versionId}/restore": {
    params: {
      "id": string | number | boolean | readonly string[];
      "versionId": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: Flow;
  };
  /** listTemplates: List templates */
  "GET /templates": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "name" | "-name" | "id" | "-id";
      "category"?: "starter" | "data" | "ai" | "payments" | "sales" | "people" | "operations";
      /** Only those with this tag */
      "tag"?: string | number | boolean | readonly string[];
      /** Only those whose name or description or tags holds this text, whatever its case; no character is special */
      "q"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `id`: id, name, description, category, icon, tags, node_types */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialTemplateSummary)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** getTemplate: Get a template */
  "GET /templates/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: Template;
  };
  /** useTemplate: Make a flow of a template */
  "POST /templates/{id}/use": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: {
      /** The template's name when absent */
      name?: string;
      /** The default workspace when absent */
      workspace_id?: string;
    } | undefined;
    reply: AppliedTemplate;
  };
  /** startRun: Start a run */
  "POST /runs": {
    params: never;
    query: {
      /** Seconds to wait for the end of the run; 0 = answer at once */
      "wait"?: number | null;
    };
    body: StartRun;
    reply: RunDetails | Run;
  };
  /** listRuns: List runs */
  "GET /runs": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "created_at" | "-created_at";
      "flow_id"?: string | number | boolean | readonly string[];
      /** One or more states, separated by commas */
      "status"?: string | (string)[];
      /** One or more of what starts runs, separated by commas */
      "trigger"?: string | (string)[];
      /** Retries, re-runs and replays of this run */
      "retry_of"?: string | number | boolean | readonly string[];
      /** Runs that this entity moved with */
      "entity_id"?: string | number | boolean | readonly string[];
      /** Runs of this version */
      "flow_version_id"?: string | number | boolean | readonly string[];
      /** Runs that this run started */
      "parent_run_id"?: string | number | boolean | readonly string[];
      "schedule_id"?: string | number | boolean | readonly string[];
      /** Started at this moment or later */
      "created_after"?: string | number | boolean | readonly string[];
      /** Started before this moment */
      "created_before"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `id`: id, organization_id, flow_id, flow_version_id, status, trigger, trigger_node, webhook_event_id, retry_of, parent_run_id, entity_id, schedule_id, concurrency_key, error, created_by, deadline_at, started_at, finished_at, created_at */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialRunSummary)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** executeGraph: Run a graph that is not saved */
  "POST /runs/execute": {
    params: never;
    query: {
      /** Seconds to wait for the end of the run; 0 = answer at once */
      "wait"?: number | null;
    };
    body: ExecuteGraph;
    reply: RunDetails | Run;
  };
  /** getLatestRun: Get the latest run of a flow */
  "GET /runs/latest": {
    params: never;
    query: {
      "flow_id": string | number | boolean | readonly string[];
    };
    body: never;
    reply: RunDetails;
  };
  /** listWaitingSteps: List what waits for people */
  "GET /runs/waiting": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "created_at" | "-created_at";
      /** What is waited for, separated by commas; approval and decision, which wait for a person, when absent */
      "kind"?: string | (string)[];
      "flow_id"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `id`: id, run_id, flow_id, flow_name, node_id, scope, kind, name, data, since, until, deadline_at, run_status, entity_id, may_decide */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialWaitingStep)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** createBulkOperation: Do something to many runs */
  "POST /runs/bulk": {
    params: never;
    query: never;
    body: NewBulkOperation;
    reply: BulkCount | BulkOperation;
  };
  /** listBulkOperations: List bulk operations */
  "GET /runs/bulk": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "created_at" | "-created_at";
      /** replay_events = events of webhooks go through their flows again */
      "action"?: "cancel" | "retry" | "delete" | "resume" | "pause" | "replay_events";
      /** failed = who asked may not do it any more */
      "status"?: "queued" | "running" | "completed" | "cancelled" | "failed";
      /** Only these, separated by commas, and `id`: id, organization_id, action, filter, status, total, done, failed, errors, error, created_by, created_at, finished_at */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialBulkOperation)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** getBulkOperation: Get the progress of a bulk operation */
  "GET /runs/bulk/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: BulkOperation;
  };
  /** cancelBulkOperation: Stop a bulk operation */
  "POST /runs/bulk/{id}/cancel": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: BulkOperation;
  };
  /** listRunArchives: List archives of runs */
  "GET /runs/archives": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "created_at" | "-created_at";
      /** Archives of the week in which this day is */
      "week"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `id`: id, organization_id, week, part, path, runs, lines, bytes, raw_bytes, sha256, first_run_id, last_run_id, created_at */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialRunArchive)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** getRunArchive: Read an archive of runs */
  "GET /runs/archives/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: {
      /** jsonl = the lines; gzip = the object as it lies in Storage */
      "format"?: "jsonl" | "gzip";
    };
    body: never;
    reply: string;
  };
  /** getRun: Get a run */
  "GET /runs/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: RunDetails;
  };
  /** deleteRun: Delete a run */
  "DELETE /runs/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: undefined;
  };
  /** getRunStatus: Get the state of a run */
  "GET /runs/{id}/status": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: RunState;
  };
  /** listRunSteps: List the steps of a run */
  "GET /runs/{id}/steps": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "finished_at" | "-finished_at";
      /** How it ended: one or more, separated by commas */
      "status"?: string | (string)[];
      /** Only the steps of this node */
      "node_id"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `id`: id, node_id, scope, attempt, status, handles, output, error, started_at, finished_at, duration_ms */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialRunStep)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** getStepOutput: Get the whole output of a step */
  "GET /runs/{id}/steps/{node_id}/output": {
    params: {
      "id": string | number | boolean | readonly string[];
      /** The node, or undo:<node> for what undid it */
      "node_id": string | number | boolean | readonly string[];
    };
    query: {
      /** The items and iterations it belongs to, as in the step */
      "scope"?: string | number | boolean | readonly string[];
      /** The newest when absent */
      "attempt"?: number;
    };
    body: never;
    reply: string;
  };
  /** watchRun: Watch a run */
  "GET /runs/{id}/events": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: string | undefined;
  };
  /** explainRun: Explain a run */
  "GET /runs/{id}/explain": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: RunExplanation;
  };
  /** pauseRun: Pause a run */
  "POST /runs/{id}/pause": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: Run;
  };
  /** resumeRun: Resume a run */
  "POST /runs/{id}/resume": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: Run;
  };
  /** cancelRun: Cancel a run */
  "POST /runs/{id}/cancel": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: Run;
  };
  /** signalRun: Send a signal to a run */
  "POST /runs/{id}/signals": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: Signal;
    reply: SignalReceipt;
  };
  /** decideStep: Decide a step */
  "POST /runs/{id}/steps/{node_id}/decide": {
    params: {
      "id": string | number | boolean | readonly string[];
      "node_id": string | number | boolean | readonly string[];
    };
    query: never;
    body: StepDecision;
    reply: StepDecided;
  };
  /** retryStep: Retry a step */
  "POST /runs/{id}/steps/{node_id}/retry": {
    params: {
      "id": string | number | boolean | readonly string[];
      "node_id": string | number | boolean | readonly string[];
    };
    query: never;
    body: RetryStep | undefined;
    reply: Run;
  };
  /** retryRun: Retry a run */
  "POST /runs/{id}/retry": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: Run;
  };
  /** rerunRun: Run again from a step */
  "POST /runs/{id}/rerun": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: RerunRun;
    reply: Run;
  };
  /** replayRun: Replay a run */
  "POST /runs/{id}/replay": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: {
      /** same = the version of the run, when absent; current = the flow's current one */
      "version"?: "same" | "current";
    };
    body: never;
    reply: Run;
  };
  /** listEntities: List entities */
  "GET /entities": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "created_at" | "-created_at" | "updated_at" | "-updated_at" | "name" | "-name";
      /** Only those on the canvas of a flow */
      "flow_id"?: string | number | boolean | readonly string[];
      "type"?: string | number | boolean | readonly string[];
      /** Only those that stand at nodes of this id */
      "node_id"?: string | number | boolean | readonly string[];
      /** Only those that a run moves, or moved last */
      "run_id"?: string | number | boolean | readonly string[];
      "external_key"?: string | number | boolean | readonly string[];
      /** At this moment or later */
      "created_after"?: string | number | boolean | readonly string[];
      /** Before this moment */
      "created_before"?: string | number | boolean | readonly string[];
      /** Only those whose name holds this text, whatever its case; no character is special */
      "q"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `id`: id, organization_id, flow_id, type, name, external_key, data, node_id, entered_at, run_id, move_count, created_by, version, created_at, updated_at */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialEntity)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** createEntity: Create an entity */
  "POST /entities": {
    params: never;
    query: never;
    body: NewEntity;
    reply: Entity;
  };
  /** listEdgeStats: List what moved over the edges of a flow */
  "GET /entities/edge-stats": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?:
        | "moves"
        | "-moves"
        | "total_seconds"
        | "-total_seconds"
        | "average_seconds"
        | "-average_seconds"
        | "last_at"
        | "-last_at";
      /** The flow */
      "flow_id": string | number | boolean | readonly string[];
      /** The id of a node of the flow's current graph */
      "from_node"?: string | number | boolean | readonly string[];
      /** The id of a node of the flow's current graph */
      "to_node"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `id`: id, from_node, to_node, edge_ids, moves, total_seconds, average_seconds, last_at */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialEdgeStats)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** getEntity: Get an entity */
  "GET /entities/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: Entity;
  };
  /** updateEntity: Change an entity */
  "PATCH /entities/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: EntityChanges;
    reply: Entity;
  };
  /** deleteEntity: Delete an entity */
  "DELETE /entities/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: undefined;
  };
  /** moveEntity: Move an entity by hand */
  "POST /entities/{id}/move": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: {
      /** The id of a node of the flow's current graph */
      node_id: string;
    };
    reply: Entity;
  };
  /** getEntityJourney: Get the journey of an entity */
  "GET /entities/{id}/journey": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "moved_at" | "-moved_at";
      /** Only these, separated by commas, and `number`: number, from_node, to_node, edge_id, reason, run_id, moved_by, moved_at, seconds */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialEntityMove)[];
      /** Null on the last page */
      next_cursor: string | null;
      /** Of the whole journey, the longest first */
      durations: (EntityDuration)[];
    };
  };
  /** listNodeTypes: List node types */
  "GET /nodes": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "palette" | "-palette" | "type" | "-type" | "title" | "-title";
      "category"?: "trigger" | "action" | "logic" | "communication";
      "kind"?: "trigger" | "pure" | "effect";
      /** Only those whose type or title or description holds this text, whatever its case; no character is special */
      "q"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `type`: type, title, description, category, kind, handles, joins, terminal, region, closes, breaks, example_config, example_input, default_retry, default_timeout_seconds, default_on_error */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialNodeType)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** getNodeType: Get a node type */
  "GET /nodes/{type}": {
    params: {
      /** The name of the type */
      "type": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: NodeType;
  };
  /** getNodeSchema: Get the schemas of a node type */
  "GET /nodes/{type}/schema": {
    params: {
      /** The name of the type */
      "type": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: NodeSchemas;
  };
  /** testNodeType: Test a node */
  "POST /nodes/{type}/test": {
    params: {
      /** The name of the type */
      "type": string | number | boolean | readonly string[];
    };
    query: never;
    body: {
      /** As `data.config` in a graph; expressions read the input below */
      config?: Record<string, Json>;
      input?: {
        /** The run's input: `trigger` */
        trigger?: unknown;
        /** Outputs of earlier steps by node id: `steps.<id>.output` */
        steps?: Record<string, Json>;
        /** Inside a region: `item` */
        item?: unknown;
        /** Inside a region: `index` */
        index?: number;
        /** What the node waited for; absent = it has not yet */
        resolution?: {
          by: "signal" | "approval" | "callback" | "run" | "timeout";
          /** What was sent, decided, or came of the run */
          data?: unknown;
        };
        /** For the node that closes a region: what its items gave */
        region?: {
          total: number;
          items: ({
            index: number;
            status: "completed" | "failed" | "skipped";
            value?: Json;
            error?: {
              code: string;
              message: string;
              node_id?: string;
              details?: Json;
            };
          })[];
        };
        /** For a while loop: the iteration that has ended */
        again?: {
          index: number;
          last?: Json;
        };
      };
      timeout_seconds?: number;
    };
    reply: NodeTestResult;
  };
  /** listWebhooks: List webhook endpoints */
  "GET /webhooks": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "created_at" | "-created_at" | "name" | "-name" | "updated_at" | "-updated_at";
      "flow_id"?: string | number | boolean | readonly string[];
      "provider"?: "stripe" | "typeform" | "calendly" | "standard_webhooks" | "github" | "slack" | "shopify" | "custom";
      "is_active"?: "true" | "false";
      /** At this moment or later */
      "created_after"?: string | number | boolean | readonly string[];
      /** Before this moment */
      "created_before"?: string | number | boolean | readonly string[];
      /** Only those whose name holds this text, whatever its case; no character is special */
      "q"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `id`: id, organization_id, flow_id, trigger_node, name, provider, config, url, test_url, signature_required, is_active, rejected_count, last_rejected_at, last_rejection, created_by, version, created_at, updated_at, mapping, wait_seconds */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialWebhookSummary)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** createWebhook: Create a webhook endpoint */
  "POST /webhooks": {
    params: never;
    query: never;
    body: NewWebhook;
    reply: WebhookWithSecret;
  };
  /** listWebhookProviders: List the providers of webhooks */
  "GET /webhooks/providers": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "provider" | "-provider" | "title" | "-title";
      /** Only those whose provider or title or description holds this text, whatever its case; no character is special */
      "q"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `provider`: provider, title, description, secret_from, config_schema */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialWebhookProvider)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** listWebhookEventTypes: List the types of events */
  "GET /webhooks/event-types": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "type" | "-type";
      /** Only those whose type or description holds this text, whatever its case; no character is special */
      "q"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `type`: type, description, key, data_schema, example */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialWebhookEventType)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** listWebhookSubscriptions: List webhook subscriptions */
  "GET /webhooks/subscriptions": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "created_at" | "-created_at" | "updated_at" | "-updated_at";
      "status"?: "active" | "paused" | "disabled";
      "application"?: string | number | boolean | readonly string[];
      /** Only those whose url holds this text, whatever its case; no character is special */
      "q"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `id`: id, organization_id, url, description, application, event_types, flow_ids, resource_ids, transformation, ordered, rate_per_minute, timeout_seconds, priority, status, disabled_reason, disabled_at, header_names, created_by, version, created_at, updated_at */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialWebhookSubscriptionSummary)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** createWebhookSubscription: Subscribe to events */
  "POST /webhooks/subscriptions": {
    params: never;
    query: never;
    body: NewWebhookSubscription;
    reply: WebhookSubscriptionWithSecret;
  };
  /** getWebhookSubscription: Get a webhook subscription */
  "GET /webhooks/subscriptions/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: WebhookSubscription;
  };
  /** updateWebhookSubscription: Change a webhook subscription */
  "PATCH /webhooks/subscriptions/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: WebhookSubscriptionChanges;
    reply: WebhookSubscription;
  };
  /** deleteWebhookSubscription: Delete a webhook subscription */
  "DELETE /webhooks/subscriptions/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: undefined;
  };
  /** rotateWebhookSubscriptionSecret: Give a webhook subscription a new secret */
  "POST /webhooks/subscriptions/{id}/rotate": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: WebhookSubscriptionRotation | undefined;
    reply: WebhookSubscriptionWithSecret;
  };
  /** testWebhookSubscription: Send a test event to a webhook subscription */
  "POST /webhooks/subscriptions/{id}/test": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: NewWebhookSubscriptionTest | undefined;
    reply: WebhookDeliverySummary;
  };
  /** getWebhookSubscriptionStats: Get how a webhook subscription does */
  "GET /webhooks/subscriptions/{id}/stats": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: {
      /** The last hours, this one included; 90 days at most */
      "hours"?: number;
    };
    body: never;
    reply: WebhookSubscriptionStats;
  };
  /** createWebhookPortalToken: Let a customer of yours manage their webhook subscriptions */
  "POST /webhooks/portal-tokens": {
    params: never;
    query: never;
    body: NewWebhookPortalToken;
    reply: WebhookPortalToken;
  };
  /** revokeWebhookPortalToken: Revoke a portal token */
  "DELETE /webhooks/portal-tokens/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: undefined;
  };
  /** listWebhookDeliveries: List deliveries of events */
  "GET /webhooks/deliveries": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "created_at" | "-created_at";
      "subscription_id"?: string | number | boolean | readonly string[];
      /** One or more, separated by commas */
      "status"?: string | (string)[];
      "type"?: string | number | boolean | readonly string[];
      "application"?: string | number | boolean | readonly string[];
      /** The deliveries of one event */
      "message_id"?: string | number | boolean | readonly string[];
      /** At this moment or later */
      "created_after"?: string | number | boolean | readonly string[];
      /** Before this moment */
      "created_before"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `id`: id, subscription_id, message_id, application, type, status, attempts, next_attempt_at, response_status, error_code, created_at, finished_at */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialWebhookDeliverySummary)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** retryWebhookDeliveries: Send many deliveries again */
  "POST /webhooks/deliveries/retry": {
    params: never;
    query: never;
    body: WebhookBulkRetry;
    reply: WebhookBulkRetried;
  };
  /** getWebhookDelivery: Get a delivery */
  "GET /webhooks/deliveries/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: WebhookDelivery;
  };
  /** retryWebhookDelivery: Send a delivery again */
  "POST /webhooks/deliveries/{id}/retry": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: WebhookDeliverySummary;
  };
  /** cancelWebhookDelivery: Cancel a delivery */
  "POST /webhooks/deliveries/{id}/cancel": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: WebhookDeliverySummary;
  };
  /** getWebhookEvent: Get an event */
  "GET /webhooks/events/{eventId}": {
    params: {
      "eventId": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: WebhookEvent;
  };
  /** replayWebhookEvents: Replay many events */
  "POST /webhooks/events/replay": {
    params: never;
    query: never;
    body: NewWebhookReplay;
    reply: BulkCount | BulkOperation;
  };
  /** replayWebhookEvent: Replay an event */
  "POST /webhooks/events/{eventId}/replay": {
    params: {
      "eventId": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: WebhookReplay;
  };
  /** getWebhook: Get a webhook endpoint */
  "GET /webhooks/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: Webhook;
  };
  /** updateWebhook: Change a webhook endpoint */
  "PATCH /webhooks/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: WebhookChanges;
    reply: Webhook;
  };
  /** deleteWebhook: Delete a webhook endpoint */
  "DELETE /webhooks/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: undefined;
  };
  /** rotateWebhookSecret: Give a webhook endpoint a new secret */
  "POST /webhooks/{id}/rotate": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: WebhookRotation | undefined;
    reply: WebhookWithSecret;
  };
  /** testWebhook: Send a test event to a webhook endpoint */
  "POST /webhooks/{id}/test": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: NewWebhookTest | undefined;
    reply: WebhookTest;
  };
  /** listWebhookEvents: List the events of a webhook endpoint */
  "GET /webhooks/{id}/events": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "received_at" | "-received_at";
      "status"?: "accepted" | "held";
      "test"?: "true" | "false";
      "type"?: string | number | boolean | readonly string[];
      /** The event that started a run */
      "run_id"?: string | number | boolean | readonly string[];
      /** At this moment or later */
      "received_after"?: string | number | boolean | readonly string[];
      /** Before this moment */
      "received_before"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `id`: id, endpoint_id, event_key, type, status, held_because, verdict, method, run_id, deliveries, replay_of, is_test, mapping_error, received_at */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialWebhookEventSummary)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** listWebhookRefusals: List what a webhook endpoint has refused */
  "GET /webhooks/{id}/refusals": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "received_at" | "-received_at";
      "reason"?: string | number | boolean | readonly string[];
      "test"?: "true" | "false";
      /** At this moment or later */
      "received_after"?: string | number | boolean | readonly string[];
      /** Before this moment */
      "received_before"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `id`: id, endpoint_id, reason, detail, method, headers, query, body, body_encoding, body_bytes, is_test, received_at */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialWebhookRefusal)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** getWebhookStats: Get the success rates of a webhook endpoint */
  "GET /webhooks/{id}/stats": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: {
      /** Days to look back, with today */
      "days"?: number;
    };
    body: never;
    reply: WebhookStats;
  };
  /** watchWebhook: Watch what arrives at a webhook endpoint */
  "GET /webhooks/{id}/live": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: {
      /** true = only what comes to the test address, false = only what comes to the real one */
      "test"?: "true" | "false";
    };
    body: never;
    reply: string;
  };
  /** receiveCallback: Complete a waiting step */
  "POST /hooks/callbacks/{token}": {
    params: {
      "token": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: CallbackReceipt;
  };
  /** getCallback: Look at a callback */
  "GET /hooks/callbacks/{token}": {
    params: {
      "token": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: CallbackStatus;
  };
  /** receiveCallbacks: Complete many waiting steps */
  "POST /hooks/callbacks": {
    params: never;
    query: never;
    body: never;
    reply: CallbackBatchReceipt;
  };
  /** receiveWebhook_get: Receive a webhook */
  "GET /hooks/{slug}": {
    params: {
      "slug": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: WebhookReceipt | WebhookChallenge | WebhookReceipt;
  };
  /** receiveWebhook_post: Receive a webhook */
  "POST /hooks/{slug}": {
    params: {
      "slug": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: WebhookReceipt | WebhookChallenge | WebhookReceipt;
  };
  /** receiveWebhook_put: Receive a webhook */
  "PUT /hooks/{slug}": {
    params: {
      "slug": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: WebhookReceipt | WebhookChallenge | WebhookReceipt;
  };
  /** receiveWebhook_patch: Receive a webhook */
  "PATCH /hooks/{slug}": {
    params: {
      "slug": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: WebhookReceipt | WebhookChallenge | WebhookReceipt;
  };
  /** receiveWebhook_delete: Receive a webhook */
  "DELETE /hooks/{slug}": {
    params: {
      "slug": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: WebhookReceipt | WebhookChallenge | WebhookReceipt;
  };
  /** receiveTestWebhook_get: Receive a test webhook */
  "GET /hooks/{slug}/test": {
    params: {
      "slug": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: WebhookReceipt | WebhookChallenge | WebhookReceipt;
  };
  /** receiveTestWebhook_post: Receive a test webhook */
  "POST /hooks/{slug}/test": {
    params: {
      "slug": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: WebhookReceipt | WebhookChallenge | WebhookReceipt;
  };
  /** receiveTestWebhook_put: Receive a test webhook */
  "PUT /hooks/{slug}/test": {
    params: {
      "slug": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: WebhookReceipt | WebhookChallenge | WebhookReceipt;
  };
  /** receiveTestWebhook_patch: Receive a test webhook */
  "PATCH /hooks/{slug}/test": {
    params: {
      "slug": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: WebhookReceipt | WebhookChallenge | WebhookReceipt;
  };
  /** receiveTestWebhook_delete: Receive a test webhook */
  "DELETE /hooks/{slug}/test": {
    params: {
      "slug": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: WebhookReceipt | WebhookChallenge | WebhookReceipt;
  };
  /** listSchedules: List schedules */
  "GET /schedules": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "created_at" | "-created_at" | "name" | "-name" | "updated_at" | "-updated_at";
      "flow_id"?: string | number | boolean | readonly string[];
      "is_active"?: "true" | "false";
      /** At this moment or later */
      "created_after"?: string | number | boolean | readonly string[];
      /** Before this moment */
      "created_before"?: string | number | boolean | readonly string[];
      /** Only those whose name holds this text, whatever its case; no character is special */
      "q"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `id`: id, organization_id, flow_id, name, cron, timezone, starts_at, ends_at, jitter_seconds, missed_policy, missed_limit, overlap_policy, input, trigger_node, is_active, next_at, fire_at, queued_count, last_run_id, last_fired_at, created_by, version, created_at, updated_at */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialSchedule)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** createSchedule: Create a schedule */
  "POST /schedules": {
    params: never;
    query: never;
    body: NewSchedule;
    reply: Schedule;
  };
  /** previewSchedule: Try out a timing */
  "POST /schedules/preview": {
    params: never;
    query: never;
    body: SchedulePreview;
    reply: DueTimes;
  };
  /** getSchedule: Get a schedule */
  "GET /schedules/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: Schedule;
  };
  /** updateSchedule: Change a schedule */
  "PATCH /schedules/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: ScheduleChanges;
    reply: Schedule;
  };
  /** deleteSchedule: Delete a schedule */
  "DELETE /schedules/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: undefined;
  };
  /** triggerSchedule: Trigger a schedule now */
  "POST /schedules/{id}/trigger": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: TriggeredSchedule;
  };
  /** listNextRuns: Preview the next runs */
  "GET /schedules/{id}/next": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: {
      /** How many, 1 to 100 */
      "count"?: number;
    };
    body: never;
    reply: DueTimes;
  };
  /** listScheduleHistory: List what became of due times */
  "GET /schedules/{id}/history": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "scheduled_for" | "-scheduled_for";
      "outcome"?: "started" | "queued" | "skipped_overlap" | "skipped_missed" | "refused";
      "is_manual"?: "true" | "false";
      /** At this moment or later */
      "scheduled_after"?: string | number | boolean | readonly string[];
      /** Before this moment */
      "scheduled_before"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `scheduled_for`: scheduled_for, fired_at, outcome, reason, run_id, is_manual, triggered_by */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialScheduleFiring)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** listSecrets: List secrets */
  "GET /secrets": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?:
        | "created_at"
        | "-created_at"
        | "name"
        | "-name"
        | "updated_at"
        | "-updated_at"
        | "rotated_at"
        | "-rotated_at";
      /** At this moment or later */
      "created_after"?: string | number | boolean | readonly string[];
      /** Before this moment */
      "created_before"?: string | number | boolean | readonly string[];
      /** Before this moment */
      "expires_before"?: string | number | boolean | readonly string[];
      /** Only those whose name or description holds this text, whatever its case; no character is special */
      "q"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `id`: id, organization_id, name, description, current_version, expires_at, rotate_after_days, rotated_at, last_used_at, created_by, version, created_at, updated_at */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialSecret)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** createSecret: Create a secret */
  "POST /secrets": {
    params: never;
    query: never;
    body: NewSecret;
    reply: Secret;
  };
  /** getSecret: Get a secret */
  "GET /secrets/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: Secret;
  };
  /** updateSecret: Rename or describe a secret */
  "PATCH /secrets/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: SecretChanges;
    reply: Secret;
  };
  /** deleteSecret: Delete a secret */
  "DELETE /secrets/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: {
      /** `true` deletes it although flows use it: their steps fail with `secret_missing` */
      "force"?: "true" | "false";
    };
    body: never;
    reply: undefined;
  };
  /** setSecretValue: Set a new value */
  "PUT /secrets/{id}/value": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: NewSecretValue;
    reply: Secret;
  };
  /** revealSecret: Show the value of a secret */
  "POST /secrets/{id}/reveal": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: {
      /** The number of the version; the current one when absent */
      version?: number;
    } | undefined;
    reply: RevealedSecret;
  };
  /** listSecretFlows: List the flows that use a secret */
  "GET /secrets/{id}/flows": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "name" | "-name";
      /** Only those whose name holds this text, whatever its case; no character is special */
      "q"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `id`: id, name */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialSecretFlow)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** listSecretAccesses: List who read a secret */
  "GET /secrets/{id}/accesses": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "minute" | "-minute";
      "kind"?: "run" | "reveal";
      /** Only what a run read */
      "run_id"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `id`: id, number, kind, run_id, node_id, user_id, key_id, minute, uses, last_at */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialSecretAccess)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** listSecretVersions: List the versions of a secret */
  "GET /secrets/{id}/versions": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "number" | "-number";
      /** Only these, separated by commas, and `number`: number, is_current, key_id, created_by, created_at, destroyed_at */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialSecretVersion)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** restoreSecretVersion: Restore a value */
  "POST /secrets/{id}/versions/{number}/restore": {
    params: {
      "id": string | number | boolean | readonly string[];
      /** The number of the version */
      "number": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: Secret;
  };
  /** destroySecretVersion: Destroy a value */
  "DELETE /secrets/{id}/versions/{number}": {
    params: {
      "id": string | number | boolean | readonly string[];
      /** The number of the version */
      "number": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: undefined;
  };
  /** listMails: List mails */
  "GET /email/mails": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "created_at" | "-created_at";
      "status"?:
        | "queued"
        | "sending"
        | "sent"
        | "delivered"
        | "bounced"
        | "complained"
        | "failed"
        | "suppressed"
        | "cancelled"
        | "expired";
      "template"?:
        | "welcome"
        | "verification"
        | "magic_link"
        | "password_reset"
        | "security_notice"
        | "invitation"
        | "usage_alert"
        | "weekly_digest"
        | "receipt"
        | "payment_failed"
        | "alert"
        | "approval_request"
        | "endpoint_disabled"
        | "secret_warning"
        | "trial_ending";
      "category"?: "transactional" | "alerts" | "digests" | "product";
      /** Only those whose to_address or subject holds this text, whatever its case; no character is special */
      "q"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `id`: id, organization_id, template, category, key, to_address, subject, status, priority, scheduled_for, expires_at, attempts, provider, provider_message_id, error, opens, clicks, delivered_at, opened_at, clicked_at, resent_from, created_at, sent_at, ended_at */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialMail)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** getMail: Get a mail */
  "GET /email/mails/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: Mail;
  };
  /** cancelMail: Cancel a mail */
  "POST /email/mails/{id}/cancel": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: Mail;
  };
  /** resendMail: Send a mail once more */
  "POST /email/mails/{id}/resend": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: Mail;
  };
  /** listMailTemplates: List mail templates */
  "GET /email/templates": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "name" | "-name";
      "category"?: "transactional" | "alerts" | "digests" | "product";
      /** Only those whose name or description holds this text, whatever its case; no character is special */
      "q"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `name`: name, description, category, subject, schema, example */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialMailTemplate)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** previewMailTemplate: Preview a mail template */
  "GET /email/templates/{name}/preview": {
    params: {
      "name": string | number | boolean | readonly string[];
    };
    query: {
      "format"?: "html" | "text";
      /** To see what the brand would look like with it */
      "brand_name"?: string | number | boolean | readonly string[];
      /** The same */
      "logo_url"?: string | number | boolean | readonly string[];
      /** The same; with `%23` for the number sign */
      "color"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: string;
  };
  /** testMailTemplate: Send yourself a mail */
  "POST /email/templates/{name}/test": {
    params: {
      "name": string | number | boolean | readonly string[];
    };
    query: never;
    body: MailTest;
    reply: MailTestReply;
  };
  /** getMailSettings: Get the mail settings */
  "GET /email/settings": {
    params: never;
    query: never;
    body: never;
    reply: MailSettings;
  };
  /** updateMailSettings: Change the mail settings */
  "PATCH /email/settings": {
    params: never;
    query: never;
    body: MailSettingsChanges;
    reply: MailSettings;
  };
  /** receiveAuthHook: Send a mail of Supabase Auth */
  "POST /email/auth-hook": {
    params: never;
    query: never;
    body: never;
    reply: Record<string, unknown>;
  };
  /** receiveMailEvent: Hear what became of mails */
  "POST /email/webhooks": {
    params: never;
    query: never;
    body: never;
    reply: MailEventReceipt;
  };
  /** listMailEvents: List what happened to a mail */
  "GET /email/mails/{id}/events": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "received_at" | "-received_at";
      "type"?:
        | "sent"
        | "delivered"
        | "delayed"
        | "bounced"
        | "complained"
        | "opened"
        | "clicked"
        | "failed"
        | "suppressed";
      /** Only these, separated by commas, and `id`: id, type, detail, occurred_at, received_at */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialMailEvent)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** getMailStats: Get what became of mails */
  "GET /email/stats": {
    params: never;
    query: {
      /** Days to look back, with today */
      "days"?: number;
      /** Only mails of this template */
      "template"?:
        | "welcome"
        | "verification"
        | "magic_link"
        | "password_reset"
        | "security_notice"
        | "invitation"
        | "usage_alert"
        | "weekly_digest"
        | "receipt"
        | "payment_failed"
        | "alert"
        | "approval_request"
        | "endpoint_disabled"
        | "secret_warning"
        | "trial_ending";
    };
    body: never;
    reply: MailStats;
  };
  /** listMailSuppressions: List who gets no mails */
  "GET /email/suppressions": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "created_at" | "-created_at";
      "reason"?: "bounced" | "complained" | "manual" | "unsubscribed";
      "scope"?: "everything" | "optional" | "alerts" | "digests" | "product";
      /** Only those whose address holds this text, whatever its case; no character is special */
      "q"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `id`: id, organization_id, address, scope, reason, note, mail_id, created_by, created_at */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialMailSuppression)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** createMailSuppression: Send somebody no mails */
  "POST /email/suppressions": {
    params: never;
    query: never;
    body: NewMailSuppression;
    reply: MailSuppression;
  };
  /** deleteMailSuppression: Send somebody mails again */
  "DELETE /email/suppressions/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: undefined;
  };
  /** getMailPreferences: Get which mails you want */
  "GET /email/preferences": {
    params: never;
    query: never;
    body: never;
    reply: MailPreferences;
  };
  /** updateMailPreferences: Choose which mails you want */
  "PATCH /email/preferences": {
    params: never;
    query: never;
    body: MailPreferenceChanges;
    reply: MailPreferences;
  };
  /** showUnsubscribe: Ask whether to unsubscribe */
  "GET /email/unsubscribe/{token}": {
    params: {
      "token": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: MailReceiver;
  };
  /** unsubscribe: Unsubscribe with one click */
  "POST /email/unsubscribe/{token}": {
    params: {
      "token": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: MailReceiver;
  };
  /** showMailPreferences: Show which mails a receiver gets */
  "GET /email/preferences/{token}": {
    params: {
      "token": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: MailReceiver;
  };
  /** saveMailPreferences: Choose which mails a receiver gets */
  "POST /email/preferences/{token}": {
    params: {
      "token": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: MailReceiver;
  };
  /** listJobs: List jobs */
  "GET /jobs": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "created_at" | "-created_at";
      /** One or more states, separated by commas */
      "status"?: string | (string)[];
      /** One or more types, separated by commas */
      "type"?: string | (string)[];
      /** The code of its error */
      "code"?: string | number | boolean | readonly string[];
      /** Enqueued at this moment or later */
      "created_after"?: string | number | boolean | readonly string[];
      /** Enqueued before this moment */
      "created_before"?: string | number | boolean | readonly string[];
      /** true = the steps that runs are at too */
      "steps"?: "true" | "false";
      /** Only these, separated by commas, and `id`: id, organization_id, type, status, priority, attempts, max_attempts, scheduled_for, started_at, completed_at, error_message, created_at, progress, cancel_requested_at, error, unique_key, concurrency_key, expires_at, worker_id, run_id, replay_of, replayed_as */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialJobSummary)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** enqueueJobs: Enqueue jobs */
  "POST /jobs": {
    params: never;
    query: never;
    body: NewJobs;
    reply: EnqueuedJobs;
  };
  /** getQueueStats: Get the numbers of the queue */
  "GET /jobs/stats": {
    params: never;
    query: {
      /** How far back throughput and series go */
      "minutes"?: number;
    };
    body: never;
    reply: QueueStats;
  };
  /** listDeadLetters: List dead letters */
  "GET /jobs/dead-letters": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "created_at" | "-created_at";
      /** One or more types, separated by commas */
      "type"?: string | (string)[];
      /** The code of its error */
      "code"?: string | number | boolean | readonly string[];
      /** Enqueued at this moment or later */
      "created_after"?: string | number | boolean | readonly string[];
      /** Enqueued before this moment */
      "created_before"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `id`: id, organization_id, type, status, priority, attempts, max_attempts, scheduled_for, started_at, completed_at, error_message, created_at, progress, cancel_requested_at, error, unique_key, concurrency_key, expires_at, worker_id, run_id, replay_of, replayed_as */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialJobSummary)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** replayDeadLetters: Replay dead letters */
  "POST /jobs/dead-letters/replay": {
    params: never;
    query: never;
    body: DeadLetterReplay;
    reply: DeadLetterReplayResult;
  };
  /** discardDeadLetters: Discard dead letters */
  "POST /jobs/dead-letters/discard": {
    params: never;
    query: never;
    body: DeadLetterDiscard;
    reply: DeadLetterDiscardResult;
  };
  /** discardDeadLetter: Discard a dead letter */
  "DELETE /jobs/dead-letters/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: undefined;
  };
  /** listTasks: List system tasks */
  "GET /jobs/tasks": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "name" | "-name";
      /** sql = a function of the database; job = a job for a worker */
      "kind"?: "sql" | "job";
      "is_enabled"?: "true" | "false";
      /** Only those whose name or description holds this text, whatever its case; no character is special */
      "q"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `name`: name, description, kind, handler, cron, default_cron, depends_on, is_enabled, is_scheduled, next_run_at, timeout_seconds, alert_after, state, reason, last_run, last_completed_at, failures, alert */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialSystemTask)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** updateTask: Change when a system task runs */
  "PATCH /jobs/tasks/{name}": {
    params: {
      "name": string | number | boolean | readonly string[];
    };
    query: never;
    body: SystemTaskChanges;
    reply: SystemTask;
  };
  /** listTaskHistory: List the runs of a system task */
  "GET /jobs/tasks/{name}/history": {
    params: {
      "name": string | number | boolean | readonly string[];
    };
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "created_at" | "-created_at";
      /** One or more states, separated by commas */
      "status"?: string | (string)[];
      /** One or more of what starts it, separated by commas */
      "trigger"?: string | (string)[];
      /** Only these, separated by commas, and `id`: id, name, status, trigger, reason, attempt, job_id, result, error, created_at, started_at, finished_at */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialTaskRun)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** runTask: Run a system task by hand */
  "POST /jobs/tasks/{name}/run": {
    params: {
      "name": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: TaskRun;
  };
  /** getJob: Get a job */
  "GET /jobs/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: Job;
  };
  /** cancelJob: Cancel a job */
  "POST /jobs/{id}/cancel": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: Job;
  };
  /** retryJob: Retry a job */
  "POST /jobs/{id}/retry": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: Job;
  };
  /** runJobNow: Run a job now */
  "POST /jobs/{id}/run": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: Job;
  };
  /** listKeys: List API keys */
  "GET /keys": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "created_at" | "-created_at" | "name" | "-name" | "updated_at" | "-updated_at";
      /** Which of its own systems the holder uses the key in. Both reach the same data */
      "mode"?: "live" | "test";
      /** Only those that are revoked, or only those that are not */
      "revoked"?: "true" | "false";
      /** At this moment or later */
      "created_after"?: string | number | boolean | readonly string[];
      /** Before this moment */
      "created_before"?: string | number | boolean | readonly string[];
      /** Before this moment */
      "expires_before"?: string | number | boolean | readonly string[];
      /** Only those whose name holds this text, whatever its case; no character is special */
      "q"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `id`: id, organization_id, name, mode, prefix, last_four, status, scopes, ip_allow, requests_per_minute, request_burst, expires_at, revoked_at, rotated_from, rotated_at, last_used_at, created_by, version, created_at, updated_at */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialApiKey)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** createKey: Create an API key */
  "POST /keys": {
    params: never;
    query: never;
    body: NewApiKey;
    reply: ShownApiKey;
  };
  /** getKey: Get an API key */
  "GET /keys/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: ApiKey;
  };
  /** updateKey: Change an API key */
  "PATCH /keys/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: ApiKeyChanges;
    reply: ApiKey;
  };
  /** revokeKey: Revoke an API key */
  "DELETE /keys/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: undefined;
  };
  /** rotateKey: Rotate an API key */
  "POST /keys/{id}/rotate": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: ApiKeyRotation | undefined;
    reply: ShownApiKey;
  };
  /** getBilling: Get plan, subscription and next invoice */
  "GET /billing": {
    params: never;
    query: never;
    body: never;
    reply: Billing;
  };
  /** listPlans: List plans and their prices */
  "GET /billing/plans": {
    params: never;
    query: never;
    body: never;
    reply: PricedPlans;
  };
  /** openCheckout: Buy a plan */
  "POST /billing/checkout": {
    params: never;
    query: never;
    body: CheckoutOrder;
    reply: CheckoutPage;
  };
  /** openPortal: Open Stripe's portal */
  "POST /billing/portal": {
    params: never;
    query: never;
    body: {
      /** `/billing` of the frontend when absent */
      return_url?: string;
    };
    reply: PortalPage;
  };
  /** previewPlanChange: See what another plan would come to */
  "POST /billing/preview": {
    params: never;
    query: never;
    body: PlanChoice;
    reply: PlanChangePreview;
  };
  /** changePlan: Change the plan */
  "POST /billing/change": {
    params: never;
    query: never;
    body: PlanChange;
    reply: PlanChanged;
  };
  /** cancelSubscription: Cancel the subscription */
  "POST /billing/cancel": {
    params: never;
    query: never;
    body: Cancellation;
    reply: SubscriptionNow;
  };
  /** resumeSubscription: Take a cancellation back */
  "POST /billing/resume": {
    params: never;
    query: never;
    body: never;
    reply: SubscriptionNow;
  };
  /** listTaxIds: List tax ids */
  "GET /billing/tax-ids": {
    params: never;
    query: never;
    body: never;
    reply: TaxIds;
  };
  /** addTaxId: Add a tax id */
  "POST /billing/tax-ids": {
    params: never;
    query: never;
    body: NewTaxId;
    reply: TaxId;
  };
  /** removeTaxId: Remove a tax id */
  "DELETE /billing/tax-ids/{taxId}": {
    params: {
      "taxId": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: undefined;
  };
  /** getUsage: Get what the organization used */
  "GET /billing/usage": {
    params: never;
    query: {
      /** The first day, UTC; 30 days back when absent */
      "from"?: string | number | boolean | readonly string[];
      /** The last day, UTC; today when absent. 401 days at most */
      "to"?: string | number | boolean | readonly string[];
      "group_by"?: "day" | "flow" | "node" | "model";
      /** Only what this flow used */
      "flow_id"?: string | number | boolean | readonly string[];
      /** Of flows, nodes or models: how many, those that cost most first. Days are all there */
      "limit"?: number;
    };
    body: never;
    reply: Usage;
  };
  /** listBudgets: List budgets */
  "GET /billing/budgets": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "created_at" | "-created_at" | "name" | "-name" | "amount" | "-amount" | "updated_at" | "-updated_at";
      /** `cost` and `ai_tokens` of calls of models; `runs`; `steps` */
      "meter"?: "cost" | "ai_tokens" | "runs" | "steps";
      "flow_id"?: string | number | boolean | readonly string[];
      /** Only those whose name holds this text, whatever its case; no character is special */
      "q"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `id`: id, organization_id, flow_id, name, meter, period, amount, on_limit, is_enabled, created_by, version, created_at, updated_at */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: ({
        id: string;
        organization_id?: string;
        flow_id?: string | null;
        name?: string;
        /** `cost` and `ai_tokens` of calls of models; `runs`; `steps` */
        meter?: "cost" | "ai_tokens" | "runs" | "steps";
        /** It begins anew each day or month, at midnight UTC */
        period?: "day" | "month";
        /** How much may be used in a period. Of `cost` in millionths of a US dollar: 50 dollars are 50000000 */
        amount?: number;
        /** `stop` = a call of a model that does not fit any more fails before it is made. `warn` = people are told, and nothing is stopped. Runs and steps are counted afterwards: they can only warn */
        on_limit?: "stop" | "warn";
        is_enabled?: boolean;
        created_by?: string | null;
        /** Raised by every change; the ETag. Use is no change */
        version?: number;
        created_at?: string;
        updated_at?: string;
      })[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** createBudget: Create a budget */
  "POST /billing/budgets": {
    params: never;
    query: never;
    body: NewBudget;
    reply: Budget;
  };
  /** getBudget: Get a budget */
  "GET /billing/budgets/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: Budget;
  };
  /** updateBudget: Change a budget */
  "PATCH /billing/budgets/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: BudgetChanges;
    reply: Budget;
  };
  /** deleteBudget: Delete a budget */
  "DELETE /billing/budgets/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: undefined;
  };
  /** listInvoices: List invoices */
  "GET /billing/invoices": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "created_at" | "-created_at";
      /** open = to be paid; uncollectible = given up; void = taken back */
      "status"?: "draft" | "open" | "paid" | "uncollectible" | "void";
      /** At this moment or later */
      "created_from"?: string | number | boolean | readonly string[];
      /** Before this moment */
      "created_before"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `stripe_invoice_id`: stripe_invoice_id, stripe_subscription_id, number, status, billing_reason, collection_method, currency, subtotal, tax, total, amount_due, amount_paid, amount_refunded, attempt_count, next_payment_attempt, period_start, period_end, hosted_invoice_url, invoice_pdf, payment_method, failure_reason, dispute_status, lines, created_at, finalized_at, due_at, paid_at, synced_at */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialInvoice)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** getInvoice: Get an invoice */
  "GET /billing/invoices/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: Invoice;
  };
  /** refundInvoice: Give back what was paid of an invoice */
  "POST /billing/invoices/{id}/refund": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: InvoiceRefund;
    reply: Invoice;
  };
  /** receiveStripeWebhook: Receive an event of Stripe */
  "POST /billing/webhooks": {
    params: never;
    query: never;
    body: never;
    reply: StripeReceipt;
  };
  /** getMe: Get yourself */
  "GET /orgs/me": {
    params: never;
    query: never;
    body: never;
    reply: Me;
  };
  /** syncProfile: Sync your profile */
  "POST /orgs/sync": {
    params: never;
    query: never;
    body: {
      /** Left as it is when absent */
      display_name?: string;
    } | undefined;
    reply: Profile;
  };
  /** listRoles: List the roles and what each may do */
  "GET /orgs/roles": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "rank" | "-rank" | "role" | "-role";
      /** Only these, separated by commas, and `role`: role, rank, permissions */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialRoleInfo)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** listOwnInvitations: List the invitations to you */
  "GET /orgs/invitations": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "created_at" | "-created_at" | "expires_at" | "-expires_at";
      "role"?: "owner" | "admin" | "developer" | "member" | "viewer" | "guest";
      /** Only these, separated by commas, and `id`: id, organization, role, invited_by, expires_at, created_at */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialOwnInvitation)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** acceptInvitation: Accept an invitation */
  "POST /orgs/invitations/accept": {
    params: never;
    query: never;
    body: InvitationChoice;
    reply: Organization;
  };
  /** declineInvitation: Decline an invitation */
  "POST /orgs/invitations/decline": {
    params: never;
    query: never;
    body: InvitationChoice;
    reply: undefined;
  };
  /** listOrganizations: List your organizations */
  "GET /orgs": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "created_at" | "-created_at" | "name" | "-name";
      /** Only those whose name or slug holds this text, whatever its case; no character is special */
      "q"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `id`: id, name, slug, plan, role, suspended, suspended_reason, deletes_at, version, created_at, updated_at */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialOrganization)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** createOrganization: Create an organization */
  "POST /orgs": {
    params: never;
    query: never;
    body: NewOrganization;
    reply: Organization;
  };
  /** getOrganization: Get an organization */
  "GET /orgs/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: Organization;
  };
  /** updateOrganization: Change an organization */
  "PATCH /orgs/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: OrganizationChanges;
    reply: Organization;
  };
  /** deleteOrganization: Delete an organization */
  "DELETE /orgs/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: Organization;
  };
  /** restoreOrganization: Cancel the deletion of an organization */
  "POST /orgs/{id}/restore": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: Organization;
  };
  /** transferOrganization: Transfer an organization */
  "POST /orgs/{id}/transfer": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: {
      /** A member of it */
      user_id: string;
      /** What you become */
      own_role?: "owner" | "admin" | "developer" | "member" | "viewer" | "guest";
    };
    reply: Organization;
  };
  /** leaveOrganization: Leave an organization */
  "POST /orgs/{id}/leave": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: undefined;
  };
  /** suspendOrganization: Suspend an organization */
  "POST /orgs/{id}/suspend": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: {
      /** Its members read it */
      reason?: string;
    } | undefined;
    reply: OperatedOrganization;
  };
  /** resumeOrganization: End the suspension of an organization */
  "POST /orgs/{id}/resume": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: OperatedOrganization;
  };
  /** getOrganizationUsage: Get how much of its plan an organization uses */
  "GET /orgs/{id}/usage": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: OrganizationUsage;
  };
  /** listMembers: List the members of an organization */
  "GET /orgs/{id}/members": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "created_at" | "-created_at";
      /** Only those with this role */
      "role"?: "owner" | "admin" | "developer" | "member" | "viewer" | "guest";
      /** Only these, separated by commas, and `user_id`: user_id, role, email, display_name, created_at, version */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialMember)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** changeMemberRole: Change the role of a member */
  "PATCH /orgs/{id}/members/{userId}": {
    params: {
      "id": string | number | boolean | readonly string[];
      "userId": string | number | boolean | readonly string[];
    };
    query: never;
    body: {
      role: "owner" | "admin" | "developer" | "member" | "viewer" | "guest";
    };
    reply: Member;
  };
  /** removeMember: Remove a member */
  "DELETE /orgs/{id}/members/{userId}": {
    params: {
      "id": string | number | boolean | readonly string[];
      "userId": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: undefined;
  };
  /** listInvitations: List the invitations of an organization */
  "GET /orgs/{id}/invitations": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "created_at" | "-created_at" | "expires_at" | "-expires_at";
      /** Only those in this state; `open` = those that can be accepted now */
      "status"?: "open" | "accepted" | "declined" | "revoked" | "expired";
      "role"?: "owner" | "admin" | "developer" | "member" | "viewer" | "guest";
      "email"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `id`: id, organization_id, email, role, status, expires_at, mails, mailed_at, created_by, accepted_by, ended_at, version, created_at, updated_at */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialInvitation)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** createInvitation: Invite somebody into an organization */
  "POST /orgs/{id}/invitations": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: NewInvitation;
    reply: Invitation;
  };
  /** resendInvitation: Send an invitation again */
  "POST /orgs/{id}/invitations/{invitationId}/resend": {
    params: {
      "id": string | number | boolean | readonly string[];
      "invitationId": string | number | boolean | readonly string[];
    };
    query: never;
    body: {
      /** Days for which it is open */
      expires_in_days?: number;
    } | undefined;
    reply: Invitation;
  };
  /** revokeInvitation: Revoke an invitation */
  "DELETE /orgs/{id}/invitations/{invitationId}": {
    params: {
      "id": string | number | boolean | readonly string[];
      "invitationId": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: undefined;
  };
  /** listWorkspaces: List the workspaces of an organization */
  "GET /orgs/{id}/workspaces": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "created_at" | "-created_at" | "name" | "-name";
      "is_default"?: "true" | "false";
      /** Only those whose name holds this text, whatever its case; no character is special */
      "q"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `id`: id, organization_id, name, is_default, version, created_at, updated_at */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialWorkspace)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** createWorkspace: Create a workspace */
  "POST /orgs/{id}/workspaces": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: {
      name: string;
    };
    reply: Workspace;
  };
  /** listSecurityEvents: List security events of an organization, newest first */
  "GET /orgs/{id}/security-events": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "at" | "-at";
      /** Only of this kind */
      "kind"?:
        | "credential.refused"
        | "permission.denied"
        | "id.probed"
        | "mfa.required"
        | "signature.refused"
        | "address.refused"
        | "limit.blocked"
        | "key.suspended"
        | "ip.blocked"
        | "ip.unblocked";
      /** Only by this person */
      "user_id"?: string | number | boolean | readonly string[];
      /** Only by this API key */
      "key_id"?: string | number | boolean | readonly string[];
      /** Only from this address or network */
      "ip"?: string | number | boolean | readonly string[];
      /** Only at this time or later */
      "after"?: string | number | boolean | readonly string[];
      /** Only before this time */
      "before"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `id`: id, kind, organization_id, user_id, key_id, ip, agent, request_id, occurrences, details, at */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialSecurityEvent)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** setMfaPolicy: Say when members need a second factor */
  "PUT /orgs/{id}/mfa-policy": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: {
      require_mfa: "off" | "sensitive" | "always";
    };
    reply: MfaPolicy;
  };
  /** updateWorkspace: Change a workspace */
  "PATCH /orgs/{id}/workspaces/{workspaceId}": {
    params: {
      "id": string | number | boolean | readonly string[];
      "workspaceId": string | number | boolean | readonly string[];
    };
    query: never;
    body: {
      name?: string;
      /** true = flows that name no workspace go here */
      is_default?: boolean;
    };
    reply: Workspace;
  };
  /** deleteWorkspace: Delete a workspace */
  "DELETE /orgs/{id}/workspaces/{workspaceId}": {
    params: {
      "id": string | number | boolean | readonly string[];
      "workspaceId": string | number | boolean | readonly string[];
    };
    query: {
      /** The workspace of the same organization that its flows go to */
      "move_flows_to"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: undefined;
  };
  /** listLimitOverrides: List limits that were given by hand */
  "GET /admin/limits/overrides": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "subject" | "-subject" | "created_at" | "-created_at";
      "subject_kind"?: "user" | "key" | "org" | "ip" | "operation";
      /** The id; for `ip` and `refused` the address; for `operation` the operation's id */
      "subject_id"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `id`: id, subject_kind, subject_id, scope, request_limit, window_seconds, burst, reason, expires_at, created_by, created_at */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialLimitOverride)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** setLimitOverride: Give a user, key, organization, address or operation a limit of its own */
  "PUT /admin/limits/overrides": {
    params: never;
    query: never;
    body: {
      subject_kind: "user" | "key" | "org" | "ip" | "operation";
      /** The id; for `ip` and `refused` the address; for `operation` the operation's id */
      subject_id: string;
      /** A route class (`read`, `write`, `run`, `default`) or an operation; `*` = every bucket of the subject */
      scope?: string;
      /** Requests per window */
      request_limit: number;
      window_seconds?: number;
      /** How many may come at once; the limit when absent */
      burst?: number;
      /** Why, for people */
      reason: string;
      expires_at?: string | null;
    };
    reply: LimitOverride;
  };
  /** removeLimitOverride: Take a limit that was given by hand away */
  "DELETE /admin/limits/overrides": {
    params: never;
    query: {
      "subject_kind": "user" | "key" | "org" | "ip" | "operation";
      /** The id; for `ip` and `refused` the address; for `operation` the operation's id */
      "subject_id": string | number | boolean | readonly string[];
      /** A route class (`read`, `write`, `run`, `default`) or an operation; `*` = every bucket of the subject */
      "scope"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: undefined;
  };
  /** listLimitBuckets: Look at somebody's rate limits */
  "GET /admin/limits/buckets": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "key" | "-key";
      "subject_kind": "user" | "key" | "org" | "ip" | "hook" | "refused";
      /** The id; for `ip` and `refused` the address; for `operation` the operation's id */
      "subject_id": string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `key`: key, burst, full_in_seconds, refused, refused_at, strikes, blocked_until */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialLimitBucket)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** resetLimitBuckets: Fill somebody's buckets and end their blocks */
  "POST /admin/limits/buckets/reset": {
    params: never;
    query: never;
    body: {
      subject_kind: "user" | "key" | "org" | "ip" | "hook" | "refused";
      /** The id; for `ip` and `refused` the address; for `operation` the operation's id */
      subject_id: string;
    };
    reply: {
      reset: number;
    };
  };
  /** listIpBlocks: List the networks that are blocked, newest first */
  "GET /admin/ip-blocks": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "created_at" | "-created_at";
      /** Only those that came by themselves, or only those by hand */
      "is_automatic"?: "true" | "false";
      /** Only those that lie in this network or hold it */
      "network"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `id`: id, network, reason, blocked_until, is_automatic, created_by, created_at */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialIpBlock)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** setIpBlock: Block a network, or change its block */
  "PUT /admin/ip-blocks": {
    params: never;
    query: never;
    body: {
      network: string;
      /** Why, for people */
      reason: string;
      /** Null = until it is lifted */
      blocked_until?: string | null;
    };
    reply: IpBlock;
  };
  /** liftIpBlock: Lift a block */
  "DELETE /admin/ip-blocks/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: undefined;
  };
  /** listAllSecurityEvents: List security events, newest first */
  "GET /admin/security-events": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "at" | "-at";
      /** Only of this kind */
      "kind"?:
        | "credential.refused"
        | "permission.denied"
        | "id.probed"
        | "mfa.required"
        | "signature.refused"
        | "address.refused"
        | "limit.blocked"
        | "key.suspended"
        | "ip.blocked"
        | "ip.unblocked";
      /** Only by this person */
      "user_id"?: string | number | boolean | readonly string[];
      /** Only by this API key */
      "key_id"?: string | number | boolean | readonly string[];
      /** Only from this address or network */
      "ip"?: string | number | boolean | readonly string[];
      /** Only at this time or later */
      "after"?: string | number | boolean | readonly string[];
      /** Only before this time */
      "before"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `id`: id, kind, organization_id, user_id, key_id, ip, agent, request_id, occurrences, details, at */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialSecurityEvent)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** getBlockingSettings: When addresses are blocked by themselves */
  "GET /admin/blocking-settings": {
    params: never;
    query: never;
    body: never;
    reply: BlockingSettings;
  };
  /** setBlockingSettings: Change when addresses are blocked by themselves */
  "PUT /admin/blocking-settings": {
    params: never;
    query: never;
    body: BlockingSettings;
    reply: BlockingSettings;
  };
  /** listAllFlags: List feature flags, by name */
  "GET /admin/flags": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "name" | "-name" | "updated_at" | "-updated_at";
      /** Only those whose name holds this text, whatever its case; no character is special */
      "q"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `name`: name, percentage, description, since_version, updated_at, rule_count */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialFlag)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** setFlag: Make a feature flag, or change it */
  "PUT /admin/flags": {
    params: never;
    query: never;
    body: {
      /** How many of a hundred organizations have it: always the same ones */
      percentage?: number;
      /** What it switches, for operators */
      description?: string;
      /** The first version of the API that has it; null = every version */
      since_version?: string | null;
      name: string;
    };
    reply: FlagWithRules;
  };
  /** getFlag: Get a feature flag and who has it */
  "GET /admin/flags/{name}": {
    params: {
      "name": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: FlagWithRules;
  };
  /** removeFlag: Remove a feature flag with its rules */
  "DELETE /admin/flags/{name}": {
    params: {
      "name": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: undefined;
  };
  /** setFlagRule: Give an organization a feature, or keep it from it */
  "PUT /admin/flags/{name}/organizations/{organizationId}": {
    params: {
      "name": string | number | boolean | readonly string[];
      "organizationId": string | number | boolean | readonly string[];
    };
    query: never;
    body: {
      is_on: boolean;
    };
    reply: FlagWithRules;
  };
  /** removeFlagRule: Take an organization's rule of a feature flag away */
  "DELETE /admin/flags/{name}/organizations/{organizationId}": {
    params: {
      "name": string | number | boolean | readonly string[];
      "organizationId": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: FlagWithRules;
  };
  /** listCacheUsage: How often replies came from memory */
  "GET /admin/cache": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "requests" | "-requests" | "hit_rate" | "-hit_rate" | "operation" | "-operation";
      /** From this day on, in UTC; a week back when absent */
      "from"?: string | number | boolean | readonly string[];
      /** Up to this day; today when absent */
      "to"?: string | number | boolean | readonly string[];
      "operation"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `operation`: operation, requests, hits, stale, joined, matched, misses, not_modified, hit_rate, first_day, last_day */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialCacheUsage)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** listAuditEvents: Search the audit log */
  "GET /audit": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "occurred_at" | "-occurred_at";
      /** Who did it */
      "actor"?: "user" | "key" | "service" | "system" | "anonymous";
      /** The person */
      "user_id"?: string | number | boolean | readonly string[];
      /** The API key */
      "key_id"?: string | number | boolean | readonly string[];
      /** Where it came from */
      "via"?: "function" | "data_api" | "sql";
      /** One or more actions, separated by commas; flow.* = all of flows */
      "action"?: string | (string)[];
      /** The kind of thing it was done to */
      "target_type"?: string | number | boolean | readonly string[];
      /** The thing it was done to */
      "target_id"?: string | number | boolean | readonly string[];
      /** The address, in any spelling */
      "ip"?: string | number | boolean | readonly string[];
      /** The request */
      "request_id"?: string | number | boolean | readonly string[];
      /** Only rows that hold this text in action, target, before, after or details, whatever its case */
      "q"?: string | number | boolean | readonly string[];
      /** At this moment or later */
      "from"?: string | number | boolean | readonly string[];
      /** Before this moment */
      "to"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `id`: id, organization_id, occurred_at, actor, user_id, key_id, auth, via, ip, agent, request_id, action, target_type, target_id, before, after, details */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialAuditEvent)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** exportAuditEvents: Export the audit log */
  "GET /audit/export": {
    params: never;
    query: {
      "format"?: "jsonl" | "csv";
      /** Who did it */
      "actor"?: "user" | "key" | "service" | "system" | "anonymous";
      /** The person */
      "user_id"?: string | number | boolean | readonly string[];
      /** The API key */
      "key_id"?: string | number | boolean | readonly string[];
      /** Where it came from */
      "via"?: "function" | "data_api" | "sql";
      /** One or more actions, separated by commas; flow.* = all of flows */
      "action"?: string | (string)[];
      /** The kind of thing it was done to */
      "target_type"?: string | number | boolean | readonly string[];
      /** The thing it was done to */
      "target_id"?: string | number | boolean | readonly string[];
      /** The address, in any spelling */
      "ip"?: string | number | boolean | readonly string[];
      /** The request */
      "request_id"?: string | number | boolean | readonly string[];
      /** Only rows that hold this text in action, target, before, after or details, whatever its case */
      "q"?: string | number | boolean | readonly string[];
      /** At this moment or later */
      "from"?: string | number | boolean | readonly string[];
      /** Before this moment */
      "to"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: string;
  };
  /** verifyAuditLog: Verify the audit log of the organization */
  "GET /audit/verify": {
    params: never;
    query: never;
    body: never;
    reply: AuditReport;
  };
  /** listAuditKeys: Get the keys that sign the audit log */
  "GET /audit/keys": {
    params: never;
    query: never;
    body: never;
    reply: {
      keys: ({
        kty: "OKP";
        crv: "Ed25519";
        x: string;
        kid: string;
        use: "sig";
        alg: "EdDSA";
        created_at: string;
        /** The key before it, which signed it */
        endorsed_by: string | null;
        endorsement: string | null;
      })[];
    };
  };
  /** listActivity: See what happened lately */
  "GET /audit/activity": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "occurred_at" | "-occurred_at";
      /** user = people themselves; key = API keys */
      "actor"?: "user" | "key";
      /** The person, by themselves or by an API key they made */
      "user_id"?: string | number | boolean | readonly string[];
      /** The API key */
      "key_id"?: string | number | boolean | readonly string[];
      /** One or more actions, separated by commas; flow.* = all of flows */
      "action"?: string | (string)[];
      /** The kinds of things it was done to, separated by commas. Of kinds you may not read nothing is shown */
      "target_type"?: string | (string)[];
      /** The thing it was done to */
      "target_id"?: string | number | boolean | readonly string[];
      /** At this moment or later */
      "from"?: string | number | boolean | readonly string[];
      /** Before this moment */
      "to"?: string | number | boolean | readonly string[];
      /** Only rows whose action, thing (its name then or now, or its id) or person holds this text, whatever its case */
      "q"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `id`: id, occurred_at, actor, user_id, user_name, key_id, key_name, action, target_type, target_id, target_name, changed, summary, link */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialActivity)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** sealAudit: Seal and sign what is new in the audit log */
  "POST /audit/seal": {
    params: never;
    query: never;
    body: never;
    reply: {
      sealed: number;
      signed: number;
    };
  };
  /** getAuditEvent: Get a row of the audit log */
  "GET /audit/{id}": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: {
      id: string;
      organization_id: string;
      occurred_at: string;
      actor: AuditActor;
      /** The person; for a key, who made it */
      user_id: string | null;
      key_id: string | null;
      auth: "jwt" | "key" | "secret_key" | "sql" | "none";
      via: AuditVia;
      ip: string | null;
      agent: string | null;
      request_id: string | null;
      action: string;
      target_type: string;
      target_id: string | null;
      /** What the changed columns held; null = nothing */
      before?: unknown;
      /** What they hold now. Secrets never; what is large as {cut, bytes, sha256} */
      after?: unknown;
      details?: Json;
      /** null = not sealed yet */
      seal: {
        number: number;
        /** Its place among all rows of the organization, from 1 */
        seq: number;
        sealed_at: string;
        signed_at: string | null;
      } | null;
    };
  };
  /** getAuditProof: Get what proves a row of the audit log */
  "GET /audit/{id}/proof": {
    params: {
      "id": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: AuditProof;
  };
  /** getHealth: Is all well */
  "GET /health": {
    params: never;
    query: never;
    body: never;
    reply: Health;
  };
  /** getLive: Is it running */
  "GET /health/live": {
    params: never;
    query: never;
    body: never;
    reply: {
      status: "ok";
    };
  };
  /** getReady: Can it work */
  "GET /health/ready": {
    params: never;
    query: never;
    body: never;
    reply: Health;
  };
  /** getDetailedHealth: What works and what does not */
  "GET /health/detailed": {
    params: never;
    query: never;
    body: never;
    reply: DetailedHealth;
  };
  /** wakeWorker: Wake a worker */
  "POST /worker/wake": {
    params: never;
    query: never;
    body: never;
    reply: WakeReply;
  };
  /** tick: Turn the clock */
  "POST /worker/tick": {
    params: never;
    query: never;
    body: never;
    reply: TickReport;
  };
  /** getDocsPage: The documentation as a page */
  "GET /docs": {
    params: never;
    query: never;
    body: never;
    reply: string;
  };
  /** getDocsFile: The documentation as one file */
  "GET /docs/millrace-docs.html": {
    params: never;
    query: never;
    body: never;
    reply: string;
  };
  /** getDocument: The OpenAPI document */
  "GET /docs/openapi.json": {
    params: never;
    query: never;
    body: never;
    reply: string;
  };
  /** getDocsPart: A part of the document */
  "GET /docs/parts/{name}": {
    params: {
      "name": string | number | boolean | readonly string[];
    };
    query: never;
    body: never;
    reply: string;
  };
  /** getApiInfo: What this API is */
  "GET /api": {
    params: never;
    query: never;
    body: never;
    reply: ApiInfo;
  };
  /** getVersionInfo: What version 1 of this API is */
  "GET /api/v1": {
    params: never;
    query: never;
    body: never;
    reply: ApiInfo;
  };
  /** getOpenApi: The OpenAPI document */
  "GET /api/v1/openapi.json": {
    params: never;
    query: never;
    body: never;
    reply: string;
  };
  /** getChangelog: The change log */
  "GET /api/v1/changelog": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "version" | "-version";
      /** Only those whose title holds this text, whatever its case; no character is special */
      "q"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `version`: version, title, changes, deprecated_at, sunset_at */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialApiVersionEntry)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** getApiVersion: Which version of the API you use */
  "GET /api/v1/version": {
    params: never;
    query: never;
    body: never;
    reply: ApiVersionChoice;
  };
  /** pinApiVersion: Pin a version of the API */
  "PUT /api/v1/version": {
    params: never;
    query: never;
    body: ApiVersionPin;
    reply: undefined;
  };
  /** listApiUsage: What was asked of the API */
  "GET /api/v1/usage": {
    params: never;
    query: {
      /** How many rows, 1 to 100 */
      "limit"?: number;
      /** next_cursor of the page before */
      "cursor"?: string | number | boolean | readonly string[];
      /** The order; - means descending */
      "sort"?: "requests" | "-requests" | "operation" | "-operation" | "version" | "-version";
      /** From this day on, in UTC; 30 days back when absent */
      "from"?: string | number | boolean | readonly string[];
      /** Up to this day; today when absent */
      "to"?: string | number | boolean | readonly string[];
      "version"?: string | number | boolean | readonly string[];
      "operation"?: string | number | boolean | readonly string[];
      "door"?: string | number | boolean | readonly string[];
      /** Only these, separated by commas, and `id`: id, version, operation, door, requests, errors, first_day, last_day */
      "fields"?: string | number | boolean | readonly string[];
    };
    body: never;
    reply: {
      data: (PartialApiUsage)[];
      /** Null on the last page */
      next_cursor: string | null;
    };
  };
  /** listFlags: Which features your organization has */
  "GET /api/v1/flags": {
    params: never;
    query: never;
    body: never;
    reply: Flags;
  };
}

const CREATING: ReadonlySet<OperationName> = new Set<OperationName>([
  "POST /flows",
  "POST /flows/import",
  "POST /flows/{id}/duplicate",
  "POST /flows/{id}/run",
  "POST /templates/{id}/use",
  "POST /runs",
  "POST /runs/execute",
  "POST /runs/bulk",
  "POST /runs/{id}/signals",
  "POST /runs/{id}/steps/{node_id}/retry",
  "POST /runs/{id}/retry",
  "POST /runs/{id}/rerun",
  "POST /runs/{id}/replay",
  "POST /entities",
  "POST /webhooks",
  "POST /webhooks/subscriptions",
  "POST /webhooks/subscriptions/{id}/test",
  "POST /webhooks/portal-tokens",
  "POST /webhooks/events/replay",
  "POST /webhooks/events/{eventId}/replay",
  "POST /schedules",
  "POST /schedules/{id}/trigger",
  "POST /secrets",
  "POST /email/suppressions",
  "POST /jobs",
  "POST /jobs/tasks/{name}/run",
  "POST /jobs/{id}/retry",
  "POST /keys",
  "POST /keys/{id}/rotate",
  "POST /billing/checkout",
  "POST /billing/change",
  "POST /billing/cancel",
  "POST /billing/resume",
  "POST /billing/tax-ids",
  "POST /billing/budgets",
  "POST /billing/invoices/{id}/refund",
  "POST /orgs",
  "POST /orgs/{id}/invitations",
  "POST /orgs/{id}/workspaces",
]);
