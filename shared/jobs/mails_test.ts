/**
 * The mails that jobs of the platform write: digests, invitations, warnings, alerts.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "../../tests/helpers/assert.ts";
import type { Env } from "../env/mod.ts";
import type { Json } from "../graph/mod.ts";
import { findMailTemplate, renderMail } from "../mail/mod.ts";
import type { EmailProvider, Providers } from "../providers/mod.ts";
import { queuedJob, runnerOf, runToEnd } from "./_testing.ts";
import { jobRegistry } from "./registry.ts";

/** A mail as it was queued. */
interface Queued {
  readonly organization_id: string | null;
  readonly template: string;
  readonly to: string;
  readonly data: Record<string, unknown>;
  readonly key: string;
}

const ORGANIZATION = "0199f3a2-6f2e-7c10-8e55-3b1f0c9d2a11";

/** Runs a job of ours with a database that answers `reply`, and keeps what it queues. */
async function runJob(type: string, payload: Record<string, Json>, reply: unknown, options: {
  env?: Partial<Env>;
  email?: string;
} = {}) {
  const queued: Queued[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const body = await request.json();
    if (!new URL(request.url).pathname.endsWith("/send_mails")) return Response.json(reply);
    queued.push(...body.p_mails);
    return Response.json({ queued: body.p_mails.length });
  });
  try {
    const env = {
      supabaseUrl: `http://127.0.0.1:${server.addr.port}`,
      secretKeys: { default: "sb_secret_x" },
      frontendUrl: null,
      ...options.env,
    } as unknown as Env;
    const job = await jobRegistry.get(type);
    assert(job !== undefined);
    const email = { name: options.email ?? "resend" } as EmailProvider;
    const runner = runnerOf([job], { env, providers: { email } as Providers });
    const settled = await runToEnd(runner, queuedJob(type, { payload, organization_id: ORGANIZATION }));
    // What is queued can be written.
    const mails = await Promise.all(queued.map(async (mail) => {
      const template = await findMailTemplate(mail.template);
      assert(template);
      return { ...mail, ...renderMail(template, mail.data, { frontendUrl: "https://app.example.com" }) };
    }));
    return { settled, mails };
  } finally {
    await server.shutdown();
  }
}

const DIGEST = {
  organization: "Ada & Sons",
  from: "2026-11-20",
  to_day: "2026-11-20",
  runs: 12,
  completed: 9,
  failed: 2,
  cancelled: 1,
  unfinished: 0,
  success_rate: 0.8182,
  steps: 40,
  failing: [{ name: "<b>Orders</b>", runs: 5, failed: 2 }],
  slowest: [{ name: "Report", runs: 3, p95_ms: 72_345.6 }],
  to: ["ada@example.com", "bob@example.com"],
};

Deno.test("a digest goes to each owner, once for the day", async () => {
  const payload = { organization_id: ORGANIZATION, day: DIGEST.to_day };
  const { mails, settled } = await runJob("digest.mail", payload, DIGEST);
  assertEquals(settled?.outcome, "completed");
  assertEquals(mails.map(({ to, key }) => [to, key]), DIGEST.to.map((to) => [to, `day:2026-11-20:${to}`]));
  const [mail] = mails;
  assertEquals([mail?.organization_id, mail?.subject], [ORGANIZATION, "Ada & Sons: 12 runs yesterday, 2 failed"]);
  assertStringIncludes(mail?.html ?? "", "&lt;b&gt;Orders&lt;/b&gt;");
  assertStringIncludes(mail?.text ?? "", "Report  1.2 min  3");
  assertEquals((await runJob("digest.mail", payload, null)).mails, []);
  assertEquals((await runJob("digest.mail", payload, { ...DIGEST, to: [] })).mails, []);
});

Deno.test("a digest of a week names its first and last day, and the week before", async () => {
  const payload = { organization_id: ORGANIZATION, day: "2026-11-22", period: "week" };
  const week = { ...DIGEST, from: "2026-11-16", to_day: "2026-11-22", runs_before: 10 };
  const { mails: [mail] } = await runJob("digest.mail", payload, week);
  assertEquals([mail?.key, mail?.subject], [
    "week:2026-11-22:ada@example.com",
    "Ada & Sons: 12 runs last week, 2 failed",
  ]);
  assertStringIncludes(mail?.text ?? "", "from 16 November 2026 to 22 November 2026");
  assertStringIncludes(mail?.text ?? "", "+20%");
});

const APPROVAL = {
  organization_id: ORGANIZATION,
  key: "run:ask:",
  data: {
    organization: "Ada & Sons",
    flow: "Refunds",
    step: "Ask the accountant",
    question: "Refund <b>250</b>?\nThe goods came back.",
    asked_by: null,
    run_id: ORGANIZATION,
    expires_at: "2026-11-22T12:00:00Z",
    on_expiry: "The run ends as failed.",
    link: `/runs/${ORGANIZATION}`,
  },
  to: ["ada@example.com", "bob@example.com"],
};

