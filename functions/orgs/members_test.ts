import { withApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { invitationsRouter, router } from "./router.ts";
import type { Invitation, Member, Organization, OrganizationUsage, OwnInvitation, Workspace } from "./schemas.ts";

interface List<T> {
  data: T[];
  next_cursor: string | null;
}

type OwnInvitations = List<OwnInvitation>;

Deno.test("an organization is founded, renamed at its version, deleted with grace and restored", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const made = await ada.post<Organization>("/orgs", { name: "Engines" }, { "idempotency-key": "one" });
    assertEquals([made.status, made.body.slug, made.body.role], [201, "engines", "owner"]);
    const path = `/orgs/${made.body.id}`;
    assert(made.headers.get("location")?.endsWith(path));
    assertEquals(
      (await ada.post<Organization>("/orgs", { name: "Engines" }, { "idempotency-key": "one" })).body,
      made.body,
    );
    expectProblem(await ada.post("/orgs", { name: "Other" }, { "idempotency-key": "one" }), "idempotency_mismatch");

    const read = await ada.get<Organization>(path);
    const tag = { "if-match": read.headers.get("etag") ?? "" };
    const renamed = await ada.patch<Organization>(path, { name: "Difference Engines" }, tag);
    assertEquals([renamed.status, renamed.body.name, renamed.body.version], [200, "Difference Engines", 2]);
    expectProblem(await ada.patch(path, { name: "X" }, tag), "version_mismatch");
    expectProblem(await ada.post("/orgs", { name: "Engines", slug: "engines" }), "conflict");

    const going = await ada.delete<Organization>(path, { "if-match": renamed.headers.get("etag") ?? "" });
    assertEquals([going.status, going.body.deletes_at === null], [202, false]);
    assertEquals((await ada.get<Organization>(path)).body.deletes_at, going.body.deletes_at);
    assertEquals((await ada.get(`${path}/workspaces`)).status, 200);
    expectProblem(await ada.post(`${path}/workspaces`, { name: "W" }), "forbidden");
    expectProblem(await ada.delete(path), "forbidden");
    const kept = await ada.post<Organization>(`${path}/restore`);
    assertEquals([kept.status, kept.body.deletes_at], [200, null]);
    assertEquals((await ada.post(`${path}/workspaces`, { name: "W" })).status, 201);
  }));

Deno.test("operators suspend and resume; members read why and can do nothing but leave", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const bob = await api.createMember(ada.organizationId, "viewer");
    const path = `/orgs/${ada.organizationId}`;
    const suspended = await api.operator.post<Organization>(`${path}/suspend`, { reason: "Unpaid" });
    assertEquals([suspended.status, suspended.body.suspended], [200, true]);
    assertEquals((await ada.get<Organization>(path)).body.suspended_reason, "Unpaid");
    expectProblem(await ada.get(`${path}/members`), "forbidden");
    expectProblem(await ada.patch(path, { name: "X" }), "forbidden");
    assertEquals((await bob.post(`${path}/leave`)).status, 204);
    expectProblem(await ada.post(`${path}/suspend`, {}), "forbidden");
    const resumed = await api.operator.post<Organization>(`${path}/resume`);
    assertEquals([resumed.body.suspended, resumed.body.suspended_reason], [false, null]);
    expectProblem(await api.operator.post(`/orgs/${crypto.randomUUID()}/suspend`, {}), "not_found");
  }));

Deno.test("members get roles, hand the organization over, and go", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const [bob, eve] = [
      await api.createMember(ada.organizationId, "admin"),
      await api.createMember(ada.organizationId, "guest"),
    ];
    const path = `/orgs/${ada.organizationId}`;
    const changed = await bob.patch<Member>(`${path}/members/${eve.id}`, { role: "developer" }, { "if-match": '"v1"' });
    assertEquals([changed.status, changed.body.role, changed.body.version], [200, "developer", 2]);
    expectProblem(
      await bob.patch(`${path}/members/${eve.id}`, { role: "viewer" }, { "if-match": '"v1"' }),
      "version_mismatch",
    );
    expectProblem(await bob.patch(`${path}/members/${eve.id}`, { role: "owner" }), "forbidden");
    expectProblem(await bob.patch(`${path}/members/${ada.id}`, { role: "viewer" }), "forbidden");
    expectProblem(await bob.delete(`${path}/members/${ada.id}`), "forbidden");
    expectProblem(await ada.patch(`${path}/members/${eve.id}`, { role: "king" }), "invalid_request");
    expectProblem(await ada.post(`${path}/leave`), "conflict");
    expectProblem(await bob.post(`${path}/transfer`, { user_id: eve.id }), "forbidden");
    const given = await ada.post<Organization>(`${path}/transfer`, { user_id: eve.id, own_role: "viewer" });
    assertEquals([given.status, given.body.role], [200, "viewer"]);
    assertEquals((await eve.get<Organization>(path)).body.role, "owner");
    assertEquals((await eve.delete(`${path}/members/${bob.id}`)).status, 204);
    expectProblem(await bob.get(path), "not_found");
    assertEquals((await ada.post(`${path}/leave`)).status, 204);
    expectProblem(await ada.get(path), "not_found");
  }));

