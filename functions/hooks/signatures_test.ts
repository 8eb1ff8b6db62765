/**
 * Which deliveries the function `hooks` takes for genuine.
 *
 * @module
 */
import { createHmac } from "node:crypto";
import { toBase64 } from "../../shared/bytes/mod.ts";
import { backgroundSettled } from "../../shared/http/mod.ts";
import { keyringOf, sealEnvelope, webhookSecretPlace } from "../../shared/secrets/mod.ts";
import { assertEquals } from "../../tests/helpers/assert.ts";
import { CHECKOUT, deliver, kept, rejections, SECRET, withEndpoint } from "../../tests/helpers/hook_deliveries.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { signStripe, signTypeform } from "../../tests/helpers/webhooks.ts";
import { router } from "./router.ts";

Deno.test("POST /hooks/:slug takes Typeform's signature and tells the same body as the same event", () =>
  withEndpoint(router, async (api, endpoint) => {
    const text = JSON.stringify({ event_id: "01H", event_type: "form_response", form_response: { token: "x" } });
    const headers = { "typeform-signature": await signTypeform(text, SECRET) };
    const first = await deliver(api, endpoint, text, headers);
    assertEquals([first.status, first.body.duplicate], [202, false]);
    const again = await deliver(api, endpoint, text, headers);
    assertEquals([again.status, again.body.duplicate, again.body.run_id], [200, true, first.body.run_id]);
    const other = text.replace("01H", "01J");
    expectProblem(await deliver(api, endpoint, other, headers), "invalid_signature");
    expectProblem(await deliver(api, endpoint, null, headers, "GET"), "method_not_allowed");
    assertEquals((await rejections(api)).count, 1);
  }, { provider: "typeform" }));

Deno.test("POST /hooks/:slug answers Slack's question for the address when it is signed, and keeps nothing of it", () =>
  withEndpoint(router, async (api, endpoint) => {
    const ask = async (secret: string) => {
      const text = JSON.stringify({ token: "t", challenge: "3eZbrw1aBm2r", type: "url_verification" });
      const time = String(Math.floor(Date.now() / 1000));
      const mac = createHmac("sha256", secret).update(`v0:${time}:${text}`).digest("hex");
      const headers = { "x-slack-request-timestamp": time, "x-slack-signature": `v0=${mac}` };
      return await deliver(api, endpoint, text, { "content-type": "application/json", ...headers });
    };
    const answer = await ask(SECRET);
    assertEquals([answer.status, answer.body as unknown], [200, { challenge: "3eZbrw1aBm2r" }]);
    expectProblem(await ask("another-secret"), "invalid_signature");
    await backgroundSettled();
    assertEquals((await kept(api)).events.length, 0);
  }, { provider: "slack" }));

Deno.test("POST /hooks/:slug refuses what is forged, stale, unsigned or changed, and keeps nothing of it", () =>
  withEndpoint(router, async (api, endpoint) => {
    const text = JSON.stringify(CHECKOUT);
    const old = Math.floor(Date.now() / 1000) - 301;
    const bad: [string, string, string | undefined][] = [
      ["forged", text, await signStripe(text, "whsec_another_secret")],
      ["stale", text, await signStripe(text, SECRET, old)],
      ["early", text, await signStripe(text, SECRET, old + 700)],
      ["unsigned", text, undefined],
      ["malformed", text, "t=now,v1=zz"],
      ["changed", text.replace("4200", "1"), await signStripe(text, SECRET)],
      ["re-encoded", JSON.stringify(CHECKOUT, null, 1), await signStripe(text, SECRET)],
    ];
    for (const [what, body, signature] of bad) {
      const headers: Record<string, string> = signature === undefined ? {} : { "stripe-signature": signature };
      const reply = await deliver(api, endpoint, body, headers);
      assertEquals(reply.body.code, "invalid_signature", what);
      expectProblem(reply, "invalid_signature");
      // Written after the answer: in the order of the deliveries only if each is waited for.
      await backgroundSettled();
    }
    assertEquals(await rejections(api), { count: bad.length, last: "signature_mismatch" });
    const { events, runs } = await kept(api);
    assertEquals([events.length, runs.length], [0, 0]);
  }));

Deno.test("POST /hooks/:slug takes both secrets during a rotation, and the old one no longer", () =>
  withEndpoint(router, async (api, endpoint, ada) => {
    await api.db.as(
      "authenticated",
      { sub: ada.id },
      (sql) => sql`select public.rotate_webhook_secret(${endpoint.id}, 'whsec_the_new_one', 3600)`,
    );
    const send = async (id: string, secret: string) => {
      const text = JSON.stringify({ ...CHECKOUT, id });
      return await deliver(api, endpoint, text, { "stripe-signature": await signStripe(text, secret) });
    };
    assertEquals((await send("evt_a", SECRET)).status, 202);
    assertEquals((await send("evt_b", "whsec_the_new_one")).status, 202);
    await api.db.sql`update private.webhook_secrets set expires_at = now() where expires_at is not null`;
    expectProblem(await send("evt_c", SECRET), "invalid_signature");
  }));

Deno.test("POST /hooks/:slug takes secrets that were sealed meanwhile, and 503s when it cannot open them", () =>
  withEndpoint(router, async (api, endpoint) => {
    const send = async (id: string, secret = SECRET) => {
      const text = JSON.stringify({ ...CHECKOUT, id });
      return await deliver(api, endpoint, text, { "stripe-signature": await signStripe(text, secret) });
    };
    assertEquals((await send("evt_1")).status, 202);
    const [row] = await api.db.sql`select id, secret from private.webhook_secrets`;
    const [{ organization_id } = {}] = await api.db.sql`select organization_id from public.webhook_endpoints`;
    const keyring = keyringOf(api.env)!;
    const bytes = await sealEnvelope(keyring, webhookSecretPlace(organization_id, row?.id), row?.secret);
    const rows = [{ id: row?.id, envelope: toBase64(bytes), key_id: keyring.current }];
    const [sealed] = await api.db.sql`select engine.seal_webhook_secrets(${JSON.stringify(rows)}::text::jsonb) as n`;
    assertEquals(sealed?.n, 1);
    assertEquals((await send("evt_2")).status, 202);
    expectProblem(await send("evt_3", "whsec_of_somebody_else"), "invalid_signature");
    // Changed in the database: whether the delivery is genuine cannot be said, so the sender has to come again.
    await api.db.sql`update private.webhook_secrets set envelope = set_byte(envelope, 90, get_byte(envelope, 90) # 1)`;
    expectProblem(await send("evt_4"), "service_unavailable");
    assertEquals((await kept(api)).events.map(({ event_key }) => event_key), ["evt_1", "evt_2"]);
  }));