Deno.test("an approval is asked of each who may decide, once", async () => {
  const payload = { run_id: ORGANIZATION, node_id: "ask", scope: "" };
  const { mails } = await runJob("approval.mail", payload, APPROVAL, {
    env: { frontendUrl: "https://app.example.com" },
  });
  assertEquals(mails.map(({ to, key }) => [to, key]), APPROVAL.to.map((to) => [to, `run:ask::${to}`]));
  assertEquals(mails[0]?.subject, "Ada & Sons: Refunds waits for your approval");
  assertStringIncludes(mails[0]?.html ?? "", "Refund &lt;b&gt;250&lt;/b&gt;?");
  assertStringIncludes(mails[0]?.html ?? "", `href="https://app.example.com/runs/${ORGANIZATION}"`);
  assertEquals((await runJob("approval.mail", payload, null)).mails, []);
  assertEquals((await runJob("approval.mail", payload, { ...APPROVAL, to: [] })).mails, []);
});

const INVITATION = {
  to: "grace@example.com",
  token: "dG9rZW4",
  role: "developer",
  expires_at: "2026-11-27T09:00:00+00:00",
  organization: "Ada & Sons",
  invited_by: "Ada",
};

Deno.test("an invitation leads to the frontend, or carries its token", async () => {
  const payload = { invitation_id: ORGANIZATION, mail: 2 };
  const linked = await runJob("invitation.mail", payload, INVITATION, {
    env: { frontendUrl: "https://app.example.com" },
  });
  assertEquals([linked.mails[0]?.to, linked.mails[0]?.key], ["grace@example.com", `${ORGANIZATION}:2`]);
  assertStringIncludes(linked.mails[0]?.html ?? "", 'href="https://app.example.com/invitations/accept#token=dG9rZW4"');
  const bare = await runJob("invitation.mail", payload, INVITATION);
  assertStringIncludes(bare.mails[0]?.text ?? "", "accept it with this token: dG9rZW4");
  assertEquals((await runJob("invitation.mail", payload, null)).mails, []);
  assertEquals((await runJob("invitation.mail", payload, INVITATION, { email: "none" })).mails, []);
});

const WARNING = { secret_id: ORGANIZATION, kind: "expiry", due_at: "2026-12-01T00:00:00+00:00", days_before: 3 };
const WARNED = {
  name: "CRM_KEY",
  organization: "Ada & Sons",
  expired: false,
  flows: [{ id: "f1", name: "<b>Orders</b>" }],
  to: ["ada@example.com"],
};

Deno.test("a warning of a secret says what happens when, and which flows use it", async () => {
  const { mails } = await runJob("secret.warning", WARNING, WARNED);
  assertEquals(mails[0]?.subject, "Ada & Sons: the secret CRM_KEY expires on 1 December 2026");
  assertStringIncludes(mails[0]?.html ?? "", "&lt;b&gt;Orders&lt;/b&gt;");
  assertEquals(mails[0]?.key, `${WARNING.secret_id}:expiry:${WARNING.due_at}:3:ada@example.com`);
  const over = await runJob("secret.warning", { ...WARNING, days_before: 0 }, { ...WARNED, expired: true, flows: [] });
  assertStringIncludes(over.mails[0]?.subject ?? "", "has expired");
  assertStringIncludes(over.mails[0]?.text ?? "", "None at the moment");
  const reminder = await runJob("secret.warning", { ...WARNING, kind: "rotation" }, WARNED);
  assertStringIncludes(reminder.mails[0]?.subject ?? "", "should get a new value");
  assertEquals((await runJob("secret.warning", WARNING, null)).mails, []);
});

Deno.test("operators hear of a task that fails, and of its recovery, once each", async () => {
  const payload = {
    alert_id: ORGANIZATION,
    event: "failed",
    to: "ops@example.com",
    task: "retention",
    failures: 3,
    error: { code: "internal", message: "<b>disk</b>" },
    opened_at: "2026-11-20T08:00:00+00:00",
  };
  const { mails } = await runJob("system.alert", payload, null);
  assertEquals([mails[0]?.to, mails[0]?.organization_id, mails[0]?.key], [
    "ops@example.com",
    null,
    `${ORGANIZATION}:failed`,
  ]);
  assertEquals(mails[0]?.subject, "The task retention fails");
  assertStringIncludes(mails[0]?.text ?? "", "internal: <b>disk</b>");
  const recovered = await runJob("system.alert", { ...payload, event: "recovered" }, null);
  assertEquals(recovered.mails[0]?.subject, "Recovered: The task retention works again");
});
