/**
 * The audit log over HTTP: searched, exported, proven, verified; and what members see of it.
 *
 * @module
 */
import { isSignedBy, readNetstrings, signedText } from "../../shared/audit/mod.ts";
import { type ApiUser, withApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { leafHash, rootOf } from "../../tests/helpers/merkle.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { FUNCTIONS } from "./mounts.ts";

const routers = await Promise.all([FUNCTIONS.audit(), FUNCTIONS.flows()]);

interface Event {
  id: string;
  action: string;
  user_id: string | null;
  actor: string;
  target_id: string | null;
  after: { name?: string } | null;
}

interface Page {
  data: Event[];
  next_cursor: string | null;
}

const GRAPH = { nodes: [{ id: "start", type: "trigger.manual" }], edges: [] };

async function createFlow(user: ApiUser, name: string): Promise<string> {
  const { status, body } = await user.post<{ id: string }>("/flows", { name, graph: GRAPH });
  assertEquals(status, 201, JSON.stringify(body));
  return body.id;
}

async function actions(user: ApiUser, query: string): Promise<string[]> {
  const { status, body } = await user.get<Page>(`/audit${query}`);
  assertEquals(status, 200, JSON.stringify(body));
  return body.data.map(({ action }) => action);
}

Deno.test("GET /audit gives who did what, filtered, in pages, and notes that it was read", () =>
  withApi(routers, async (api) => {
    const [ada, bob] = [await api.createUser(), await api.createUser()];
    const id = await createFlow(ada, "Orders");
    await createFlow(bob, "Secret orders of Bob");
    assertEquals((await ada.delete(`/flows/${id}`)).status, 204);
    const all = await actions(ada, "");
    assertEquals(all[0], "audit.read");
    assert(all.includes("flow.created") && all.includes("flow.deleted") && all.includes("organization.created"));
    assertEquals((await actions(ada, "")).length, all.length, "It is noted once in ten minutes");
    assertEquals(await actions(ada, "?action=flow.created,flow.deleted&sort=occurred_at"), [
      "flow.created",
      "flow.deleted",
    ]);
    assertEquals(await actions(ada, "?action=member.*"), ["member.created"]);
    assert((await actions(ada, `?target_type=flow&target_id=${id}`)).every((action) => action.startsWith("flow.")));
    assert((await actions(ada, "?q=ORDERS")).includes("flow.created"));
    assertEquals(await actions(ada, "?q=100%25"), []);
    assertEquals(await actions(ada, "?ip=203.0.113.9"), []);
    assertEquals(await actions(ada, "?to=2020-01-01T00:00:00Z"), []);
    assertEquals(await actions(ada, "?from=2020-01-01T00:00:00Z"), all);
    assertEquals((await actions(ada, `?user_id=${ada.id}`)).length, all.length);
    expectProblem(await ada.get("/audit?ip=nonsense"), "invalid_request");
    const first = await ada.get<Page>("/audit?limit=2");
    const rest = await actions(ada, `?limit=100&cursor=${first.body.next_cursor}`);
    assertEquals([...first.body.data.map(({ action }) => action), ...rest], all);
    const { body: one } = await ada.get<Event & { seal: unknown }>(`/audit/${first.body.data[0]!.id}`);
    assertEquals(one.seal, null);
    expectProblem(await bob.get(`/audit/${first.body.data[0]!.id}`), "not_found");
  }));

Deno.test("only who holds audit:read sees the log; every member sees the activity", () =>
  withApi(routers, async (api) => {
    const ada = await api.createUser();
    await createFlow(ada, "Orders");
    for (const role of ["admin", "developer", "guest"]) {
      const member = await api.createMember(ada.organizationId, role);
      assertEquals((await member.get("/audit")).status, role === "admin" ? 200 : 403);
      assertEquals((await member.get("/audit/verify")).status, role === "admin" ? 200 : 403);
      const { status, body } = await member.get<{ data: Record<string, unknown>[] }>("/audit/activity");
      assertEquals(status, 200);
      const made = body.data.find(({ action }) => action === "flow.created");
      assertEquals([made?.["target_name"], made?.["user_name"] !== null], ["Orders", role !== "guest"]);
      assert(
        body.data.every((row) => !("ip" in row) && !("after" in row) && !String(row["action"]).startsWith("audit.")),
      );
    }
  }));

Deno.test("GET /audit/export streams lines of JSON and CSV without formulas, and is noted", () =>
  withApi(routers, async (api) => {
    const ada = await api.createUser();
    await api.db.sql`
      insert into public.audit_events (organization_id, actor, auth, via, action, target_type, target_id, agent)
      select ${ada.organizationId}, 'system', 'sql', 'sql', 'test.done', 'test', '=1+1', 'a "quoted", agent'
      from generate_series(1, 1500)`;
    const lines = (await exported(ada, "?action=test.done")).trimEnd().split("\n");
    assertEquals(lines.length, 1500);
    assertEquals(JSON.parse(lines[0]!).target_id, "=1+1");
    const csv = (await exported(ada, "?format=csv&action=test.done")).trimEnd().split("\r\n");
    assertEquals(csv.length, 1501);
    assert(csv[1]!.includes(`"a ""quoted"", agent"`) && csv[1]!.includes(",'=1+1,"), csv[1]);
    assertEquals(await exported(ada, "?q=nothing-like-it"), "");
    assert((await actions(ada, "")).includes("audit.exported"));
  }));

Deno.test("a row is proven by its bytes, the path and the signed statement, with published keys", () =>
  withApi(routers, async (api) => {
    const ada = await api.createUser();
    for (let i = 0; i < 5; i++) await createFlow(ada, `Flow ${i}`);
    const [event] = (await ada.get<Page>("/audit?action=flow.created")).body.data;
    expectProblem(await ada.get(`/audit/${event!.id}/proof`), "conflict");
    const { status, body: sealed } = await api.operator.post<{ sealed: number; signed: number }>("/audit/seal", {});
    assertEquals(status, 200, JSON.stringify(sealed));
    assert(sealed.sealed > 5 && sealed.signed > 0);
    const { body: proof } = await ada.get<{
      canonical: string;
      leaf: string;
      path: { side: "left" | "right"; hash: string }[];
      root: string;
      statement: string;
      link: string;
      signed_at: string;
      signature: string;
      key: { kty: "OKP"; crv: "Ed25519"; x: string; kid: string };
    }>(`/audit/${event!.id}/proof`);
    const { body: published } = await api.anonymous.get<{ keys: { kid: string; x: string }[] }>("/audit/keys");
    assertEquals(published.keys.map(({ kid, x }) => [kid, x]), [[proof.key.kid, proof.key.x]]);
    // Everything that follows needs nothing but what was published.
    const leaf = await leafHash(new TextEncoder().encode(proof.canonical));
    assertEquals(hex(leaf), proof.leaf);
    const root = hex(await rootOf(leaf, proof.path.map(({ side, hash }) => ({ side, hash: bytes(hash) }))));
    assertEquals(readNetstrings(proof.statement)?.[7], root);
    const link = hex(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(proof.statement))));
    const { kty, crv, x } = proof.key;
    const signature = Uint8Array.from(atob(proof.signature), (char) => char.charCodeAt(0));
    assert(await isSignedBy({ kty, crv, x }, signature, signedText(link, proof.signed_at)));
    assert(!await isSignedBy({ kty, crv, x }, signature, signedText(link, `${Number(proof.signed_at) + 1}`)));
    assertEquals(readNetstrings(proof.canonical)?.slice(0, 3), ["millrace-audit-row-1", ada.organizationId, event!.id]);
  }));

