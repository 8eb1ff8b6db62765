/**
 * The routes of operators on a real Postgres.
 *
 * @module
 */
import type { Router } from "../../shared/http/mod.ts";
import { type ApiUser, withApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { router } from "./router.ts";

/** Loaded as the platform loads a function: nothing else imports one. */
async function loadApi(): Promise<Router> {
  return (await import(new URL("../api/router.ts", import.meta.url).href)).router;
}

interface List<T> {
  data: T[];
  next_cursor?: string | null;
}

Deno.test("limits by hand are set, listed, changed and taken away", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const override = {
      subject_kind: "org",
      subject_id: ada.organizationId,
      request_limit: 5000,
      burst: 700,
      reason: "They import on Mondays",
    };
    const { status, body } = await api.operator.send("PUT", "/admin/limits/overrides", override);
    assertEquals([status, body.scope, body.window_seconds, body.burst], [200, "*", 60, 700]);
    const list = () => api.operator.get<List<{ burst: number }>>("/admin/limits/overrides?subject_kind=org");
    assertEquals((await list()).body.data.map(({ burst }) => burst), [700]);
    await api.operator.send("PUT", "/admin/limits/overrides", { ...override, burst: 800 });
    assertEquals((await list()).body.data.map(({ burst }) => burst), [800]);
    const path = `/admin/limits/overrides?subject_kind=org&subject_id=${ada.organizationId}`;
    assertEquals((await api.operator.delete(path)).status, 204);
    expectProblem(await api.operator.delete(path), "not_found");
    expectProblem(await ada.get("/admin/limits/overrides"), "forbidden");
  }));

Deno.test("somebody's buckets are looked at, and filled again, which ends a block", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    await api.db.sql`
      insert into private.rate_limits (key, tat, strikes, blocked_until)
      values (${`user:${ada.id}:run`}, now(), 3, now() + interval '1 hour')`;
    const query = `subject_kind=user&subject_id=${ada.id}`;
    const buckets = async () =>
      (await api.operator.get<List<{ key: string; strikes: number; blocked_until: string | null }>>(
        `/admin/limits/buckets?${query}`,
      )).body.data;
    const blocked = (await buckets()).filter(({ blocked_until }) => blocked_until !== null);
    assertEquals(blocked.map(({ key, strikes }) => [key, strikes]), [[`user:${ada.id}:run`, 3]]);
    const subject = { subject_kind: "user", subject_id: ada.id };
    const { body } = await api.operator.post("/admin/limits/buckets/reset", subject);
    assert(Number(body.reset) >= 2);
    assertEquals(await buckets(), []);
  }));

Deno.test("networks are blocked, listed in pages, and let in again", () =>
  withApi([router], async (api) => {
    const block = async (network: string) =>
      (await api.operator.send<{ id: string; network: string }>("PUT", "/admin/ip-blocks", { network, reason: "Test" }))
        .body;
    const first = await block("198.51.100.77/24");
    assertEquals(first.network, "198.51.100.0/24");
    await block("2001:db8::/48");
    const page = await api.operator.get<List<{ network: string }>>("/admin/ip-blocks?limit=1");
    assertEquals(page.body.data.map(({ network }) => network), ["2001:db8::/48"]);
    const rest = await api.operator.get<List<{ id: string }>>(
      `/admin/ip-blocks?limit=1&cursor=${page.body.next_cursor}`,
    );
    assertEquals([rest.body.data.map(({ id }) => id), rest.body.next_cursor], [[first.id], null]);
    assertEquals((await api.operator.delete(`/admin/ip-blocks/${first.id}`)).status, 204);
    expectProblem(await api.operator.delete(`/admin/ip-blocks/${first.id}`), "not_found");
    expectProblem(await api.operator.send("PUT", "/admin/ip-blocks", { network: "10.0.0.1", reason: "x" }), "conflict");
    for (const network of ["0.0.0.0/0", "300.1.1.1", "1.2.3.4/40", "nonsense"]) {
      expectProblem(await api.operator.send("PUT", "/admin/ip-blocks", { network, reason: "x" }), "invalid_request");
    }
    const events = await api.operator.get<List<{ kind: string }>>("/admin/security-events");
    assertEquals(events.body.data.map(({ kind }) => kind), ["ip.unblocked", "ip.blocked", "ip.blocked"]);
  }));

