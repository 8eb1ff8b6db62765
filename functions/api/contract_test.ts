/**
 * What every route that makes or changes something owes: read off the registry of routes, so that a new one cannot be
 * forgotten.
 *
 * @module
 */
import { z } from "zod";
import { FUNCTIONS } from "./mounts.ts";
import { loadRouters } from "./open_api.ts";
import { createApp, type Route } from "../../shared/http/mod.ts";
import type { ApiReply, ApiUser, TestApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { draw, saveFlow, set } from "../../tests/helpers/flows.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { withServedApi } from "../../tests/helpers/served_api.ts";

/** POST routes that answer 201 or 202 and make nothing that a second request could make twice. */
const MAKES_NOTHING: Readonly<Record<string, string>> = {
  wakeWorker: "starts a worker, which finds nothing more to do",
};

/** Routes that change or delete what has no row version. */
const WITHOUT_VERSION: Readonly<Record<string, string>> = {
  deleteMailSuppression: "an address is on the list or not",
  updateMailPreferences: "each wish is one value, which the request names whole",
  deleteRun: "a run that has ended does not change",
  discardDeadLetter: "a dead letter does not change",
  pinApiVersion: "a pin is one value, which the request names whole",
  destroySecretVersion: "a version of a secret does not change",
  revokeWebhookPortalToken: "a portal token does not change",
  removeTaxId: "a tax id does not change",
};

const routers = await loadRouters();
const routes = routers.flatMap(({ routes }) => routes).filter((route): route is Route => route.kind === "json");
const reads = ({ definition }: Route, header: string) => header in (definition.request?.headers?.shape ?? {});
const creating = routes.filter(({ definition: { method, responses, operationId } }) =>
  method === "post" && ("201" in responses || "202" in responses) && !(operationId in MAKES_NOTHING)
);

Deno.test("every creating POST takes Idempotency-Key and says what becomes of another request under it", () => {
  const without = creating.filter((route) =>
    !reads(route, "idempotency-key") || route.definition.errors?.includes("idempotency_mismatch") !== true
  );
  assertEquals(without.map(({ definition }) => definition.operationId), []);
});

Deno.test("every PATCH, PUT and DELETE of a versioned row takes If-Match and says that it may be stale", () => {
  // Operators' changes name all they mean, and come from one hand.
  const changing = routes.filter(({ definition: { method, operationId, access } }) =>
    ["patch", "put", "delete"].includes(method) && access.user !== undefined && !(operationId in WITHOUT_VERSION)
  );
  const without = changing.filter((route) =>
    !reads(route, "if-match") || route.definition.errors?.includes("version_mismatch") !== true
  );
  assertEquals(without.map(({ definition }) => definition.operationId), []);
});

Deno.test("every GET of JSON by a caller has an ETag and a 304; every list is declared", () => {
  const gets = routes.filter(({ definition: { method, access, responses } }) =>
    method === "get" && access.public !== true && responses[200]?.schema !== undefined &&
    responses[200].contentType === undefined
  );
  const without = gets.filter((route) => !reads(route, "if-none-match") || !("304" in route.definition.responses));
  assertEquals(without.map(({ definition }) => definition.operationId), []);
  const undeclared = gets.filter(({ definition: { list, operationId, responses } }) =>
    list === undefined && isRows(responses[200]?.schema) && !(operationId in NO_LIST)
  );
  assertEquals(undeclared.map(({ definition }) => definition.operationId), []);
});

/** What answers with rows and is no list. */
const NO_LIST: Readonly<Record<string, string>> = {
  listNextRuns: "computed: there is no end of it, and `count` says how many",
};

function isRows(schema: z.ZodType | undefined): boolean {
  return schema instanceof z.ZodObject && schema.shape.data instanceof z.ZodArray;
}

Deno.test("every list has pages, an order to choose, and fields to choose", () => {
  const lists = routes.filter(({ definition: { list } }) => list !== undefined);
  for (const { definition: { operationId, request } } of lists) {
    const { limit, cursor, sort, fields } = request?.query?.shape ?? {};
    assert([limit, cursor, sort, fields].every((parameter) => parameter !== undefined), operationId);
    assert(!request?.query?.safeParse({ ...NEEDED[operationId], sort: "password" }).success, operationId);
    assert(!request?.query?.safeParse({ ...NEEDED[operationId], fields: "password" }).success, operationId);
  }
});

/** What a list must be told in any case. */
const NEEDED: Readonly<Record<string, Record<string, string>>> = {
  listEdgeStats: { flow_id: crypto.randomUUID() },
  listLimitBuckets: { subject_kind: "user", subject_id: crypto.randomUUID() },
};

/** A request that makes something, and another body that its key is not for. */
interface Creation {
  readonly path: string;
  readonly body?: unknown;
  readonly other?: { readonly path?: string; readonly body?: unknown };
  readonly caller?: "operator";
}

const GRAPH = draw({ t: ["trigger.manual"], a: set({ ok: true }) }, "t>a");
const WAITING = draw({ t: ["trigger.manual"], w: ["logic.wait", { config: { mode: "signal", signal: "go" } }] }, "t>w");
const FAILING = draw(
  { t: ["trigger.manual"], s: ["logic.stop", { config: { outcome: "failed", message: "no" } }] },
  "t>s",
);

async function creations(api: TestApi, ada: ApiUser): Promise<Record<string, Creation>> {
  const flow = await saveFlow(api, ada, GRAPH);
  const hooked = await saveFlow(api, ada, draw({ t: ["trigger.webhook"], a: set({ ok: true }) }, "t>a"));
  const scheduled = await saveFlow(api, ada, draw({ t: ["trigger.schedule"], a: set({ ok: true }) }, "t>a"));
  const start = async (graph: typeof GRAPH) => {
    const flow_id = await saveFlow(api, ada, graph);
    return (await ada.post<{ id: string }>("/runs?wait=5", { flow_id })).body.id;
  };
  const [done, failed, waiting] = [await start(GRAPH), await start(FAILING), await start(WAITING)];
  const webhook = { name: "Shop", flow_id: hooked, provider: "stripe", signature_required: false };
  const { body: endpoint } = await ada.post<{ id: string; url: string }>("/webhooks", webhook);
  await api.anonymous.post(endpoint.url.replace(/^.*\/functions\/v1/, ""), { n: 1 });
  const events = await ada.get<{ data: { id: string }[] }>(`/webhooks/${endpoint.id}/events`);
  const schedule = { name: "Nightly", flow_id: scheduled, cron: "30 2 * * *" };
  const { body: { id: scheduleId } } = await ada.post<{ id: string }>("/schedules", schedule);
  const key = { name: "Program", scopes: ["flows:read"] };
  const { body: { id: keyId } } = await ada.post<{ id: string }>("/keys", key);
  const [dead] = await api.db.sql`
    insert into public.job_history (
      id, organization_id, type, status, payload, priority, attempts, max_attempts, scheduled_for, created_at,
      completed_at, error
    )
    values (
      private.uuid_v7(), ${ada.organizationId}, 'system.noop', 'dead', '{}', 100, 1, 1, now(), now(), now(),
      '{"code": "x"}'
    )
    returning id`;
  const subscription = { url: "https://example.com/hooks", event_types: ["run.failed"] };
  const subscribed = await ada.post<{ id: string }>("/webhooks/subscriptions", subscription);
  return {
    createFlow: { path: "/flows", body: { name: "One", graph: GRAPH }, other: { body: { name: "Two" } } },
    duplicateFlow: { path: `/flows/${flow}/duplicate`, body: {}, other: { body: { name: "Two" } } },
    runFlow: { path: `/flows/${flow}/run`, body: { input: 1 }, other: { body: { input: 2 } } },
    useTemplate: {
      path: "/templates/simple-webhook/use",
      body: { name: "One" },
      other: { body: { name: "Two" } },
    },
    startRun: { path: "/runs", body: { flow_id: flow, input: 1 }, other: { body: { flow_id: flow, input: 2 } } },
    executeGraph: {
      path: "/runs/execute",
      body: { graph: GRAPH, input: 1 },
      other: { body: { graph: GRAPH, input: 2 } },
    },
    createBulkOperation: {
      path: "/runs/bulk",
      body: { action: "cancel", filter: { flow_id: flow } },
      other: { body: { action: "cancel", filter: { flow_id: hooked } } },
    },
    replayWebhookEvents: {
      path: "/webhooks/events/replay",
      body: { filter: { endpoint_id: endpoint.id } },
      other: { body: { filter: { endpoint_id: crypto.randomUUID() } } },
    },
    signalRun: { path: `/runs/${waiting}/signals`, body: { name: "later" }, other: { body: { name: "other" } } },
    retryRun: { path: `/runs/${failed}/retry`, other: { path: `/runs/${done}/retry` } },
    rerunRun: { path: `/runs/${done}/rerun`, body: { from: "a" }, other: { body: { from: "t" } } },
    replayRun: { path: `/runs/${done}/replay`, other: { path: `/runs/${failed}/replay` } },
    createEntity: {
      path: "/entities",
      body: { flow_id: flow, type: "customer" },
      other: { body: { flow_id: flow, type: "lead" } },
    },
    createWebhook: { path: "/webhooks", body: webhook, other: { body: { ...webhook, name: "Other" } } },
    createWebhookSubscription: {
      path: "/webhooks/subscriptions",
      body: subscription,
      other: { body: { ...subscription, description: "Other" } },
    },
    createWebhookPortalToken: {
      path: "/webhooks/portal-tokens",
      body: { application: "one", event_types: ["run.failed"] },
      other: { body: { application: "two", event_types: ["run.failed"] } },
    },
    testWebhookSubscription: {
      path: `/webhooks/subscriptions/${subscribed.body.id}/test`,
      body: { type: "run.failed" },
      other: { body: { type: "run.completed" } },
    },
    replayWebhookEvent: { path: `/webhooks/events/${events.body.data[0]?.id}/replay` },
    createSchedule: { path: "/schedules", body: schedule, other: { body: { ...schedule, name: "Other" } } },
    createOrganization: { path: "/orgs", body: { name: "One" }, other: { body: { name: "Two" } } },
    createInvitation: {
      path: `/orgs/${ada.organizationId}/invitations`,
      body: { email: "grace@example.com", role: "viewer" },
      other: { body: { email: "grace@example.com", role: "guest" } },
    },
    createMailSuppression: {
      path: "/email/suppressions",
      body: { address: "one@example.com" },
      other: { body: { address: "two@example.com" } },
    },
    createWorkspace: {
      path: `/orgs/${ada.organizationId}/workspaces`,
      body: { name: "One" },
      other: { body: { name: "Two" } },
    },
    triggerSchedule: { path: `/schedules/${scheduleId}/trigger` },
    createBudget: {
      path: "/billing/budgets",
      body: { name: "One", meter: "cost", amount: 5 },
      other: { body: { name: "One", meter: "cost", amount: 6 } },
    },
    createKey: {
      path: "/keys",
      body: { name: "One", scopes: ["flows:read"] },
      other: { body: { name: "Two", scopes: ["flows:read"] } },
    },
    rotateKey: {
      path: `/keys/${keyId}/rotate`,
      body: { overlap_seconds: 60 },
      other: { body: { overlap_seconds: 61 } },
    },
    retryJob: { path: `/jobs/${dead?.id}/retry` },
    enqueueJobs: {
      path: "/jobs",
      body: { jobs: [{ type: "system.noop", payload: {} }] },
      other: { body: { jobs: [{ type: "system.noop", payload: {}, priority: 7 }] } },
      caller: "operator",
    },
    runTask: {
      path: "/jobs/tasks/usage-hourly/run",
      other: { path: "/jobs/tasks/rate-limits/run" },
      caller: "operator",
    },
  };
}

/** Routes whose creation takes more than a request: their own tests try it. */
const TRIED_ELSEWHERE: ReadonlySet<string> = new Set([
  "importFlows",
  "retryStep",
  "createSecret",
]);

async function allFunctions() {
  return await Promise.all(Object.values(FUNCTIONS).map((load) => load()));
}

Deno.test("every creating POST gives the same answer again for the same key, and refuses another request", async (t) =>
  await withServedApi(await allFunctions(), async (api) => {
    const ada = await api.createUser();
    await api.db.sql`update public.organizations set plan_id = 'enterprise' where id = ${ada.organizationId}`;
    const table = await creations(api, ada);
    const missing = creating.map(({ definition }) => definition.operationId)
      .filter((name) => !(name in table) && !TRIED_ELSEWHERE.has(name));
    assertEquals(missing, [], "Say how these make something");
    for (const [operationId, { path, body, other, caller }] of Object.entries(table)) {
      await t.step(operationId, async () => {
        const who = caller === "operator" ? api.operator : ada;
        const key = { "idempotency-key": `key-of-${operationId}` };
        const first = await who.post(path, body, key);
        assert([201, 202].includes(first.status), JSON.stringify(first.body));
        const again = await who.post(path, body, key);
        assertEquals([again.status, stable(again)], [first.status, stable(first)]);
        expectProblem(await who.post(path, body, { "idempotency-key": "two words" }), "invalid_request");
        if (other === undefined) return;
        const mixed = await who.post(other.path ?? path, other.body, key);
        expectProblem(mixed, "idempotency_mismatch");
      });
    }
  }));

/** A run goes on after its answer: what it is cannot change. */
function stable({ body }: ApiReply<unknown>): unknown {
  const { status: _, started_at: __, finished_at: ___, ...rest } = body as Record<string, unknown>;
  return "flow_version_id" in rest ? { id: rest.id } : rest;
}

Deno.test("fifty POSTs with one key at once make one thing and get one answer", async () =>
  await withServedApi([await FUNCTIONS.flows()], async (api) => {
    const ada = await api.createUser();
    await api.db.sql`update public.organizations set plan_id = 'enterprise' where id = ${ada.organizationId}`;
    const headers = { "idempotency-key": "fifty" };
    const replies = await Promise.all(
      Array.from({ length: 50 }, () => ada.post("/flows", { name: "Once", graph: GRAPH }, headers)),
    );
    assertEquals(new Set(replies.map(({ status }) => status)), new Set([201]));
    assertEquals(new Set(replies.map(({ body }) => JSON.stringify(body))).size, 1);
    const [row] = await api.db.sql`select count(*)::int as n from public.flows where name = 'Once'`;
    assertEquals(row?.n, 1);
  }));

Deno.test("a function that dies between the effect and its answer has made it once: the key gives the answer", async () => {
  const router = await FUNCTIONS.flows();
  await withServedApi([router], async (api) => {
    const ada = await api.createUser();
    let deaths = 0;
    const dying = createApp("flows", router, {
      env: api.env,
      write: () => {},
      fetch: async (input, init) => {
        const response = await api.fetch(input, init);
        if (!new Request(input, init).url.endsWith("/rpc/create_flow")) return response;
        deaths++;
        throw new TypeError("connection closed before message completed");
      },
    });
    const request = (): Request =>
      new Request("http://project.test/flows", {
        method: "POST",
        headers: {
          authorization: `Bearer ${ada.token}`,
          apikey: api.env.publishableKeys.default ?? "",
          "content-type": "application/json",
          "idempotency-key": "dies",
        },
        body: JSON.stringify({ name: "Kept", graph: GRAPH }),
      });
    const lost = await Promise.all(Array.from({ length: 5 }, async () => (await dying.fetch(request())).status));
    assertEquals([lost, deaths], [[503, 503, 503, 503, 503], 5]);
    const body = { name: "Kept", graph: GRAPH };
    const reply = await ada.post<{ id: string }>("/flows", body, { "idempotency-key": "dies" });
    assertEquals(reply.status, 201);
    const rows = await api.db.sql`select id from public.flows where name = 'Kept'`;
    assertEquals(rows.map(({ id }) => id), [reply.body.id]);
  });
});
