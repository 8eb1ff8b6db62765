/**
 * The mails that the platform sends: digests and alerts.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "../../tests/helpers/assert.ts";
import type { Env } from "../env/mod.ts";
import type { Json } from "../graph/mod.ts";
import { type EmailMessage, NodeError, type Providers } from "../providers/mod.ts";
import { composeDigest, type Digest } from "./_digest_mail.ts";
import { composeInvitation, type Invitation } from "./_invitation_mail.ts";
import { duration, oneLine } from "./_mail.ts";
import { queuedJob, runnerOf, runToEnd } from "./_testing.ts";
import { jobRegistry } from "./registry.ts";

const DIGEST: Digest = {
  organization: "Ada & Sons",
  day: "2026-11-20",
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

interface Sent {
  readonly message: EmailMessage;
  readonly key: string;
}

/** A runner over a type of ours, with an e-mail service that keeps what it gets and a database that answers `reply`. */
async function runJob(type: string, payload: Record<string, Json>, reply: unknown, failure?: NodeError) {
  const sent: Sent[] = [];
  const email: Providers["email"] = {
    name: "resend",
    send(message, { idempotencyKey }) {
      sent.push({ message, key: idempotencyKey });
      return failure === undefined ? Promise.resolve({ id: "m1" }) : Promise.reject(failure);
    },
  };
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => Response.json(reply));
  try {
    const env = {
      supabaseUrl: `http://127.0.0.1:${server.addr.port}`,
      secretKeys: { default: "sb_secret_x" },
    } as unknown as Env;
    const job = await jobRegistry.get(type);
    assert(job !== undefined);
    const runner = runnerOf([job], { env, providers: { email } as Providers });
    const settled = await runToEnd(runner, queuedJob(type, { payload }));
    return { settled, sent };
  } finally {
    await server.shutdown();
  }
}

const PAYLOAD = { organization_id: crypto.randomUUID(), day: "2026-11-20" };

Deno.test("the digest says the same plain and as HTML, with what tenants wrote made harmless", () => {
  const { subject, text, html } = composeDigest(DIGEST);
  assertEquals(subject, "Ada & Sons: 12 runs on 2026-11-20, 2 failed");
  for (const part of ["Runs: 12", "Success rate: 81.8 %", "- <b>Orders</b>: 2 of 5", "- Report: 1.2 min, 3"]) {
    assertStringIncludes(text, part);
  }
  assert(!html.includes("<b>"));
  assertStringIncludes(html, "&lt;b&gt;Orders&lt;/b&gt;");
  assertStringIncludes(html, "Ada &amp; Sons");
  const quiet = composeDigest({ ...DIGEST, runs: 1, failed: 0, failing: [], success_rate: null });
  assertEquals(quiet.subject, "Ada & Sons: 1 run on 2026-11-20, none failed");
  assert(!quiet.text.includes("Flows with failures") && !quiet.text.includes("Success rate"));
});

Deno.test("a name with line breaks begins no new header and no new line", () => {
  const { subject, text } = composeDigest({ ...DIGEST, organization: "Ada\r\nBcc: eve@example.com\u0000" });
  assertEquals(subject, "Ada Bcc: eve@example.com: 12 runs on 2026-11-20, 2 failed");
  assert(!text.includes("\r"));
  assertEquals(oneLine("a".repeat(300)).length, 120);
});

Deno.test("durations are written as people read them", () => {
  const written = [0.4, 340, 999.6, 2_440, 61_000, 5_400_000, 90_000_000].map(duration);
  assertEquals(written, ["0 ms", "340 ms", "1000 ms", "2.4 s", "1 min", "1.5 h", "25 h"]);
});

Deno.test("digest.mail sends one mail to the owners, under a key of the organization and day", async () => {
  const { settled, sent } = await runJob("digest.mail", PAYLOAD, DIGEST);
  assertEquals([settled?.outcome, settled?.keep, sent.length], ["completed", false, 1]);
  assertEquals(sent[0]?.key, `digest:${PAYLOAD.organization_id}:2026-11-20`);
  assertEquals(sent[0]?.message.to, ["ada@example.com", "bob@example.com"]);
  assert(sent[0]?.message.text !== undefined && sent[0].message.html !== undefined);
});

Deno.test("digest.mail sends nothing when there is nobody to tell, and tries again when the service is down", async () => {
  for (const reply of [null, { ...DIGEST, to: [] }]) {
    const { settled, sent } = await runJob("digest.mail", PAYLOAD, reply);
    assertEquals([settled?.outcome, settled?.result, sent.length], ["completed", { skipped: "nobody_to_tell" }, 0]);
  }
  const busy = new NodeError("Resend: busy", { code: "provider_error", retryable: true });
  const { settled } = await runJob("digest.mail", PAYLOAD, DIGEST, busy);
  assertEquals(settled?.outcome, "retry");
  const bad = await runJob("digest.mail", { organization_id: "x", day: "yesterday" }, DIGEST);
  assertEquals(bad.settled?.error?.code, "invalid_payload");
});

