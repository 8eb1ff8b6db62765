/**
 * Deliveries to the function `hooks` as the world sends them: no key, no token, a provider's signature.
 *
 * @module
 */
import type { Graph, Json, JsonObject } from "../../shared/graph/mod.ts";
import { backgroundSettled, type Router } from "../../shared/http/mod.ts";
import type { ApiUser, TestApi } from "./api.ts";
import { draw, saveFlow, set } from "./flows.ts";
import type { expectProblem } from "./route_suite.ts";
import { withServedApi } from "./served_api.ts";
import { signStripe } from "./webhooks.ts";

/** What an endpoint starts unless a test names another. */
const GRAPH = draw({
  t: ["trigger.webhook"],
  a: set({ type: "{{ trigger.type }}", total: "{{ trigger.body.data.object.amount_total }}" }),
}, "t>a");

/** Of every endpoint here. */
export const SECRET = "whsec_test_secret_of_this_endpoint";

/** An event of Stripe. */
export const CHECKOUT = {
  id: "evt_1",
  object: "event",
  type: "checkout.session.completed",
  data: { object: { id: "cs_1", amount_total: 4200 } },
};

/** What a delivery is answered with. */
export interface Receipt {
  event_id: string;
  run_id: string | null;
  duplicate: boolean;
  status: string;
  held_because: string | null;
  unsigned?: true;
  test?: true;
  run?: { status: string; output: Json; error: { code: string } | null };
  detail?: string;
}

/** Where deliveries go. */
export interface Endpoint {
  id: string;
  slug: string;
  flowId: string;
}

/** For {@link withEndpoint}. */
export interface EndpointOptions {
  provider?: string;
  config?: JsonObject;
  signatureRequired?: boolean;
  waitSeconds?: number;
  graph?: Graph;
}

/** Runs `fn` with the function `hooks`, whose router it is, a user and an endpoint of hers. */
export function withEndpoint(
  router: Router,
  fn: (api: TestApi, endpoint: Endpoint, ada: ApiUser) => Promise<void>,
  { provider = "stripe", config = {}, signatureRequired = true, waitSeconds = 0, graph = GRAPH }: EndpointOptions = {},
): Promise<void> {
  return withServedApi([router], async (api) => {
    const ada = await api.createUser();
    const flowId = await saveFlow(api, ada, graph);
    const [row] = await api.db.as(
      "authenticated",
      { sub: ada.id },
      (sql) =>
        sql`select public.create_webhook_endpoint(${flowId}, 'Test', ${provider}, ${
          JSON.stringify(config)
        }::text::jsonb,
        ${SECRET}, null, ${signatureRequired}, p_wait_seconds => ${waitSeconds}) as endpoint`,
    );
    const { id, slug } = row?.endpoint;
    await fn(api, { id, slug, flowId }, ada);
  });
}

/** Sends a delivery to an endpoint. */
export async function deliver(
  api: TestApi,
  { slug }: { slug: string },
  body: BodyInit | null,
  headers: Record<string, string> = {},
  method = "POST",
  query = "",
) {
  const response = await api.fetch(`http://project.test/functions/v1/hooks/${slug}${query}`, { method, headers, body });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text === "" ? {} : JSON.parse(text)) as Receipt & Parameters<typeof expectProblem>[0]["body"],
  };
}

/** Sends an event as Stripe does. */
export async function deliverStripe(api: TestApi, endpoint: Endpoint, event: Json = CHECKOUT) {
  const text = JSON.stringify(event);
  return await deliver(api, endpoint, text, { "stripe-signature": await signStripe(text, SECRET) });
}

/** What is kept of everything that came. */
export async function kept(api: TestApi) {
  const events = await api.db.sql`
    select id, event_key, type, status, held_because, unsigned, headers, query, method, run_id, deliveries,
      is_test,
      convert_from(raw_body, 'UTF8') as body from public.webhook_events order by id`;
  const runs = await api.db
    .sql`select id, status, input, output, trigger, webhook_event_id, traceparent from public.runs`;
  return { events: [...events], runs: [...runs] };
}

/** How often an endpoint refused, and why it last did. */
export async function rejections(api: TestApi): Promise<{ count: number; last: string | null }> {
  await backgroundSettled();
  const [row] = await api.db
    .sql`select rejected_count::int as count, last_rejection as last from public.webhook_endpoints`;
  return { count: row?.count, last: row?.last };
}
