/**
 * Millrace under measurement: the hooks function, its inline runner and the worker, over a direct connection or over the
 * local stack's Data API.
 *
 * @module
 */
import { loadKeys } from "../../../supabase/local/keys.ts";
import { createFlow, createTenant } from "../../helpers/engine.ts";
import type { TestDatabase } from "../../helpers/postgres.ts";
import { projectVariables } from "../_data_api.ts";
import { millraceFlows } from "./millrace_flows.ts";
import { type ScenarioId, SECRET, SIGNATURE_HEADER } from "./scenarios.ts";
import { ServerProcess, type System } from "./system.ts";

/** Options of {@linkcode createMillrace}. */
export interface MillraceOptions {
  db: TestDatabase;
  /** Where effects go: `127.0.0.1:port`. */
  ledger: string;
  /** How the engine is called; `postgrest` starts a Data API in a process of its own. */
  transport: "postgres" | "postgrest";
  /** Milliseconds between the turns of the clock. Default 10,000, as pg_cron turns it. */
  tickMs?: number;
}

interface Endpoint {
  slug: string;
  flowId: string;
}

/** Millrace as a system of the benchmark. */
export function createMillrace({ db, ledger, transport, tickMs = 10_000 }: MillraceOptions): System {
  const endpoints = new Map<ScenarioId, Endpoint>();
  let server: ServerProcess | undefined;
  let dataApi: ServerProcess | undefined;
  const script = (name: string) => ["run", "-A", new URL(name, import.meta.url).pathname];
  return {
    name: transport === "postgres" ? "Millrace" : "Millrace over the local Data API",
    db,
    async prepare() {
      await db.sql`select engine.ensure_partitions()`;
      // A tenant that pays for what follows.
      await db.sql`update public.plans set hook_requests_per_minute = 60000000 where id = 'enterprise'`;
      const tenant = await createTenant(db);
      await db.sql`update public.organizations set plan_id = 'enterprise' where id = ${tenant.organizationId}`;
      for (const [scenario, graph] of Object.entries(millraceFlows(`http://${ledger}/`))) {
        const flowId = await createFlow(db, tenant, graph, scenario);
        const config = JSON.stringify({ signature_header: SIGNATURE_HEADER, event_id_path: "id" });
        const waitSeconds = scenario === "s5" || scenario === "s6" ? 0 : 30;
        const [row] = await db.as(
          "authenticated",
          tenant.user.claims,
          (sql) =>
            sql`select public.create_webhook_endpoint(${flowId}, ${scenario}, 'custom', ${config}::text::jsonb,
              ${SECRET}, p_wait_seconds => ${waitSeconds}) as endpoint`,
        );
        endpoints.set(scenario as ScenarioId, { slug: row?.endpoint.slug, flowId });
      }
    },
    async start() {
      const keys = await loadKeys(null);
      if (transport === "postgrest") {
        dataApi = await ServerProcess.start(Deno.execPath(), [...script("data_api_server.ts"), db.url], {
          PROJECT_KEYS: JSON.stringify(keys),
        });
      }
      server = await ServerProcess.start(Deno.execPath(), script("millrace_server.ts"), {
        // Over direct connections nothing asks the Data API: nothing listens there.
        ...projectVariables(`http://127.0.0.1:${dataApi?.port ?? 9}`, keys),
        SUPABASE_DB_URL: db.url,
        WORKER_TRANSPORT: transport,
        INLINE_TRANSPORT: transport,
        EGRESS_ALLOW: ledger,
        LOG_LEVEL: "error",
        TICK_MS: String(tickMs),
      });
    },
    async stop() {
      await server?.stop();
      await dataApi?.stop();
    },
    async close() {
      await server?.stop();
      await dataApi?.stop();
    },
    async kill() {
      await server?.kill();
      await dataApi?.stop();
    },
    pids: () => [server, dataApi].flatMap((process) => process?.pid ?? []),
    url: (scenario) => `http://127.0.0.1:${server?.port}/hooks/${endpoints.get(scenario)?.slug}`,
    readOutput(answer) {
      const { run } = answer as { run?: { status: string; output: unknown } };
      return run?.status === "completed" ? run.output : undefined;
    },
    async forgetLeases() {
      await db.sql`update private.workers set expires_at = private.now()`;
    },
    async count(scenario) {
      const [row] = await db.sql`
        select count(*) filter (where status = 'completed')::int as completed,
          count(*) filter (where finished_at is not null and status <> 'completed')::int as failed,
          count(*) filter (where finished_at is null)::int as open
        from public.runs where flow_id = ${endpoints.get(scenario)!.flowId}`;
      return { completed: row?.completed, failed: row?.failed, open: row?.open };
    },
  };
}
