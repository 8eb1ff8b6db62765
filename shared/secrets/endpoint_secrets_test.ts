import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { openEndpointSecrets, sealEndpointSecret } from "./mod.ts";
import { Keyring } from "./mod.ts";

const ORG = "0193a000-0000-7000-8000-00000000000a";
const masterKeys = { current: "k1", keys: { k1: new Uint8Array(32).fill(1) } };

async function sealed(secret: string) {
  const { id, envelope } = await sealEndpointSecret(new Keyring(masterKeys), ORG, secret, false);
  const bytes = Uint8Array.from(atob(envelope), (char) => char.charCodeAt(0));
  return { id, envelope: [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("") };
}

Deno.test("openEndpointSecrets() opens what is sealed, takes what is not, and counts what it cannot open", async () => {
  const [one, two] = [await sealed("whsec_one"), await sealed("whsec_two")];
  const open = (env: Parameters<typeof openEndpointSecrets>[0], org: string, ...stored: (typeof one | string)[]) =>
    openEndpointSecrets(env, org, stored);
  assertEquals(await open({ masterKeys }, ORG, one, "plain", two), {
    secrets: ["whsec_one", "plain", "whsec_two"],
    unreadable: 0,
  });
  // Bound to its row and its tenant, whatever is kept of it.
  const other = "0193a000-0000-7000-8000-00000000000b";
  assertEquals((await open({ masterKeys }, other, one)).unreadable, 1);
  assertEquals((await open({ masterKeys }, ORG, { ...one, id: two.id })).unreadable, 1);
  assertEquals(await open({ masterKeys: null }, ORG, one, "plain"), { secrets: ["plain"], unreadable: 1 });
  const foreign = { masterKeys: { current: "k1", keys: { k1: new Uint8Array(32).fill(2) } } };
  assertEquals((await open(foreign, ORG, one)).unreadable, 1);
  assertEquals((await open({ masterKeys }, ORG, { ...one, envelope: "00" })).unreadable, 1);
});

Deno.test("openEndpointSecrets() decrypts once and keeps a bounded number", async () => {
  const env = { masterKeys: { ...masterKeys } };
  const one = await sealed("whsec_one");
  const { decrypt } = crypto.subtle;
  let decrypted = 0;
  crypto.subtle.decrypt = (...args: Parameters<typeof decrypt>) => {
    decrypted++;
    return decrypt.apply(crypto.subtle, args);
  };
  try {
    for (let i = 0; i < 100; i++) await openEndpointSecrets(env, ORG, [one]);
    assertEquals(decrypted, 2);
    const many = await Promise.all(Array.from({ length: 1_001 }, (_, index) => sealed(`whsec_${index}`)));
    await openEndpointSecrets(env, ORG, many.slice(0, 999));
    await openEndpointSecrets(env, ORG, [one]);
    assertEquals(decrypted, 2 + 999 * 2);
    await openEndpointSecrets(env, ORG, many.slice(999));
    const before = decrypted;
    // The one used lately stays, the one used longest ago has gone.
    await openEndpointSecrets(env, ORG, [one]);
    assertEquals(decrypted, before);
    await openEndpointSecrets(env, ORG, [many[0]!]);
    assertEquals(decrypted, before + 2);
    assert(decrypted > 0);
  } finally {
    crypto.subtle.decrypt = decrypt;
  }
});
