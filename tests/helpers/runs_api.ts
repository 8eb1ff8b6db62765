/**
 * Runs over HTTP: the function `runs`, as tests of it use it.
 *
 * @module
 */
import type { Graph, Json } from "../../shared/graph/mod.ts";
import { backgroundSettled, type Router } from "../../shared/http/mod.ts";
import type { ApiReply, ApiUser, TestApi } from "./api.ts";
import { type EffectServer, startEffectServer } from "./effect_server.ts";
import { draw, saveFlow, set } from "./flows.ts";
import type { expectProblem } from "./route_suite.ts";
import { withServedApi } from "./served_api.ts";

/** A run, as far as tests look at it. */
export interface RunBody {
  id: string;
  status: string;
  input: Json;
  output: Json;
  error: { code: string; message: string; node_id?: string } | null;
  retry_of: string | null;
  flow_id: string;
  flow_version_id: string;
  entity_id: string | null;
  pins: { [node: string]: Json } | null;
  finished_at: string | null;
  waiting_for: { reason: string; node_ids: string[]; until: string | null } | null;
  active: { node_id: string | null; status: string; attempt: number; last_error: string | null }[];
  steps: {
    id: string;
    node_id: string;
    scope: string;
    attempt: number;
    status: string;
    output: Json;
    started_at: string;
  }[];
  more_steps: boolean;
}

/** A page of a list. */
export interface Page<T> {
  data: T[];
  next_cursor: string | null;
}

type Problem = Parameters<typeof expectProblem>[0]["body"];

/** Runs `fn` with the function `runs`, whose router it is, and a user of it. */
export function withRuns(
  router: Router,
  fn: (api: TestApi, ada: ApiUser) => Promise<void>,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  return withServedApi([router], async (api) => await fn(api, await api.createUser()), { env });
}

/** A flow that greets. */
export const HELLO = draw({ t: ["trigger.manual"], a: set({ text: "Hello {{ trigger.name }}" }) }, "t>a");

/** As {@link withRuns}, with the flow {@link HELLO} of the user's. */
export function withFlow(
  router: Router,
  fn: (api: TestApi, ada: ApiUser, flowId: string) => Promise<void>,
): Promise<void> {
  return withRuns(router, async (api, ada) => await fn(api, ada, await saveFlow(api, ada, HELLO)));
}

/** As {@link withRuns}, with a server that flows may call. */
export async function withEffects(
  router: Router,
  answer: Parameters<typeof startEffectServer>[0],
  fn: (api: TestApi, ada: ApiUser, server: EffectServer) => Promise<void>,
): Promise<void> {
  const server = startEffectServer(answer);
  try {
    await withRuns(router, (api, ada) => fn(api, ada, server), { EGRESS_ALLOW: server.host });
  } finally {
    await server.stop();
  }
}

/** Posts, and waits until this isolate has nothing left to run. */
export async function post<T>(caller: ApiUser, path: string, body?: unknown): Promise<ApiReply<T & Problem>> {
  const reply = await caller.post<T & Problem>(path, body);
  await backgroundSettled();
  return reply;
}

/** Starts a run of a new flow; gives its id once it has gone as far as it can. */
export async function begin(api: TestApi, ada: ApiUser, graph: Graph, input: Json = {}): Promise<string> {
  const flow_id = await saveFlow(api, ada, graph);
  return (await post<RunBody>(ada, "/runs", { flow_id, input })).body.id;
}

/** A run with its steps. */
export async function read(ada: ApiUser, run: string): Promise<RunBody> {
  return (await ada.get<RunBody>(`/runs/${run}`)).body;
}

/** Turns the clock. */
export async function tick(api: TestApi): Promise<void> {
  await api.db.sql`select engine.tick()`;
}
