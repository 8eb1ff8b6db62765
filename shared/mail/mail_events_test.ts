import { assertEquals, assertThrows } from "../../tests/helpers/assert.ts";
import { readResendEvent } from "./mail_events.ts";
import { maskAddress } from "./preferences_page.tsx";

const BASE = {
  created_at: "2026-11-22T23:41:12.126Z",
  data: {
    created_at: "2026-11-22T23:41:11.894719+00:00",
    email_id: "56761188-7520-42d8-8898-ff6fc54ce618",
    from: "Acme <onboarding@example.com>",
    to: ["ada@example.com"],
    subject: "Sending this example",
    tags: { mail_id: "0193a000-0000-7000-a000-000000000006", other: "x" },
  },
};

Deno.test("readResendEvent() reads what Resend documents", () => {
  const of = (type: string, more: object = {}) =>
    readResendEvent("msg_1", { ...BASE, type, data: { ...BASE.data, ...more } });
  assertEquals(of("email.delivered"), {
    provider: "resend",
    event_id: "msg_1",
    message_id: "56761188-7520-42d8-8898-ff6fc54ce618",
    mail_id: "0193a000-0000-7000-a000-000000000006",
    type: "delivered",
    detail: null,
    occurred_at: "2026-11-22T23:41:12.126Z",
  });
  assertEquals(of("email.delivery_delayed")?.type, "delayed");
  const bounce = { message: "gone", subType: "Suppressed", type: "Permanent" };
  assertEquals(of("email.bounced", { bounce })?.detail, { type: "Permanent", subtype: "Suppressed", message: "gone" });
  const suppressed = { message: "on the list", type: "OnAccountSuppressionList" };
  assertEquals(of("email.suppressed", { suppressed })?.detail, {
    type: "OnAccountSuppressionList",
    subtype: null,
    message: "on the list",
  });
  assertEquals(
    of("email.failed", { failed: { reason: "reached_daily_quota" } })?.detail?.message,
    "reached_daily_quota",
  );
  for (const tags of [undefined, null, [], { mail_id: "no id" }]) {
    assertEquals(of("email.sent", { tags })?.mail_id, null);
  }
  assertEquals(of("email.bounced", { bounce: { message: "x".repeat(900) } })?.detail?.message.length, 500);
});

Deno.test("readResendEvent() passes over what is of no mail and refuses what has no form", () => {
  for (const type of ["contact.created", "domain.updated", "email.received", "toString", "__proto__"]) {
    assertEquals(readResendEvent("msg_1", { ...BASE, type }), null);
  }
  for (const body of [null, [], "x", {}, { type: "email.sent" }, { ...BASE, type: "email.sent", created_at: "soon" }]) {
    assertThrows(() => readResendEvent("msg_1", body));
  }
});

Deno.test("maskAddress() tells an address to nobody but its owner", () => {
  assertEquals(maskAddress("grace@example.com"), "g•••@example.com");
  assertEquals(maskAddress("g@example.com"), "•••@example.com");
  assertEquals(maskAddress("👩‍🔬lab@example.com"), "👩•••@example.com");
});
