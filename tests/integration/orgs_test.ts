import { assertEquals } from "../helpers/assert.ts";
import { startStack } from "../helpers/stack.ts";
import { signUp } from "./_visitor.ts";

interface Me {
  profile: { id: string; email: string; display_name: string | null };
  organization_id: string;
  role: string;
}

Deno.test("a person signs up, is synced, and finds herself in an organization of her own", async () => {
  const stack = await startStack();
  try {
    const [ada, eve] = [await signUp(stack), await signUp(stack)];
    const synced = await ada.call("POST", "/orgs/sync", { display_name: "Ada" });
    assertEquals([synced.status, synced.body.display_name], [200, "Ada"]);
    // Two first calls at once make one organization.
    const both = await Promise.all([eve.call<Me>("GET", "/orgs/me"), eve.call<Me>("GET", "/orgs/me")]);
    assertEquals(both.map(({ status }) => status), [200, 200]);
    assertEquals(both[0].body.organization_id, both[1].body.organization_id);

    const me = await ada.call<Me>("GET", "/orgs/me");
    assertEquals([me.body.role, me.body.profile.display_name], ["owner", "Ada"]);
    const path = `/orgs/${me.body.organization_id}`;
    const members = await ada.call<{ data: { user_id: string }[] }>("GET", `${path}/members`);
    assertEquals(members.body.data.map(({ user_id }) => user_id), [me.body.profile.id]);
    const workspaces = await ada.call<{ data: unknown[] }>("GET", `${path}/workspaces`);
    assertEquals([workspaces.status, workspaces.body.data.length], [200, 1]);
    for (const rest of ["", "/members", "/workspaces"]) {
      assertEquals((await eve.call("GET", path + rest)).status, 404, rest);
    }
    assertEquals((await eve.call<unknown[]>("GET", `/rest/v1/profiles?id=eq.${me.body.profile.id}`)).body, []);
  } finally {
    await stack.stop();
  }
});
