/**
 * The demo: does the project's main job before one's eyes, through its public API only.
 *
 * @module
 */
import { heading, style } from "../terminal.ts";
import { Api, ApiError } from "./api.ts";
import { signedEvent } from "./events.ts";
import { type DemoFlow, demoFlows } from "./flows.ts";
import type { OutsideWorld } from "./outside_world.ts";
import { type DemoEndpoint, type DemoState, loadState, saveState } from "./state.ts";
import { watchRun } from "./watch_run.ts";

/** Options of {@linkcode runDemo}. */
export interface DemoOptions {
  /** The project's address. */
  url: string;
  publishableKey: string;
  outside: OutsideWorld;
  /** Folder that remembers what was made and takes the bodies of the curl lines. */
  dataFolder: string;
}

/** A webhook endpoint, as far as the demo reads it. */
interface Endpoint {
  id: string;
  /** Its public address. */
  url: string;
  secret: string;
}

/** The demo's user: everything is on this machine, so the password is no secret. */
export const DEMO_USER = { email: "demo@example.com", password: "millrace-demo" };

/**
 * Signs in, makes the flows and their webhooks where they are missing, delivers an event to each and shows the runs.
 *
 * @returns whether both runs completed
 */
export async function runDemo(options: DemoOptions): Promise<boolean> {
  heading("A user signs in");
  const api = new Api(options.url, options.publishableKey, `${options.dataFolder}/demo`);
  const state = await loadState(options.dataFolder, 0);
  api.signInWith(await signIn(api, state));
  await showOrganization(api);
  state.outsidePort = Number(new URL(options.outside.url).port);

  let completed = true;
  for (const flow of demoFlows(options.outside.url)) {
    heading(flow.name);
    console.log(`  ${flow.description}`);
    const flowId = await ensureFlow(api, flow);
    const endpoint = await ensureEndpoint(api, flow, flowId, state.endpoints[flow.provider]);
    state.endpoints[flow.provider] = { flowId, endpointId: endpoint.id, secret: endpoint.secret };
    await saveState(options.dataFolder, state);
    completed = await deliver(api, flow, endpoint, options.outside) && completed;
  }
  return completed;
}

/** Signs up at the first start and in at later ones; the other way round when the database is another one. */
async function signIn(api: Api, state: DemoState): Promise<string> {
  const paths = ["/auth/v1/signup", "/auth/v1/token?grant_type=password"] as const;
  const [first, second] = state.signedUp ? [paths[1], paths[0]] : paths;
  const call = (path: string) => api.call<{ access_token: string }>("POST", path, { body: DEMO_USER });
  const session = await call(first).catch((error) => {
    if (error instanceof ApiError && error.status < 500) return call(second);
    throw error;
  });
  state.signedUp = true;
  return session.access_token;
}

/** The first call of a user makes the organization. */
async function showOrganization(api: Api): Promise<void> {
  type Me = { organization_id: string; role: string; plan: string; organizations: { id: string; name: string }[] };
  const me = await api.call<Me>("GET", "/functions/v1/orgs/me");
  const name = me.organizations.find(({ id }) => id === me.organization_id)?.name ?? me.organization_id;
  console.log(`    ${DEMO_USER.email} is ${me.role} of ${style(name, "bold")}, plan ${me.plan}`);
}

/** The flow's id: made, or brought up to date when its graph is another one. */
async function ensureFlow(api: Api, { name, description, graph }: DemoFlow): Promise<string> {
  type Page = { data: { id: string; name: string }[] };
  const { data } = await api.call<Page>("GET", "/functions/v1/flows?limit=100", { quiet: true });
  const id = data.find((flow) => flow.name === name)?.id;
  if (id === undefined) {
    const body = { name, description, graph, is_active: true };
    return (await api.call<{ id: string }>("POST", "/functions/v1/flows", { body })).id;
  }
  const stored = await api.open("GET", `/functions/v1/flows/${id}`);
  const flow = await stored.json();
  if (!flow.is_active || JSON.stringify(sorted(flow.graph)) !== JSON.stringify(sorted(graph))) {
    const headers = { "if-match": stored.headers.get("etag") ?? "*" };
    await api.call("PATCH", `/functions/v1/flows/${id}`, { body: { graph, is_active: true }, headers });
  }
  return id;
}

/** The flow's webhook: made, or the one of an earlier start. Its address is asked for, since the port may be another. */
async function ensureEndpoint(
  api: Api,
  { name, provider }: DemoFlow,
  flowId: string,
  known: DemoEndpoint | undefined,
): Promise<Endpoint> {
  if (known?.flowId === flowId) {
    const path = `/functions/v1/webhooks/${known.endpointId}`;
    const found = await api.call<Omit<Endpoint, "secret">>("GET", path).catch((error) => {
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    });
    if (found !== null) return { ...found, secret: known.secret };
  }
  const body = { flow_id: flowId, name: `${name} (${provider})`, provider };
  return await api.call<Endpoint>("POST", "/functions/v1/webhooks", { body });
}

/** Posts a signed event as the provider would and follows the run that it starts. */
async function deliver(api: Api, flow: DemoFlow, endpoint: Endpoint, outside: OutsideWorld): Promise<boolean> {
  const event = await signedEvent(flow.provider, endpoint.secret);
  const before = outside.deliveries.length;
  const start = performance.now();
  const { run_id: runId } = await api.call<{ run_id: string }>("POST", endpoint.url, {
    raw: { text: event.text, file: `${flow.provider}_event.json` },
    headers: event.headers,
  });
  const status = await watchRun(api, runId);
  const took = Math.round(performance.now() - start);
  const mark = status === "completed" ? style(status, "green") : style(status, "red");
  console.log(`    The run ${mark}, ${took} ms after the event was posted.`);
  for (const { service, body } of outside.deliveries.slice(before)) {
    const what = service === "email"
      ? `an email to ${body.to}: ${body.subject}`
      : `the CRM got ${JSON.stringify(body)}`;
    console.log(`    ${style("→", "cyan")} ${what}`);
  }
  return status === "completed";
}

/** The same value with the keys of every object in order: the database keeps no order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1).map(([k, v]) => [k, sorted(v)]));
}