Deno.test("GET /audit/verify proves the log of the organization, and finds what was edited", () =>
  withApi(routers, async (api) => {
    const [ada, bob] = [await api.createUser(), await api.createUser()];
    await createFlow(ada, "Orders");
    await createFlow(bob, "Orders");
    await api.operator.post("/audit/seal", {});
    await createFlow(ada, "More orders");
    await api.operator.post("/audit/seal", {});
    const whole = (await ada.get<Report>("/audit/verify")).body;
    assertEquals([whole.is_whole, whole.faults, whole.batches], [true, [], 2]);
    await api.db.sql`alter table public.audit_events disable trigger all`;
    const [row] = await api.db.sql`
      update public.audit_events set user_id = ${bob.id}
      where organization_id = ${ada.organizationId} and action = 'flow.created' returning id`;
    assert(row !== undefined);
    const broken = (await ada.get<Report>("/audit/verify")).body;
    assertEquals([broken.is_whole, broken.faults[0]?.kind], [false, "edited"]);
    assertEquals((await bob.get<Report>("/audit/verify")).body.is_whole, true);
  }));

interface Report {
  is_whole: boolean;
  faults: { kind: string }[];
  batches: number;
}

async function exported(user: ApiUser, query: string): Promise<string> {
  const { status, body } = await user.get<string>(`/audit/export${query}`);
  assertEquals(status, 200);
  return body;
}

function hex(data: Uint8Array): string {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function bytes(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => parseInt(byte, 16));
}
