import { assert, assertEquals, assertRejects } from "../../tests/helpers/assert.ts";
import { startSmtp } from "../../tests/helpers/smtp_server.ts";
import { createAuthority } from "../../tests/helpers/test_certificate.ts";
import { readEmailFailure } from "./email_failure.ts";
import { createSmtpEmailProvider } from "./smtp_email_provider.ts";

/** Loopback, but none of the addresses to which our client speaks in the clear. */
const HOST = "127.0.0.2";
const MESSAGE = { to: ["ada@example.com"], subject: "Hello", text: "Hello" };
const OPTIONS = { idempotencyKey: "one" };

const authority = await createAuthority();
const DAY_MS = 86_400_000;

for (const mode of ["implicit", "starttls"] as const) {
  Deno.test(`SMTP with TLS (${mode}) sends where the certificate holds`, async () => {
    await using server = startSmtp({ hostname: HOST, tls: { mode, certificate: await authority.issue(HOST) } });
    const smtp = createSmtpEmailProvider({ url: server.url, from: "mill@example.com", ca: [authority.cert] });
    await smtp.send(MESSAGE, OPTIONS);
    assertEquals([server.taken.length, server.taken[0]?.header("subject"), server.faults], [1, "Hello", []]);
  });

  for (
    const [what, certificate, ca] of [
      ["of an authority that nobody knows", await (await createAuthority()).issue(HOST), [authority.cert]],
      ["of another server", await authority.issue("127.0.0.3"), [authority.cert]],
      [
        "that is over",
        await authority.issue(HOST, { from: new Date(Date.now() - 2 * DAY_MS), to: new Date(Date.now() - DAY_MS) }),
        [authority.cert],
      ],
      ["of our authority where only those are trusted that all trust", await authority.issue(HOST), undefined],
    ] as const
  ) {
    Deno.test(`SMTP with TLS (${mode}) sends nothing under a certificate ${what}`, async () => {
      await using server = startSmtp({ hostname: HOST, tls: { mode, certificate } });
      const url = server.url;
      const smtp = createSmtpEmailProvider({ url, from: "mill@example.com", timeoutMs: 3_000, ...(ca && { ca }) });
      const error = await assertRejects(() => smtp.send(MESSAGE, OPTIONS));
      // Surely not taken: another service may have it.
      assertEquals(readEmailFailure(error).accepted, "no");
      assertEquals([server.taken.length, server.faults], [0, []]);
    });
  }
}

Deno.test("SMTP gives neither password nor message to a server that offers no STARTTLS", async () => {
  await using server = startSmtp({ hostname: HOST });
  const smtp = createSmtpEmailProvider({ url: server.url, from: "mill@example.com", timeoutMs: 3_000 });
  const error = await assertRejects(() => smtp.send(MESSAGE, OPTIONS));
  assertEquals(readEmailFailure(error).accepted, "no");
  assertEquals(server.taken.length, 0);
  assert(!server.faults.some((fault) => /AUTH|MAIL/.test(fault)), server.faults.join());
});