Deno.test("digest.daily goes on until no organization is left", async () => {
  const { settled, sent } = await runJob("digest.daily", {}, { day: "2026-11-20", queued: 7, more: false });
  assertEquals([settled?.outcome, settled?.result, sent.length], ["completed", { day: "2026-11-20", queued: 7 }, 0]);
});

Deno.test("system.alert tells of a failure and of the recovery, each under its own key", async () => {
  const alert = {
    alert_id: crypto.randomUUID(),
    event: "failed",
    to: "ops@example.com",
    task: "usage-hourly",
    failures: 2,
    error: { code: "P0001", message: "It <broke>\r\nBcc: x" },
    opened_at: "2026-11-20T01:02:03Z",
  };
  const failed = await runJob("system.alert", alert as never, null);
  assertEquals(failed.settled?.outcome, "completed");
  const [mail] = failed.sent;
  assertEquals([mail?.key, mail?.message.to], [`alert:${alert.alert_id}:failed`, ["ops@example.com"]]);
  assertEquals(mail?.message.subject, "Millrace: usage-hourly fails");
  assertStringIncludes(mail?.message.text ?? "", "failed 2 times in a row");
  assertStringIncludes(mail?.message.html ?? "", "It &lt;broke&gt; Bcc: x");
  const recovered = await runJob("system.alert", { ...alert, event: "recovered" } as never, null);
  assertEquals(recovered.sent[0]?.key, `alert:${alert.alert_id}:recovered`);
  assertEquals(recovered.sent[0]?.message.subject, "Millrace: usage-hourly works again");
});

const INVITATION: Invitation = {
  to: "grace@example.com",
  token: "tok-EN_1",
  role: "developer",
  expires_at: "2026-11-27T09:30:00+00:00",
  organization: "Ada & <b>Sons</b>\r\nBcc: eve@example.com",
  invited_by: "Ada",
};

Deno.test("the mail of an invitation leads to the frontend, its token behind the #, or carries the token", () => {
  const { subject, text, html } = composeInvitation(INVITATION, "https://app.example.com");
  assertEquals(subject, "Join Ada & <b>Sons</b> Bcc: eve@example.com on Millrace");
  assertStringIncludes(text, "Ada invites you to join");
  assertStringIncludes(text, "https://app.example.com/invitations/accept#token=tok-EN_1");
  assertStringIncludes(text, "until 2026-11-27 09:30 UTC");
  assert(!html.includes("<b>") && !text.includes("\r"));
  assertStringIncludes(html, 'href="https://app.example.com/invitations/accept#token=tok-EN_1"');
  const bare = composeInvitation({ ...INVITATION, invited_by: null }, null);
  assertStringIncludes(bare.text, "accept it with this token: tok-EN_1");
  assertStringIncludes(bare.text, "You are invited to join");
});

Deno.test("invitation.mail sends each attempt under a key of its own, and nothing that is not open any more", async () => {
  const payload = { invitation_id: crypto.randomUUID(), mail: 2 };
  const { settled, sent } = await runJob("invitation.mail", payload as never, INVITATION);
  assertEquals([settled?.outcome, sent[0]?.message.to], ["completed", ["grace@example.com"]]);
  assertEquals(sent[0]?.key, `invitation:${payload.invitation_id}:2:1`);
  assert(!JSON.stringify(settled).includes(INVITATION.token));
  const gone = await runJob("invitation.mail", payload as never, null);
  assertEquals([gone.settled?.result, gone.sent.length], [{ skipped: "not_open_any_more" }, 0]);
});

const WARNING = { secret_id: crypto.randomUUID(), kind: "expiry", due_at: "2026-12-01T00:00:00+00:00", days_before: 3 };
const WARNED = {
  name: "CRM_KEY",
  organization: "Ada & Sons",
  expired: false,
  flows: [{ id: "f1", name: "<b>Orders</b>" }],
  to: ["ada@example.com"],
};

Deno.test("a warning of a secret says what happens when, and which flows use it", async () => {
  const { sent } = await runJob("secret.warning", WARNING, WARNED);
  assertEquals(sent.map(({ message }) => message.subject), ["Millrace: The secret CRM_KEY expires on 2026-12-01"]);
  assertStringIncludes(sent[0]?.message.text ?? "", "<b>Orders</b>");
  assertStringIncludes(sent[0]?.message.html ?? "", "&lt;b&gt;Orders&lt;/b&gt;");
  assertEquals(sent[0]?.key, `secret:${WARNING.secret_id}:expiry:${WARNING.due_at}:3`);
  const over = await runJob("secret.warning", { ...WARNING, days_before: 0 }, { ...WARNED, expired: true, flows: [] });
  assertStringIncludes(over.sent[0]?.message.subject ?? "", "has expired");
  assertStringIncludes(over.sent[0]?.message.text ?? "", "No flow uses it");
  const reminder = await runJob("secret.warning", { ...WARNING, kind: "rotation" }, WARNED);
  assertStringIncludes(reminder.sent[0]?.message.subject ?? "", "should get a new value");
});

Deno.test("a warning that is void by now tells nobody", async () => {
  assertEquals((await runJob("secret.warning", WARNING, null)).sent, []);
});
