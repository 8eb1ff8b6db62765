/**
 * Two-factor over HTTP, with tokens of sessions that have shown a second factor and of such that have not.
 *
 * @module
 */
import { SignJWT } from "jose";
import { type ApiCaller, type ApiUser, type TestApi, withApi } from "../../tests/helpers/api.ts";
import { assertEquals } from "../../tests/helpers/assert.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { router } from "./router.ts";

interface Me {
  second_factor: { aal: string; factors: { name: string }[]; policy: string; required: boolean };
}

/** The user with another session: its token says `aal`. */
async function session(api: TestApi, user: ApiUser, aal: string): Promise<ApiCaller> {
  const [key] = api.env.jwks.keys as unknown as { k: string; kid: string }[];
  const secret = Uint8Array.from(atob(key!.k.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
  const token = await new SignJWT({ role: "authenticated", aal, email: user.email })
    .setProtectedHeader({ alg: "HS256", kid: key!.kid, typ: "JWT" })
    .setSubject(user.id).setAudience("authenticated").setIssuer(`${api.env.supabaseUrl}/auth/v1`)
    .setIssuedAt().setExpirationTime("1h").sign(secret);
  return api.caller({ authorization: `Bearer ${token}` });
}

const giveFactor = (api: TestApi, user: ApiUser) =>
  api.db.sql`insert into auth.mfa_factors (user_id, friendly_name, status) values (${user.id}, 'Phone', 'verified')`;

Deno.test("GET /orgs/me tells what the second factor is at", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const factor = async (caller: ApiCaller) => (await caller.get<Me>("/orgs/me")).body.second_factor;
    assertEquals(await factor(ada), { aal: "aal1", factors: [], policy: "off", required: false });
    await giveFactor(api, ada);
    const { factors, required } = await factor(ada);
    assertEquals([factors.map(({ name }) => name), required], [["Phone"], true]);
    const strong = await session(api, ada, "aal2");
    assertEquals([(await factor(strong)).aal, (await factor(strong)).required], ["aal2", false]);
  }));

Deno.test("PUT /orgs/:id/mfa-policy asks for the owner's own second factor first", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const path = `/orgs/${ada.organizationId}/mfa-policy`;
    const refused = await ada.send("PUT", path, { require_mfa: "sensitive" });
    expectProblem(refused, "mfa_required");
    assertEquals(refused.body.problems?.map(({ code }) => code), ["enroll"]);
    await giveFactor(api, ada);
    const again = await ada.send("PUT", path, { require_mfa: "sensitive" });
    assertEquals(again.body.problems?.map(({ code }) => code), ["aal2"]);
    const strong = await session(api, ada, "aal2");
    const { status, body, headers } = await strong.send("PUT", path, { require_mfa: "sensitive" });
    assertEquals([status, body.require_mfa, headers.get("etag")], [200, "sensitive", `"v${body.version}"`]);
    expectProblem(await strong.send("PUT", path, { require_mfa: "off" }, { "if-match": '"v1"' }), "version_mismatch");
    expectProblem(await ada.send("PUT", path, { require_mfa: "off" }), "mfa_required");
    const admin = await api.createMember(ada.organizationId, "admin");
    expectProblem(await (await session(api, admin, "aal2")).send("PUT", path, { require_mfa: "off" }), "forbidden");
  }));

Deno.test("always: a session without second factor is told so, and sees nothing but that the organization exists", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const strong = await session(api, ada, "aal2");
    await strong.send("PUT", `/orgs/${ada.organizationId}/mfa-policy`, { require_mfa: "always" });
    assertEquals((await ada.get<Me>("/orgs/me")).body.second_factor.policy, "always");
    expectProblem(await ada.get(`/orgs/${ada.organizationId}/members`), "mfa_required");
    assertEquals((await strong.get(`/orgs/${ada.organizationId}/members`)).status, 200);
    assertEquals((await ada.get(`/orgs/${ada.organizationId}`)).status, 200);
  }));