Deno.test("when addresses are blocked by themselves is a setting", () =>
  withApi([router], async (api) => {
    const usual = { ip_block_after: 50, ip_block_window_seconds: 600, ip_block_seconds: 3600, ip_never_block: [] };
    assertEquals<unknown>((await api.operator.get("/admin/blocking-settings")).body, usual);
    const other = { ...usual, ip_block_after: 0, ip_never_block: ["192.0.2.0/24", "2001:db8::1"] };
    assertEquals<unknown>((await api.operator.send("PUT", "/admin/blocking-settings", other)).body, other);
    assertEquals<unknown>((await api.operator.get("/admin/blocking-settings")).body, other);
    const wrong = { ...usual, ip_never_block: ["1.2.3.4/99"] };
    expectProblem(await api.operator.send("PUT", "/admin/blocking-settings", wrong), "invalid_request");
  }));

Deno.test("operators see the security events of all, or of the organization that they name", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const bob = await api.createUser();
    for (const [ip, organization] of [["198.51.100.1", ada], ["198.51.100.2", ada], ["198.51.100.3", bob]] as const) {
      await api.db.sql`
        insert into private.security_events (kind, ip, organization_id)
        values ('permission.denied', ${ip}, ${organization.organizationId})`;
    }
    const all = await api.operator.get<List<{ ip: string }>>("/admin/security-events");
    assertEquals(all.body.data.length, 3);
    const named = await api.operator.get<List<{ ip: string }>>("/admin/security-events", {
      "x-organization-id": bob.organizationId,
    });
    assertEquals(named.body.data.map(({ ip }) => ip), ["198.51.100.3"]);
  }));

Deno.test("flags are made, changed, given to one organization, taken away, and each change is audited", async () =>
  withApi([router, await loadApi()], async (api) => {
    const [ada, bob] = [await api.createUser(), await api.createUser()];
    const has = async (user: ApiUser) => (await user.get<{ flags: string[] }>("/api/v1/flags")).body.flags;
    const path = "/admin/flags/new_editor";
    const rule = (user: ApiUser) => `${path}/organizations/${user.organizationId}`;
    const set = (changes: Record<string, unknown>) =>
      api.operator.send("PUT", "/admin/flags", { name: "new_editor", ...changes });
    const none = await api.operator.get(path);
    expectProblem(none, "not_found");
    assertEquals(none.body.detail, "No such flag");
    expectProblem(await api.operator.send("PUT", rule(ada), { is_on: true }), "not_found");
    const made = await set({ percentage: 0, description: "The new editor" });
    assertEquals([made.status, made.body.rule_count, made.body.since_version], [200, 0, null]);
    const given = await api.operator.send("PUT", rule(ada), { is_on: true });
    assertEquals<unknown>(given.body.rules, { [ada.organizationId]: true });
    // The gate reads them: both have what they have with the next request.
    assertEquals([await has(ada), await has(bob)], [["new_editor"], []]);
    await set({ percentage: 100 });
    await api.operator.send("PUT", rule(ada), { is_on: false });
    assertEquals([await has(ada), await has(bob)], [[], ["new_editor"]]);
    assertEquals((await set({ since_version: "2999-01-01" })).body.percentage, 100);
    assertEquals(await has(bob), []);
    assertEquals((await set({ since_version: null })).body.since_version, null);
    assertEquals((await api.operator.delete<{ rules: unknown }>(rule(ada))).body.rules, {});
    assertEquals(await has(ada), ["new_editor"]);
    const list = await api.operator.get<List<{ name: string; description: string; rule_count: number }>>(
      "/admin/flags",
    );
    assertEquals(list.body.data.map((flag) => [flag.name, flag.description, flag.rule_count]), [
      ["new_editor", "The new editor", 0],
    ]);
    for (
      const wrong of [{ percentage: 101 }, { percentage: null }, { since_version: "soon" }, { rules: {} }, {
        name: "No",
      }]
    ) {
      expectProblem(await set(wrong), "invalid_request");
    }
    expectProblem(
      await api.operator.send("PUT", `${path}/organizations/${crypto.randomUUID()}`, { is_on: true }),
      "not_found",
    );
    expectProblem(await ada.get("/admin/flags"), "forbidden");
    assertEquals((await api.operator.delete(path)).status, 204);
    expectProblem(await api.operator.delete(path), "not_found");
    assertEquals(await has(bob), []);
    const events = await api.db.sql`
      select action, organization_id = ${ada.organizationId} as hers, actor from public.audit_events
      where action like 'flag.%' order by id`;
    assertEquals(events.map(({ action, hers, actor }) => `${action} ${hers} ${actor}`), [
      "flag.set false service",
      "flag.rule_set true service",
      "flag.set false service",
      "flag.rule_set true service",
      "flag.set false service",
      "flag.set false service",
      "flag.rule_removed true service",
      "flag.removed false service",
    ]);
  }));
