/**
 * What belongs to another tenant, at every door that is told an id, and what is looked for by text, at every list: on a
 * real database.
 *
 * @module
 */
import { loadRouters } from "./open_api.ts";
import type { ApiCaller, ApiReply, ApiUser, TestApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { draw, saveFlow, set } from "../../tests/helpers/flows.ts";
import { withServedApi } from "../../tests/helpers/served_api.ts";
import { type Door, doorsOf } from "../../tests/helpers/doors.ts";

const routers = await loadRouters();
const doors = await doorsOf(routers);

/** Doors of which a tenant's id is no part, and why. */
const OF_NOBODY: Readonly<Record<string, string>> = {
  getTemplate: "templates are the same for all",
  useTemplate: "templates are the same for all",
  getNodeType: "node types are the same for all",
  getNodeSchema: "node types are the same for all",
  testNodeType: "node types are the same for all",
  previewMailTemplate: "templates of mails are the same for all",
  testMailTemplate: "templates of mails are the same for all",
};

/** Doors whose own thing takes more than a request to make: the matrix of tests/rls tries their functions. */
const UNTRIED: ReadonlySet<string> = new Set(["getRunArchive", "removeTaxId"]);

type Ids = Readonly<Record<string, string>>;

/** One thing of each kind, by what stands before its id in paths, and by the names that bodies give it. */
async function furnish(api: TestApi, ada: ApiUser): Promise<Ids> {
  const made = async (path: string, body?: unknown, caller: ApiCaller = ada): Promise<string> => {
    const reply = await caller.post<{ id: string }>(path, body);
    assert(reply.status < 300, `${path}: ${JSON.stringify(reply.body)}`);
    return reply.body.id;
  };
  const flow = await saveFlow(api, ada, draw({ t: ["trigger.manual"], a: set({ ok: true }) }, "t>a"));
  const hooked = await saveFlow(api, ada, draw({ t: ["trigger.webhook"], a: set({ ok: true }) }, "t>a"));
  const timed = await saveFlow(api, ada, draw({ t: ["trigger.schedule"], a: set({ ok: true }) }, "t>a"));
  const webhook = { name: "Shop", flow_id: hooked, provider: "stripe", signature_required: false };
  const { body: endpoint } = await ada.post<{ id: string; url: string }>("/webhooks", webhook);
  await api.anonymous.post(endpoint.url.replace(/^.*\/functions\/v1/, ""), { n: 1 });
  const first = async (path: string): Promise<string> =>
    (await ada.get<{ data: { id: string }[] }>(path)).body.data[0]?.id ?? "none";
  const subscriptions = await made("/webhooks/subscriptions", {
    url: "https://example.com/hooks",
    event_types: ["flow.updated"],
    description: "Told of flows",
  });
  const org = `/orgs/${ada.organizationId}`;
  await api.db.sql`select private.send_mail(${ada.organizationId}, 'alert', 'grace@example.com', '{}', 'one')`;
  const [mail] = await api.db.sql`select id from public.mails where tenant_id = ${ada.organizationId} limit 1`;
  const runs = await made("/runs?wait=5", { flow_id: flow, input: 1 });
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
  const invoices = `in_${ada.organizationId.replaceAll("-", "")}`;
  await api.db.sql`
    insert into public.invoices (stripe_invoice_id, organization_id, stripe_customer_id, status, collection_method, currency,
      subtotal, total, amount_due, amount_paid, created_at)
    values (${invoices}, ${ada.organizationId}, 'cus_1', 'paid', 'charge_automatically', 'eur', 1, 1, 1, 1, now())`;
  return {
    flows: flow,
    versions: await first(`/flows/${flow}/versions`),
    runs,
    bulk: await made("/runs/bulk", { action: "cancel", filter: { flow_id: flow } }),
    entities: await made("/entities", { flow_id: flow, type: "customer", name: "Customer" }),
    webhooks: endpoint.id,
    events: await first(`/webhooks/${endpoint.id}/events`),
    schedules: await made("/schedules", { name: "Nightly", flow_id: timed, cron: "30 2 * * *" }),
    secrets: await made("/secrets", { name: "TOKEN", value: "a secret value" }),
    keys: await made("/keys", { name: "Program", scopes: ["flows:read"] }),
    orgs: ada.organizationId,
    members: ada.id,
    invitations: await made(`${org}/invitations`, { email: "grace@example.com", role: "viewer" }),
    workspaces: await made(`${org}/workspaces`, { name: "Workspace" }),
    jobs: dead?.id,
    "dead-letters": dead?.id,
    audit: await first("/audit"),
    subscriptions,
    "portal-tokens": await made("/webhooks/portal-tokens", { application: "one", event_types: ["run.failed"] }),
    deliveries: await made(`/webhooks/subscriptions/${subscriptions}/test`, {}),
    mails: mail?.id,
    suppressions: await made("/email/suppressions", { address: "gone@example.com" }),
    budgets: await made("/billing/budgets", { name: "Models", meter: "cost", amount: 1_000_000, flow_id: flow }),
    invoices,
  };
}

/** What stands before an id in a path → what bodies and queries call it. */
const NAMES: Ids = {
  flows: "flow_id",
  versions: "flow_version_id",
  runs: "run_id",
  entities: "entity_id",
  workspaces: "workspace_id",
  schedules: "schedule_id",
  members: "user_id",
  keys: "key_id",
};

/** The path with a tenant's things in it; null = there is none in it. */
function pathOf({ router, route }: Door, ids: Ids): string | null {
  const parts = `${router.name}${route.definition.path === "/" ? "" : route.definition.path}`.split("/");
  let found = false;
  const path = parts.map((part, index) => {
    const before = parts[index - 1] ?? "";
    if (!part.startsWith(":")) return part;
    if (!(before in ids)) return part === ":number" ? "1" : part === ":node_id" ? "a" : part;
    found = true;
    return ids[before];
  });
  return found ? `/${path.join("/")}` : null;
}

/** An answer without what is new in each. */
function essence({ status, body, headers }: ApiReply<unknown>, ids: readonly string[]): string {
  const text = typeof body === "string" ? body : JSON.stringify({ ...body as object, request_id: undefined });
  const shown = ["content-type", "etag", "location", "cache-control"].map((name) => headers.get(name));
  // Behind the dot of a tag stands what was asked, the id among it.
  if (typeof shown[1] === "string") shown[1] = shown[1].split(".")[0] ?? null;
  return JSON.stringify([status, ids.reduce((rest, id) => rest.replaceAll(id, "<id>"), text), shown]);
}

async function rich(api: TestApi): Promise<ApiUser> {
  const user = await api.createUser();
  await api.db.sql`update public.organizations set plan_id = 'enterprise' where id = ${user.organizationId}`;
  return user;
}

/** New ids in the place of a tenant's: nobody's. */
const nobodys = (ids: Ids): Ids => Object.fromEntries(Object.keys(ids).map((name) => [name, crypto.randomUUID()]));

Deno.test("another tenant's id is answered as one that there is not, in paths, bodies and queries of every door", async () =>
  await withServedApi(routers, async (api) => {
    const [ada, bob] = [await rich(api), await rich(api)];
    const ids = await furnish(api, ada);
    const none = nobodys(ids);
    const every = [...Object.values(ids), ...Object.values(none)];
    const wrong: string[] = [];
    const tried = { paths: 0, fields: 0, own: 0 };
    for (const door of doors) {
      const { json, name } = door;
      if (json === null || json.access.user === undefined || json.operationId in OF_NOBODY) continue;
      await api.db.sql`delete from private.rate_limits`;
      const path = pathOf(door, ids);
      if (path === null && door.path.includes("-") && /:/.test(json.path) && !UNTRIED.has(json.operationId)) {
        wrong.push(`${name}: say what stands in ${json.path}`);
      }
      if (path !== null) {
        tried.paths++;
        const theirs = essence(await bob.send(door.method, path, door.body), every);
        const nobody = essence(await bob.send(door.method, pathOf(door, none)!, door.body), every);
        if (theirs !== nobody) wrong.push(`${name} tells them apart: ${theirs} ${nobody}`.slice(0, 600));
        if (!theirs.startsWith("[404,")) wrong.push(`${name}: ${theirs}`.slice(0, 300));
        // The id is one that its own tenant reads: else this would prove nothing.
        if (door.method === "GET" && json.operationId !== "watchRun") {
          const own = await ada.get(path);
          if (own.status === 404 && !/output|proof|latest/.test(path)) {
            wrong.push(`${name} is not there for its own tenant`);
          }
          tried.own++;
        }
      }
      // Ids in the body, each by itself.
      const example = door.body as Record<string, unknown> | undefined;
      const own = path === null ? door.path : pathOf(door, { ...none, orgs: bob.organizationId })!;
      for (const [kind, field] of Object.entries(NAMES)) {
        const query = json.request?.query?.shape ?? {};
        const ask = (id: string) =>
          example !== undefined && field in example
            ? bob.send(door.method, own, { ...example, [field]: id })
            : field in query
            ? bob.send(door.method, `${own}?${field}=${id}`)
            : null;
        const [theirs, nobody] = [await ask(ids[kind]!), await ask(none[kind]!)];
        if (theirs === null || nobody === null) continue;
        tried.fields++;
        const [a, b] = [essence(theirs, every), essence(nobody, every)];
        if (a !== b) wrong.push(`${name} ${field} tells them apart: ${a} ${b}`.slice(0, 600));
        if (theirs.status < 300 && door.method !== "GET") wrong.push(`${name} ${field} took it: ${a}`.slice(0, 300));
      }
    }
    assertEquals(wrong, []);
    assert(tried.paths > 60 && tried.fields > 8 && tried.own > 20, JSON.stringify(tried));
  }));

/** What is special to LIKE, to PostgREST or to regular expressions, and in no text of ours. */
const WILDCARDS = ["%", "_%_", "*", ".*", "^", "$", "[a-z]", "\\", "a|b", "(", "x,y", '"', "%25"];

/** Lists whose rows take more than this test makes, or hold such characters. */
const NOT_SEARCHED: Readonly<Record<string, string>> = {
  listSecretFlows: "one flow uses no secret here: functions/secrets has it",
};

Deno.test("no character is special in what lists look for", async () =>
  await withServedApi(routers, async (api) => {
    const ada = await rich(api);
    const ids = await furnish(api, ada);
    const wrong: string[] = [];
    let tried = 0;
    for (const door of doors) {
      const { json, name } = door;
      const shape = json?.request?.query?.shape ?? {};
      if (json?.list === undefined || !("q" in shape) || json.operationId in NOT_SEARCHED) continue;
      const caller = json.access.user === undefined ? api.operator : ada;
      const path = pathOf(door, ids) ?? door.path;
      const rows = async (query: string) => {
        await api.db.sql`delete from private.rate_limits`;
        const reply = await caller.get<{ data: unknown[] }>(`${path}${query}`);
        assertEquals(reply.status, 200, `${name} ${query}: ${JSON.stringify(reply.body).slice(0, 300)}`);
        return reply.body.data;
      };
      const all = await rows("?limit=100");
      if (all.length === 0 && json.operationId !== "listAllFlags") wrong.push(`${name} has no row to find`);
      for (const text of WILDCARDS) {
        tried++;
        const found = await rows(`?limit=100&q=${encodeURIComponent(text)}`);
        // Some lists look into values as JSON, where a quotation mark stands around each text.
        const spellings = [text.toLowerCase(), JSON.stringify(text).slice(1, -1).toLowerCase()];
        const literally = found.filter((row) =>
          spellings.some((spelling) => JSON.stringify(row).toLowerCase().includes(spelling))
        );
        if (literally.length !== found.length || found.length === all.length && all.length > 0) {
          wrong.push(`${name} finds ${found.length} of ${all.length} by ${text}`);
        }
      }
    }
    assertEquals(wrong, []);
    assert(tried > 50, `${tried}`);
  }));
