/**
 * What an organization is told about its security, on a real Postgres.
 *
 * @module
 */
import { withApi } from "../../tests/helpers/api.ts";
import { assertEquals } from "../../tests/helpers/assert.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { router } from "./router.ts";

interface List<T> {
  data: T[];
  next_cursor?: string | null;
}

Deno.test("an organization sees its own security events, filtered and in pages", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const bob = await api.createUser();
    for (const [ip, organization] of [["198.51.100.1", ada], ["198.51.100.2", ada], ["198.51.100.3", bob]] as const) {
      await api.db.sql`
        insert into private.security_events (kind, ip, organization_id)
        values ('permission.denied', ${ip}, ${organization.organizationId})`;
    }
    const path = `/orgs/${ada.organizationId}/security-events`;
    const mine = await ada.get<List<{ ip: string }>>(path);
    assertEquals(mine.body.data.map(({ ip }) => ip), ["198.51.100.2", "198.51.100.1"]);
    const page = await ada.get<List<{ ip: string }>>(`${path}?limit=1`);
    const next = await ada.get<List<{ ip: string }>>(`${path}?limit=1&cursor=${page.body.next_cursor}`);
    assertEquals(next.body.data.map(({ ip }) => ip), ["198.51.100.1"]);
    const filtered = await ada.get<List<{ ip: string }>>(`${path}?ip=198.51.100.1&kind=permission.denied`);
    assertEquals(filtered.body.data.length, 1);
    expectProblem(await ada.get(`${path}?ip=1.2.3.4/99`), "invalid_request");
    expectProblem(await bob.get(path), "not_found");
  }));
