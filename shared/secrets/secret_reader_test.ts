import { assertEquals, assertRejects } from "../../tests/helpers/assert.ts";
import { toBase64 } from "../bytes/mod.ts";
import { serviceUnavailable } from "../errors/mod.ts";
import {
  Keyring,
  sealEnvelope,
  SecretError,
  secretPlace,
  SecretReader,
  type SecretReading,
  type SecretReply,
} from "./mod.ts";

const keyring = new Keyring({ current: "k1", keys: { k1: new Uint8Array(32).fill(1) } });
const user = { organizationId: "org", runId: "run", nodeId: "node" };

/** A store in memory: values by organization and name. */
class Store {
  calls: SecretReading[][] = [];
  opened = 0;
  readonly rows = new Map<string, { id: string; number: number; value: string; expired?: boolean }>();
  failure: Error | undefined;

  set(name: string, number: number, value: string, organization = "org") {
    this.rows.set(`${organization}|${name}`, { id: `id-${name}`, number, value });
  }

  async readSecrets(readings: readonly SecretReading[]): Promise<SecretReply[]> {
    this.calls.push([...readings]);
    if (this.failure !== undefined) throw this.failure;
    return await Promise.all(
      readings.map(async ({ organization_id, name, secret_id, number }): Promise<SecretReply> => {
        const row = this.rows.get(`${organization_id}|${name}`);
        if (row === undefined) return { organization_id, name, status: "missing" };
        if (row.expired) return { organization_id, name, status: "expired" };
        const found = {
          organization_id,
          name,
          status: "found" as const,
          secret_id: row.id,
          number: row.number,
          expires_in_ms: null,
        };
        if (secret_id === row.id && number === row.number) return found;
        this.opened++;
        const envelope = await sealEnvelope(keyring, secretPlace(organization_id, row.id, row.number), row.value);
        return { ...found, envelope: toBase64(envelope) };
      }),
    );
  }
}

function setUp() {
  const store = new Store();
  const clock = { now: 0 };
  return { store, clock, reader: new SecretReader(store, keyring, { freshMs: 3_000, now: () => clock.now }) };
}

Deno.test("read() asks once for all that is named at the same time, by whatever run and organization", async () => {
  const { store, reader } = setUp();
  store.set("A", 1, "value a");
  store.set("B", 1, "value b");
  store.set("A", 4, "of another", "other");
  const values = await Promise.all([
    reader.read(user, ["A", "B"]),
    reader.read({ ...user, runId: "run2" }, ["A"]),
    reader.read(user, ["A"]),
    reader.read({ ...user, organizationId: "other" }, ["A"]),
  ]);
  assertEquals(values.map((found) => [...found]), [
    [["A", "value a"], ["B", "value b"]],
    [["A", "value a"]],
    [["A", "value a"]],
    [["A", "of another"]],
  ]);
  assertEquals(store.calls.length, 1);
  assertEquals(store.calls[0]?.find(({ name, organization_id }) => name === "A" && organization_id === "org")?.uses, [
    { run_id: "run", node_id: "node", uses: 2 },
    { run_id: "run2", node_id: "node", uses: 1 },
  ]);
});

Deno.test("read() asks for no value twice while it is fresh, then whether the version is the same", async () => {
  const { store, reader, clock } = setUp();
  store.set("A", 1, "one");
  for (let time = 0; time < 3; time++) assertEquals((await reader.read(user, ["A"])).get("A"), "one");
  assertEquals([store.calls.length, store.opened], [1, 1]);
  clock.now = 3_001;
  await reader.read(user, ["A"]);
  assertEquals([store.calls.length, store.opened], [2, 1]);
  assertEquals(store.calls[1]?.[0], {
    organization_id: "org",
    name: "A",
    secret_id: "id-A",
    number: 1,
    uses: [{ run_id: "run", node_id: "node", uses: 1 }],
    past_uses: [{ run_id: "run", node_id: "node", uses: 2, number: 1 }],
  });
});

Deno.test("a new value, a deletion and an expiry are known when what is fresh has become old", async () => {
  const { store, reader, clock } = setUp();
  store.set("A", 1, "one");
  await reader.read(user, ["A"]);
  store.set("A", 2, "two");
  assertEquals((await reader.read(user, ["A"])).get("A"), "one");
  clock.now += 3_001;
  assertEquals((await reader.read(user, ["A"])).get("A"), "two");
  store.rows.get("org|A")!.expired = true;
  clock.now += 3_001;
  await assertRejects(() => reader.read(user, ["A"]), SecretError, "expired");
  store.rows.delete("org|A");
  const error = await assertRejects(() => reader.read(user, ["A"]), SecretError, "There is no secret A");
  assertEquals(error.code, "secret_missing");
});

Deno.test("one secret that is missing fails only those who name it", async () => {
  const { store, reader } = setUp();
  store.set("A", 1, "one");
  const [good, bad] = await Promise.allSettled([reader.read(user, ["A"]), reader.read(user, ["A", "NONE"])]);
  assertEquals([good?.status, bad?.status], ["fulfilled", "rejected"]);
});

Deno.test("read() says by its code why there is no value", async () => {
  const { store, reader } = setUp();
  store.set("A", 1, "one");
  const codeOf = async (from: SecretReader) => (await assertRejects(() => from.read(user, ["A"]), SecretError)).code;
  store.failure = serviceUnavailable("away");
  assertEquals(await codeOf(reader), "service_unavailable");
  store.failure = undefined;
  assertEquals(await codeOf(new SecretReader(store, null)), "secrets_not_set_up");
  const others = new Keyring({ current: "k2", keys: { k2: new Uint8Array(32).fill(2) } });
  assertEquals(await codeOf(new SecretReader(store, others)), "secret_unreadable");
});

Deno.test("flush() writes down what was read since the last call, once, and never rejects", async () => {
  const { store, reader } = setUp();
  store.set("A", 1, "one");
  await reader.read(user, ["A"]);
  await reader.flush();
  assertEquals(store.calls.length, 1);
  await reader.read(user, ["A"]);
  await reader.flush();
  assertEquals(store.calls[1]?.[0]?.past_uses, [{ run_id: "run", node_id: "node", uses: 1, number: 1 }]);
  assertEquals(store.calls[1]?.[0]?.uses, []);
  await reader.flush();
  assertEquals(store.calls.length, 2);
  await reader.read(user, ["A"]);
  store.failure = new Error("away");
  await reader.flush();
});
