/**
 * What a plan limits, tried at the limit: twenty creations at once with one place left, through every door there is. The
 * table is held against the columns of public.plans, so a limit that nobody tries fails here.
 *
 * @module
 */
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { REPOSITORY } from "../../supabase/local/schema_files.ts";
import { type ApiUser, type TestApi, withApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { draw } from "../../tests/helpers/flows.ts";
import { until } from "../../tests/helpers/until.ts";
import { mounts } from "./mounts.ts";

const { flows, schedules, webhooks, keys, secrets, orgs } = mounts.routers;
const AT_ONCE = 20;
const GRAPH = draw({ start: ["trigger.schedule"], end: ["logic.stop"] }, "start>end");

/** Whoever tries, with what they have made before. */
interface Scene {
  readonly api: TestApi;
  readonly ada: ApiUser;
  /** The Data API, as ada: past the functions. */
  readonly client: SupabaseClient;
  readonly flowId: string;
}

/** One way to make one more. Resolves with "made", or with the code of the refusal. */
type Door = (scene: Scene, n: number) => Promise<string>;

interface Limited {
  /** The table that holds what is limited. */
  readonly table: string;
  readonly prepare?: (scene: Scene) => Promise<void>;
  readonly doors: readonly Door[];
}

/** The doors that creations take: routes, and the RPCs behind them past our functions. */
const COUNTED: Readonly<Record<string, Limited>> = {
  max_flows: {
    table: "flows",
    doors: [
      route((_, n) => ["/flows", { name: `Flow ${n}`, graph: GRAPH }]),
      rpc("create_flow", ({ ada }) => ({ p_organization_id: ada.organizationId, p_name: "Flow", p_graph: GRAPH })),
      rpc("duplicate_flow", ({ flowId }) => ({ p_flow_id: flowId })),
      rpc("import_flows", ({ ada }) => ({
        p_organization_id: ada.organizationId,
        p_flows: [{ name: "Flow", graph: GRAPH }],
      })),
    ],
  },
  max_webhook_endpoints: {
    table: "webhook_endpoints",
    doors: [
      route(({ flowId }) => ["/webhooks", { name: "Hook", flow_id: flowId, provider: "typeform" }]),
      rpc("create_webhook_endpoint", ({ flowId }) => ({ p_flow_id: flowId, p_name: "Hook", p_provider: "custom" })),
    ],
  },
  max_schedules: {
    table: "schedules",
    doors: [
      route(({ flowId }) => ["/schedules", { name: "Nightly", flow_id: flowId, cron: "30 2 * * *" }]),
      rpc("create_schedule", ({ flowId }) => ({
        p_flow_id: flowId,
        p_settings: { name: "Nightly", cron: "30 2 * * *" },
        p_upcoming: [new Date(Date.now() + 86_400_000).toISOString()],
      })),
    ],
  },
  max_api_keys: {
    table: "api_keys",
    // Keys that are over: another end puts them in force again.
    prepare: async ({ api, ada }) => {
      await api.db.sql`
        insert into public.api_keys (organization_id, name, mode, prefix, last_four, scopes, expires_at)
        select ${ada.organizationId}, 'Over', 'live', 'mr_live_abcd', 'wxyz', '{flows:read}', now() - interval '1 day'
        from generate_series(1, ${2 * AT_ONCE})`;
    },
    doors: [
      route((_, n) => ["/keys", { name: `Key ${n}`, scopes: ["flows:read"] }]),
      rpc("create_api_key", ({ ada }, n) => ({
        p_organization_id: ada.organizationId,
        p_mode: "live",
        p_settings: { name: "Key", scopes: ["flows:read"] },
        p_secret_hash: String(n).padStart(64, "0"),
        p_prefix: "mr_live_abcd",
        p_last_four: "wxyz",
      })),
      async (scene, n) => {
        const [key] = await scene.api.db.sql`
          select id from public.api_keys where name = 'Over' and organization_id = ${scene.ada.organizationId}
          order by id offset ${n} limit 1`;
        const reply = await scene.ada.patch<{ code?: string }>(`/keys/${key?.id}`, { expires_at: null });
        return reply.status === 200 ? "made" : String(reply.body.code);
      },
    ],
  },
  max_secrets: {
    table: "secrets",
    doors: [
      route((_, n) => ["/secrets", { name: `SECRET_${n}`, value: "sk_example_not_real" }]),
      rpc("create_secret", ({ ada }, n) => ({
        p_organization_id: ada.organizationId,
        p_secret_id: crypto.randomUUID(),
        p_name: `SECRET_${n}`,
        p_envelope: btoa(`\x01\x02k1${"\x00".repeat(100)}`),
        p_key_id: "k1",
      })),
    ],
  },
  max_webhook_subscriptions: {
    table: "webhook_subscriptions",
    doors: [
      rpc("create_webhook_subscription", ({ ada }) => ({
        p_subscription_id: crypto.randomUUID(),
        p_organization_id: ada.organizationId,
        p_settings: { url: "https://example.com/hooks", event_types: ["*"] },
        p_signing: { number: 1, envelope: btoa(`\x01\x02k1${"\x00".repeat(100)}`), key_id: "k1", last_four: "abcd" },
      })),
    ],
  },
  max_members: {
    table: "invitations",
    // Invitations that have expired take no seat until they are sent again.
    prepare: async ({ api, ada }) => {
      await api.db.sql`
        insert into public.invitations (organization_id, email, role, expires_at, created_by)
        select ${ada.organizationId}, 'over' || n || '@example.com', 'viewer', now() - interval '1 day', ${ada.id}
        from generate_series(1, ${2 * AT_ONCE}) n`;
    },
    doors: [
      route(({ ada }, n) => [`/orgs/${ada.organizationId}/invitations`, {
        email: `new${n}@example.com`,
        role: "viewer",
      }]),
      rpc("create_invitation", ({ ada }, n) => ({
        p_organization_id: ada.organizationId,
        p_email: `new${n}@example.com`,
        p_role: "viewer",
      })),
      async (scene, n) => {
        const [invitation] = await scene.api.db.sql`
          select id from public.invitations where email = ${`over${n}@example.com`}`;
        return await rpc("resend_invitation", () => ({ p_invitation_id: invitation?.id }))(scene, n);
      },
    ],
  },
  max_workspaces: {
    table: "workspaces",
    doors: [
      route(({ ada }, n) => [`/orgs/${ada.organizationId}/workspaces`, { name: `Workspace ${n}` }]),
      rpc("create_workspace", ({ ada }) => ({ p_organization_id: ada.organizationId, p_name: "Workspace" })),
    ],
  },
};

/** What a plan limits otherwise than by number: the file that tries it, and what that calls it. */
const TRIED_ELSEWHERE: Readonly<Record<string, readonly [path: string, word: string]>> = {
  requests_per_minute: ["tests/integration/isolates_test.ts", "requests_per_minute"],
  request_burst: ["tests/integration/isolates_test.ts", "request_burst"],
  organization_requests_per_minute: ["tests/integration/isolates_test.ts", "organization_requests_per_minute"],
  organization_request_burst: ["tests/integration/isolates_test.ts", "organization_request_burst"],
  hook_requests_per_minute: ["tests/sql/webhook_endpoints_test.ts", "hook_requests_per_minute"],
  max_run_seconds: ["tests/sql/flows_test.ts", "timeout_seconds"],
  max_concurrent_jobs: ["tests/sql/job_turns_test.ts", "max_running"],
  max_runs_per_month: ["tests/sql/usage_test.ts", "max_runs_per_month"],
  included_seats: ["tests/integration/metering_test.ts", "included_seats"],
  queue_weight: ["tests/bench/queue/fair.ts", "queue_weight"],
};

function route(request: (scene: Scene, n: number) => [path: string, body: unknown]): Door {
  return async (scene, n) => {
    const reply = await scene.ada.post<{ code?: string }>(...request(scene, n));
    return reply.status === 201 ? "made" : `${reply.body.code}`;
  };
}

function rpc(name: string, args: (scene: Scene, n: number) => Record<string, unknown>): Door {
  return async (scene, n) => {
    const { error } = await scene.client.rpc(name, args(scene, n));
    return error === null ? "made" : `${error.code}`;
  };
}

async function withScene(fn: (scene: Scene) => Promise<void>): Promise<void> {
  const routers = await Promise.all([flows(), schedules(), webhooks(), keys(), secrets(), orgs()]);
  await withApi(routers, async (api) => {
    const ada = await api.createUser();
    await api.db.sql`update public.plans set request_burst = 10000, organization_request_burst = 10000`;
    const client = createClient(api.env.publicUrl, api.env.publishableKeys.default ?? "", {
      global: { fetch: api.fetch, headers: { Authorization: `Bearer ${ada.token}` } },
      auth: { persistSession: false, autoRefreshToken: false },
    });
    const made = await ada.post<{ id: string }>("/flows", { name: "First", graph: GRAPH, is_active: true });
    assertEquals(made.status, 201, JSON.stringify(made.body));
    await fn({ api, ada, client, flowId: made.body.id });
  });
}

async function used({ api, ada }: Scene, limit: string): Promise<number> {
  const [row] = await api.db.sql`select private.used_of(${ada.organizationId}, ${limit})::int as n`;
  return row?.n;
}

Deno.test("of twenty creations at once with one place left exactly one passes, whichever door they take", async (test) => {
  await withScene(async (scene) => {
    const { api, ada, client } = scene;
    await test.step("every limit of a plan is tried", async () => {
      const columns = await api.db.sql<{ name: string }[]>`
        select attname as name from pg_attribute
        where attrelid = 'public.plans'::regclass and attnum > 0 and not attisdropped
          and atttypid in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'numeric'::regtype)`;
      const known = [...Object.keys(COUNTED), ...Object.keys(TRIED_ELSEWHERE), "max_concurrent_runs"];
      assertEquals(columns.map(({ name }) => name).toSorted(), known.toSorted());
      for (const [path, word] of Object.values(TRIED_ELSEWHERE)) {
        const text = await Deno.readTextFile(new URL(path, REPOSITORY));
        assert(text.includes(word), `${path} does not speak of ${word}`);
      }
      const { body } = await ada.get<Record<string, unknown>>(`/orgs/${ada.organizationId}/usage`);
      for (const limit of Object.keys(COUNTED)) {
        assert(
          JSON.stringify(body).includes(limit.slice("max_".length)),
          `GET /orgs/:id/usage does not tell of ${limit}`,
        );
      }
    });
    for (const [limit, { table, prepare, doors }] of Object.entries(COUNTED)) {
      await test.step(limit, async () => {
        await prepare?.(scene);
        const before = await used(scene, limit);
        await api.db.sql.unsafe(`update public.plans set ${limit} = ${before + 1}`);
        const outcomes = await Promise.all(
          Array.from({ length: AT_ONCE }, (_, n) => doors[n % doors.length]!(scene, n)),
        );
        assertEquals(outcomes.toSorted(), ["made", ...Array(AT_ONCE - 1).fill("plan_limit_reached")], limit);
        assertEquals(await used(scene, limit), before + 1);
        // The table itself takes nothing from anybody.
        const { error } = await client.from(table).insert({ organization_id: ada.organizationId });
        assertEquals([error?.code, await used(scene, limit)], ["42501", before + 1]);
        // Each door by itself, with no place and with one.
        for (const [n, door] of doors.entries()) {
          assertEquals(await door(scene, AT_ONCE + n), "plan_limit_reached", `${limit}, door ${n}`);
        }
        await api.db.sql.unsafe(`update public.plans set ${limit} = ${before + 1 + doors.length}`);
        for (const [n, door] of doors.entries()) {
          assertEquals(await door(scene, AT_ONCE + 10 + n), "made", `${limit}, door ${n} with room`);
        }
      });
    }
    await test.step("max_concurrent_runs: one run goes on, the others wait for its place", async () => {
      await api.db.sql`update public.plans set max_concurrent_runs = 1`;
      const start = rpc("start_run", ({ flowId }) => ({ p_flow_id: flowId }));
      const outcomes = await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => start(scene, n)));
      assertEquals(outcomes, Array(AT_ONCE).fill("made"));
      const [row] = await api.db.sql`
        select (select count(*) from private.run_slots s where s.limit_key = ${`org:${ada.organizationId}`})::int as running,
          (select count(*) from public.job_queue j where j.organization_id = ${ada.organizationId}
            and j.payload -> 'wait' ->> 'kind' = 'limit')::int as waiting`;
      assertEquals([row?.running, row?.waiting], [1, AT_ONCE - 1]);
    });
  });
});

