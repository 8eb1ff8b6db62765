/**
 * System tasks from the clock to the mail that somebody reads: Postgres, the Data API and a worker.
 *
 * @module
 */
import { EngineClient, postgresTransport } from "../../shared/engine/mod.ts";
import { createJobRunner } from "../../shared/jobs/mod.ts";
import { createLog } from "../../shared/log/mod.ts";
import { type EmailMessage, NodeError, type Providers } from "../../shared/providers/mod.ts";
import type { TestApi } from "../helpers/api.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import { createWorker, localProviders } from "../helpers/engine.ts";
import { draw, saveFlow, set } from "../helpers/flows.ts";
import { withServedApi } from "../helpers/served_api.ts";

interface Sent {
  readonly message: EmailMessage;
  readonly key: string;
}

/** The first `failures` calls of the e-mail service fail. */
function recording(sent: Sent[], failures = 0): Providers {
  let calls = 0;
  return {
    ...localProviders(),
    email: {
      name: "resend",
      send(message, { idempotencyKey }) {
        if (++calls <= failures) return Promise.reject(new NodeError("Resend: no", { code: "provider_error" }));
        sent.push({ message, key: idempotencyKey });
        return Promise.resolve({ id: `m${sent.length}` });
      },
    },
  };
}

/** Works the queue off with the real types of jobs. */
async function drain(api: TestApi, providers: Providers): Promise<void> {
  const client = new EngineClient(await postgresTransport(api.db.url, { connections: 3 }));
  try {
    const jobs = createJobRunner({ env: api.env, providers, log: createLog("jobs") });
    await createWorker(client, { jobs }).drain({ idleMs: 0, pollMs: 10 });
  } finally {
    await client.close();
  }
}

async function call(api: TestApi, statement: string) {
  const [row] = await api.db.sql.unsafe(`select ${statement} as reply`);
  return row?.["reply"];
}

Deno.test("the digest waits for the figures, then each owner gets one mail; a second run sends nothing", () =>
  withServedApi([], async (api) => {
    const ada = await api.createUser();
    const flow = await saveFlow(api, ada, draw({ t: ["trigger.manual"], a: set({ n: 1 }) }, "t>a"));
    await api.db.sql`
      insert into public.runs (id, organization_id, flow_id, flow_version_id, status, trigger, input, error, deadline_at,
        started_at, finished_at, created_at)
      select private.uuid_v7(d.at), f.organization_id, f.id, f.current_version_id, s, 'manual', '{}',
        case s when 'failed' then '{"code": "http_error"}'::jsonb end, d.at + interval '1 day', d.at, d.at + interval '2 s', d.at
      from public.flows f, unnest(array['completed', 'failed', 'completed']) s,
        (select date_trunc('day', now(), 'UTC') - interval '3 hours' as at) d
      where f.id = ${flow}`;

    await api.db.sql`insert into private.mail_settings (organization_id, digest) values (${ada.organizationId}, 'day')`;
    assertEquals((await call(api, "engine.run_task('digest-daily')")).reason, "waits for analytics-daily");
    assertEquals((await call(api, "engine.run_task('analytics-daily')")).status, "completed");
    const started = await call(api, "engine.start_waiting_task()");
    assertEquals([started.name, started.status, started.trigger], ["digest-daily", "queued", "dependency"]);

    const sent: Sent[] = [];
    await drain(api, recording(sent));
    // The mail itself waits for the morning.
    await api.db
      .sql`update public.job_queue set scheduled_for = now(), status = 'available' where type = 'digest.mail'`;
    await drain(api, recording(sent));
    assertEquals(sent.length, 1);
    const [{ message, key }] = sent as [Sent];
    assertEquals(message.to, [ada.email]);
    // The batch that it is in: however often that is tried, it is sent once.
    const mails = await api.db.sql`select template from public.mails where batch_id = ${key}`;
    assertEquals(mails.map(({ template }) => template), ["weekly_digest"]);
    assert(message.subject.endsWith(": 3 runs yesterday, 1 failed"), message.subject);
    assert(message.text !== undefined && message.html !== undefined);
    const [run] = await api.db.sql`
      select status, result ->> 'queued' as queued from private.system_task_runs where name = 'digest-daily'`;
    assertEquals({ ...run }, { status: "completed", queued: "1" });

    await call(api, "engine.run_task('digest-daily', 'manual')");
    await drain(api, recording(sent));
    assertEquals(sent.length, 1);
  }));

Deno.test("a task that fails is told to the operators once, and its recovery once", () =>
  withServedApi([], async (api) => {
    await call(api, "engine.configure('http://127.0.0.1:1', p_operator_email => 'ops@example.com')");
    await api.db.sql`
      insert into private.workers (id, kind, expires_at) values (gen_random_uuid(), 'worker', now() - interval '1 hour')`;
    const sent: Sent[] = [];
    const turn = async () => {
      await call(api, "engine.run_task('leases')");
      await call(api, "engine.watch_tasks()");
      await drain(api, recording(sent));
    };
    for (let times = 0; times < 4; times++) await turn();
    // The clock goes again.
    await call(api, "engine.tick()");
    for (let times = 0; times < 2; times++) await turn();
    assertEquals(sent.map(({ message }) => message.subject), [
      "The task leases fails",
      "Recovered: The task leases works again",
    ]);
    assertEquals(sent.map(({ message }) => message.to), [["ops@example.com"], ["ops@example.com"]]);
  }));
