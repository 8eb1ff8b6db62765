import type { z } from "zod";
import { withApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { router } from "./router.ts";
import type { Member, meSchema, Organization, Profile, Workspace } from "./schemas.ts";

type Me = z.output<typeof meSchema>;

interface List<T> {
  data: T[];
  next_cursor: string | null;
}

Deno.test("GET /orgs/me gives profile, organizations and rights, and makes them on the first call", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const { status, body } = await ada.get<Me>("/orgs/me");
    assertEquals(status, 200);
    assertEquals([body.profile.id, body.profile.email], [ada.id, ada.email]);
    assertEquals([body.organization_id, body.role, body.plan], [ada.organizationId, "owner", "free"]);
    assert(body.permissions.includes("flows:write") && (body.limits.max_flows ?? 0) > 0);
    assertEquals(body.organizations.map(({ id, role, suspended }) => [id, role, suspended]), [
      [ada.organizationId, "owner", false],
    ]);
  }));

Deno.test("GET /orgs/me speaks for the organization that was asked for", () =>
  withApi([router], async (api) => {
    const [ada, bob] = [await api.createUser(), await api.createUser()];
    await api.db.sql`
      insert into public.organization_members (organization_id, user_id, role)
      values (${ada.organizationId}, ${bob.id}, 'viewer')`;
    const { body } = await bob.get<Me>("/orgs/me", { "x-organization-id": ada.organizationId });
    assertEquals([body.organization_id, body.role], [ada.organizationId, "viewer"]);
    assert(!body.permissions.includes("flows:write"));
    assertEquals(body.organizations.map(({ role }) => role), ["owner", "viewer"]);
  }));

Deno.test("POST /orgs/sync takes the address over from Auth and sets the name", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    await api.db.sql`update auth.users set email = 'countess@example.com' where id = ${ada.id}`;
    const synced = await ada.post<Profile>("/orgs/sync");
    assertEquals([synced.status, synced.body.email, synced.body.display_name], [200, "countess@example.com", null]);
    const named = await ada.post<Profile>("/orgs/sync", { display_name: " Ada " });
    assertEquals(named.body.display_name, "Ada");
    assertEquals((await ada.post<Profile>("/orgs/sync", {})).body, named.body);
    expectProblem(await ada.post("/orgs/sync", { display_name: "x".repeat(201) }), "invalid_request");
  }));

Deno.test("GET /orgs pages through one's own organizations", () =>
  withApi([router], async (api) => {
    const [ada, bob, eve] = [await api.createUser(), await api.createUser(), await api.createUser()];
    await api.db.sql`
      insert into public.organization_members (organization_id, user_id, role)
      values (${ada.organizationId}, ${bob.id}, 'guest')`;
    const first = await bob.get<List<Organization>>("/orgs?limit=1&sort=-created_at");
    assertEquals(first.body.data.map(({ id, role }) => [id, role]), [[bob.organizationId, "owner"]]);
    const cursor = first.body.next_cursor;
    const second = await bob.get<List<Organization>>(`/orgs?limit=1&sort=-created_at&cursor=${cursor}`);
    assertEquals(second.body.data.map(({ id, role }) => [id, role]), [[ada.organizationId, "guest"]]);
    assertEquals(second.body.next_cursor, null);
    expectProblem(await eve.get(`/orgs?limit=1&sort=-created_at&cursor=${cursor}`), "invalid_cursor");
  }));

Deno.test("GET /orgs/:id gives one's own organization, 304 to who has it, 404 to strangers", () =>
  withApi([router], async (api) => {
    const [ada, eve] = [await api.createUser(), await api.createUser()];
    const path = `/orgs/${ada.organizationId}`;
    const { status, body, headers } = await ada.get<Organization>(path);
    assertEquals([status, body.id, body.role, body.plan], [200, ada.organizationId, "owner", "free"]);
    assertEquals((await ada.get(path, { "if-none-match": headers.get("etag") ?? "" })).status, 304);
    const [theirs, none] = [await eve.get(path), await eve.get(`/orgs/${crypto.randomUUID()}`)];
    expectProblem(theirs, "not_found");
    assertEquals({ ...theirs.body, request_id: "" }, { ...none.body, request_id: "" });
  }));

Deno.test("a suspended organization can be looked at and nothing else", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    await api.db.sql`update public.organizations set suspended_at = now() where id = ${ada.organizationId}`;
    const { status, body } = await ada.get<Organization>(`/orgs/${ada.organizationId}`);
    assertEquals([status, body.suspended], [200, true]);
    expectProblem(await ada.get(`/orgs/${ada.organizationId}/members`), "forbidden");
    expectProblem(await ada.get(`/orgs/${ada.organizationId}/workspaces`), "forbidden");
    assertEquals((await ada.get<Me>("/orgs/me")).body.permissions, ["org:read"]);
  }));

Deno.test("GET /orgs/:id/members pages through members, and asks for the right in that organization", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const members = [ada];
    for (const role of ["developer", "viewer", "viewer"]) {
      members.push(await api.createMember(ada.organizationId, role));
    }
    const path = `/orgs/${ada.organizationId}/members`;
    const seen: string[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const { body }: { body: List<Member> } = await ada.get(
        `${path}?limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`,
      );
      seen.push(...body.data.map(({ user_id }) => user_id));
      cursor = body.next_cursor;
    }
    assertEquals(seen, members.map(({ id }) => id));
    const viewers = await ada.get<List<Member>>(`${path}?role=viewer`);
    assertEquals(viewers.body.data.map(({ role, email }) => [role, email]), [
      ["viewer", members[2]?.email ?? ""],
      ["viewer", members[3]?.email ?? ""],
    ]);
    // Owner at home, guest there: what counts is what he is there.
    const bob = await api.createUser();
    await api.db.sql`
      insert into public.organization_members (organization_id, user_id, role)
      values (${ada.organizationId}, ${bob.id}, 'guest')`;
    expectProblem(await bob.get(path), "forbidden");
    expectProblem(await bob.get(path, { "x-organization-id": bob.organizationId }), "forbidden");
    assertEquals((await bob.get<List<Member>>(`/orgs/${bob.organizationId}/members`)).body.data.length, 1);
    expectProblem(await (await api.createUser()).get(path), "not_found");
  }));

Deno.test("GET /orgs/:id/workspaces lists the workspaces of that organization", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    await api.db.sql`insert into public.workspaces (organization_id, name) values (${ada.organizationId}, 'Second')`;
    const { status, body } = await ada.get<List<Workspace>>(`/orgs/${ada.organizationId}/workspaces?sort=name`);
    assertEquals(status, 200);
    assertEquals(body.data.map(({ name, is_default }) => [name, is_default]), [["Default", true], ["Second", false]]);
    expectProblem(await (await api.createUser()).get(`/orgs/${ada.organizationId}/workspaces`), "not_found");
  }));