Deno.test("a creation that waits while the plan changes is judged by the new plan", () =>
  withScene(async (scene) => {
    const { api, ada, client } = scene;
    const changing = Promise.withResolvers<void>();
    const locked = Promise.withResolvers<void>();
    const changed = api.db.sql.begin(async (sql) => {
      await sql`update public.plans set max_workspaces = 1 where id = 'pro'`;
      await sql`update public.organizations set plan_id = 'pro' where id = ${ada.organizationId}`;
      locked.resolve();
      await changing.promise;
    });
    await Promise.race([locked.promise, changed]);
    const creation = client.rpc("create_workspace", { p_organization_id: ada.organizationId, p_name: "One more" });
    const sent = creation.then(({ error }) => error?.code);
    await until(async () => {
      const waiting = await api.db.sql`
        select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      return waiting.length > 0;
    });
    changing.resolve();
    await changed;
    assertEquals([await sent, await used(scene, "max_workspaces")], ["plan_limit_reached", 1]);
  }));

Deno.test("rotations one after the other put no more keys in force than the plan allows", () =>
  withScene(async (scene) => {
    const { api, ada } = scene;
    await api.db.sql`update public.plans set max_api_keys = 1`;
    const first = await ada.post<{ id: string }>("/keys", { name: "Key", scopes: ["flows:read"] });
    const second = await ada.post<{ id: string }>(`/keys/${first.body.id}/rotate`, { overlap_seconds: 3600 });
    assertEquals([first.status, second.status, await used(scene, "max_api_keys")], [201, 201, 2]);
    const third = await ada.post<{ code: string }>(`/keys/${second.body.id}/rotate`, { overlap_seconds: 3600 });
    assertEquals([third.status, third.body.code], [402, "plan_limit_reached"]);
    await ada.delete(`/keys/${first.body.id}`);
    assertEquals((await ada.post(`/keys/${second.body.id}/rotate`, { overlap_seconds: 0 })).status, 201);
    assertEquals(await used(scene, "max_api_keys"), 1);
  }));
