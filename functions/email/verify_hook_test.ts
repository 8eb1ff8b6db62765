import { assertEquals, assertRejects } from "../../tests/helpers/assert.ts";
import { AppError } from "../../shared/errors/mod.ts";
import { verifyHook } from "./verify_hook.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const BODY = new TextEncoder().encode('{"test": 2432232314}');
const GOOD = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
const NOW = new Date(1_614_265_330_000);
const BASE: Readonly<Record<string, string>> = {
  "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
  "webhook-timestamp": "1614265330",
  "webhook-signature": GOOD,
};

function verify(headers: HeadersInit, { body = BODY, secrets = [SECRET], now = NOW } = {}) {
  return verifyHook(new Headers(headers), body, secrets, now);
}

Deno.test("verifyHook() takes the published call, in the spelling of each sender", async () => {
  const call = { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", body: { test: 2432232314 } };
  assertEquals<unknown>(await verify(BASE), call);
  assertEquals<unknown>(await verify(BASE, { secrets: [`v1,${SECRET}`] }), call);
  assertEquals<unknown>(await verify(BASE, { secrets: ["whsec_c2VjcmV0IG9mIHRoZSB5ZWFyIGJlZm9yZQ==", SECRET] }), call);
  const svix = Object.fromEntries(
    Object.entries(BASE).map(([name, value]) => [name.replace("webhook", "svix"), value]),
  );
  assertEquals<unknown>(await verify(svix), call);
});

Deno.test("verifyHook() refuses mutants", async () => {
  const mutants: Record<string, string>[] = [
    { "webhook-signature": GOOD.replace("g0", "h0") },
    { "webhook-signature": GOOD.slice(0, -2) },
    { "webhook-signature": GOOD.replace("=", "") },
    { "webhook-signature": GOOD.replace("v1,", "v1a,") },
    { "webhook-signature": GOOD.slice(3) },
    { "webhook-signature": "v1," },
    { "webhook-signature": `v1,AAAA ${GOOD}` },
    { "webhook-signature": "v1,8348ccf52b04f8e4cf2531adfed9882ad4b2665137b8524 42d594d20e2c9d4e1" },
    { "webhook-signature": `${"v1,AAAA ".repeat(1_000)}${GOOD}` },
    { "webhook-id": "msg_other" },
    { "webhook-id": "" },
    { "webhook-timestamp": "1614265331" },
    { "webhook-timestamp": "1614265330.0" },
    { "webhook-timestamp": "0x60381832" },
    { "webhook-timestamp": "" },
  ];
  const refused = (call: Promise<unknown>) => assertRejects(() => call, AppError);
  for (const mutant of mutants) await refused(verify({ ...BASE, ...mutant }));
  for (const seconds of [-301, 301]) await refused(verify(BASE, { now: new Date(NOW.getTime() + seconds * 1_000) }));
  await refused(verify(BASE, { body: new Uint8Array([0xef, 0xbb, 0xbf, ...BODY]) }));
  await refused(verify(BASE, { secrets: [] }));
});