Deno.test("an invitation is made, listed, sent again, taken by its address, and takes a seat", () =>
  withApi([router, invitationsRouter], async (api) => {
    const [ada, bob] = [await api.createUser(), await api.createUser()];
    const path = `/orgs/${ada.organizationId}`;
    const invite = { email: ` ${bob.email.toUpperCase()}`.trim(), role: "developer" };
    const made = await ada.post<Invitation>(`${path}/invitations`, invite, { "idempotency-key": "bob" });
    assertEquals([made.status, made.body.email, made.body.status, made.body.mails], [201, bob.email, "open", 1]);
    assert(!("token" in made.body));
    expectProblem(await ada.post(`${path}/invitations`, { email: bob.email, role: "guest" }), "conflict");
    const usage = await ada.get<OrganizationUsage>(`${path}/usage`);
    assertEquals(usage.body.limits[0], { name: "members", used: 2, limit: 5 });
    const open = await ada.get<List<Invitation>>(`${path}/invitations?status=open`);
    assertEquals(open.body.data.map(({ id }) => id), [made.body.id]);
    const again = await ada.post<Invitation>(`${path}/invitations/${made.body.id}/resend`, { expires_in_days: 14 });
    assertEquals([again.status, again.body.mails], [200, 2]);
    const third = await ada.post(`${path}/invitations/${made.body.id}/resend`);
    expectProblem(third, "rate_limited");
    assert(Number(third.headers.get("retry-after")) > 0);

    for (const prefix of ["/orgs/invitations", "/invitations"]) {
      const mine = await bob.get<OwnInvitations>(prefix);
      assertEquals(mine.body.data.map(({ id, role }) => [id, role]), [[made.body.id, "developer"]]);
    }
    const eve = await api.createUser();
    assertEquals((await eve.get<OwnInvitations>("/orgs/invitations")).body.data, []);
    expectProblem(await eve.post("/orgs/invitations/accept", { invitation_id: made.body.id }), "not_found");
    expectProblem(await bob.post("/orgs/invitations/accept", {}), "invalid_request");
    const joined = await bob.post<Organization>("/invitations/accept", { invitation_id: made.body.id });
    assertEquals([joined.status, joined.body.id, joined.body.role], [200, ada.organizationId, "developer"]);
    assertEquals((await bob.get<List<Organization>>("/orgs")).body.data.length, 2);
    assertEquals((await ada.get<List<Invitation>>(`${path}/invitations?status=open`)).body.data, []);
  }));

Deno.test("an invitation is declined, revoked, and seen as expired when its time is over", () =>
  withApi([router], async (api) => {
    const [ada, bob] = [await api.createUser(), await api.createUser()];
    const path = `/orgs/${ada.organizationId}/invitations`;
    const first = await ada.post<Invitation>(path, { email: bob.email, role: "viewer" });
    assertEquals((await bob.post("/orgs/invitations/decline", { invitation_id: first.body.id })).status, 204);
    expectProblem(await bob.post("/orgs/invitations/accept", { invitation_id: first.body.id }), "conflict");
    const second = await ada.post<Invitation>(path, { email: bob.email, role: "viewer" });
    expectProblem(await ada.delete(`${path}/${second.body.id}`, { "if-match": '"v99"' }), "version_mismatch");
    assertEquals((await ada.delete(`${path}/${second.body.id}`)).status, 204);
    expectProblem(await ada.delete(`${path}/${second.body.id}`), "conflict");
    const third = await ada.post<Invitation>(path, { email: bob.email, role: "viewer" });
    await api.db.sql`update public.invitations set expires_at = now() where id = ${third.body.id}`;
    const expired = await ada.get<List<Invitation>>(`${path}?status=expired`);
    assertEquals(expired.body.data.map(({ id, status }) => [id, status]), [[third.body.id, "expired"]]);
    expectProblem(await bob.post("/orgs/invitations/accept", { invitation_id: third.body.id }), "conflict");
    // Another organization's path does not lead to it.
    const other = await ada.post<Organization>("/orgs", { name: "Other" });
    expectProblem(await ada.delete(`/orgs/${other.body.id}/invitations/${third.body.id}`), "not_found");
    for (
      const email of ["nobody", "a@b", "a b@example.com", "a@example.com\r\nBcc: x@example.com", "<x@example.com>"]
    ) {
      expectProblem(await ada.post(path, { email, role: "viewer" }), "invalid_request");
    }
  }));

Deno.test("workspaces are made, renamed, made the default, and go when their flows have somewhere to go", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const path = `/orgs/${ada.organizationId}/workspaces`;
    const made = await ada.post<Workspace>(path, { name: "Sales" });
    assertEquals([made.status, made.body.name, made.body.is_default], [201, "Sales", false]);
    const tag = { "if-match": made.headers.get("etag") ?? "" };
    const changed = await ada.patch<Workspace>(`${path}/${made.body.id}`, { is_default: true }, tag);
    assertEquals([changed.status, changed.body.is_default], [200, true]);
    expectProblem(await ada.patch(`${path}/${made.body.id}`, { name: "X" }, tag), "version_mismatch");
    expectProblem(await ada.delete(`${path}/${made.body.id}`), "conflict");
    const { body } = await ada.get<List<Workspace>>(`${path}?is_default=false`);
    assertEquals((await ada.delete(`${path}/${body.data[0]?.id}`)).status, 204);
    const other = await api.createUser();
    expectProblem(
      await other.patch(`/orgs/${other.organizationId}/workspaces/${made.body.id}`, { name: "X" }),
      "not_found",
    );
  }));

Deno.test("GET /orgs/roles tells what each role may do", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const { body } = await ada.get<{ data: { role: string; permissions: string[] }[] }>("/orgs/roles");
    assertEquals(body.data.map(({ role }) => role), ["owner", "admin", "developer", "member", "viewer", "guest"]);
    assert(body.data[0]?.permissions.includes("org:own") && !body.data[1]?.permissions.includes("org:own"));
  }));
