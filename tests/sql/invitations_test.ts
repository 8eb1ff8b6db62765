import { assert, assertEquals } from "../helpers/assert.ts";
import type { TestDatabase, TestUser } from "../helpers/postgres.ts";
import { scenarios } from "./_scenarios.ts";
import {
  addMember,
  assertFails,
  createTenant,
  failureOf,
  MEMBER_ROLES,
  parallel,
  rpc,
  service,
  type Tenant,
} from "./_world.ts";

interface Invitation {
  id: string;
  email: string;
  role: string;
  status: string;
  version: number;
}

/** What the mail of an invitation says. */
interface Letter {
  to: string;
  token: string;
  role: string;
  organization: string;
}

async function createTeamTenant(db: TestDatabase): Promise<Tenant> {
  const tenant = await createTenant(db);
  await db.sql`update public.organizations set plan_id = 'team' where id = ${tenant.organizationId}`;
  return tenant;
}

function invite(
  db: TestDatabase,
  { user, organizationId }: Tenant,
  email: string,
  role = "viewer",
): Promise<Invitation> {
  return rpc<Invitation>(db, user, "create_invitation", {
    p_organization_id: organizationId,
    p_email: email,
    p_role: role,
  });
}

function newAddress(): string {
  return `${crypto.randomUUID()}@example.com`;
}

async function statusOf(db: TestDatabase, { id }: Invitation): Promise<string> {
  const [row] = await db.sql`select status from public.invitations where id = ${id}`;
  return row?.status;
}

async function roleOf(db: TestDatabase, { organizationId }: Tenant, user: TestUser): Promise<string | undefined> {
  const [row] = await db.sql`
    select role from public.organization_members where organization_id = ${organizationId} and user_id = ${user.id}`;
  return row?.role;
}

/** How many of several calls went through; the others' codes. */
async function tally(calls: Promise<unknown>[]): Promise<{ passed: number; codes: string[] }> {
  const results = await Promise.allSettled(calls);
  const codes: string[] = [];
  for (const result of results) {
    if (result.status === "rejected") codes.push((await failureOf(Promise.reject(result.reason))).code);
  }
  return { passed: results.length - codes.length, codes };
}

scenarios("invitations", {
  "public.create_invitation()": {
    "keeps one open invitation for an address, in lower case, and enqueues its mail in the same transaction": async (
      db,
    ) => {
      const tenant = await createTeamTenant(db);
      const made = await invite(db, tenant, "  Grace.Hopper@Example.COM ", "developer");
      assertEquals([made.email, made.role, made.status], ["grace.hopper@example.com", "developer", "open"]);
      const jobs = await db.sql`
        select payload from public.job_queue where type = 'invitation.mail' and organization_id = ${tenant.organizationId}`;
      assertEquals(jobs.map(({ payload }) => payload), [{ invitation_id: made.id, mail: 1 }]);
      await assertFails(invite(db, tenant, "GRACE.HOPPER@example.com"), "conflict", 409);
      const after = await db.sql`select from public.job_queue where type = 'invitation.mail'`;
      assertEquals(after.length, 1);
      const { passed, codes } = await tally(Array.from({ length: 10 }, () => invite(db, tenant, "one@example.com")));
      assertEquals([passed, new Set(codes)], [1, new Set(["conflict"])]);
    },
    "lets nobody invite above themselves": async (db) => {
      const tenant = await createTeamTenant(db);
      for (const caller of MEMBER_ROLES) {
        const user = caller === "owner" ? tenant.user : await addMember(db, tenant.organizationId, caller);
        for (const role of MEMBER_ROLES) {
          const { passed } = await tally([invite(db, { ...tenant, user }, newAddress(), role)]);
          const may = caller === "owner" || caller === "admin" && role !== "owner";
          assertEquals(passed, may ? 1 : 0, `${caller} invites ${role}`);
        }
      }
    },
    "refuses members, and what is no address": async (db) => {
      const tenant = await createTeamTenant(db);
      await assertFails(invite(db, tenant, tenant.user.email.toUpperCase()), "conflict", 409);
      const bad = [
        "",
        "a",
        "a@b",
        "@example.com",
        "a b@example.com",
        "a@exa\nmple.com",
        "a@b.c,d@e.f",
        "<a@b.cc>",
        `${"x".repeat(250)}@b.cc`,
      ];
      for (const email of bad) await assertFails(invite(db, tenant, email), "invalid_request", 400);
      await assertFails(invite(db, tenant, newAddress(), "king"), "invalid_request", 400);
    },
    "is limited": async (db) => {
      const tenant = await createTeamTenant(db);
      const { passed, codes } = await tally(Array.from({ length: 40 }, () => invite(db, tenant, newAddress())));
      assertEquals([passed, new Set(codes)], [30, new Set(["rate_limited"])]);
    },
    "takes the place of one that has expired, which takes no seat": async (db) => {
      const tenant = await createTenant(db);
      await db.sql`update public.plans set max_members = 2 where id = 'free'`;
      const first = await invite(db, tenant, "late@example.com");
      await assertFails(invite(db, tenant, "other@example.com"), "plan_limit_reached", 402);
      await db.sql`update public.invitations set expires_at = now() where id = ${first.id}`;
      await invite(db, tenant, "late@example.com");
      assertEquals(await statusOf(db, first), "expired");
      await db.sql`update public.plans set max_members = 5 where id = 'free'`;
    },
  },
  "the token": {
    "is 32 random bytes, kept as their SHA-256 only, opens the invitation once, for whoever holds it": async (db) => {
      const tenant = await createTeamTenant(db);
      const made = await invite(db, tenant, newAddress(), "member");
      const letter = await service<Letter>(db, "write_invitation", { p_invitation_id: made.id });
      assertEquals([letter.to, letter.role], [made.email, "member"]);
      assert(/^[\w-]{43}$/.test(letter.token));
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(letter.token)));
      const rows = await db.sql<{ token_hash: Uint8Array }[]>`
        select token_hash from private.invitation_tokens where invitation_id = ${made.id}`;
      assertEquals(rows.map(({ token_hash }) => new Uint8Array(token_hash)), [digest]);
      const kept = await db
        .sql`select i::text || coalesce((select string_agg(q::text, '') from public.job_queue q), '') as all from public.invitations i`;
      assert(kept.every(({ all }) => !all.includes(letter.token)));

      const [bob, eve] = [await db.createUser(), await db.createUser()];
      await assertFails(rpc(db, eve, "accept_invitation", { p_token: `${letter.token}x` }), "not_found", 404);
      const joined = await rpc<{ id: string; role: string }>(db, bob, "accept_invitation", { p_token: letter.token });
      assertEquals([joined.id, joined.role], [tenant.organizationId, "member"]);
      assertEquals(
        (await rpc<{ role: string }>(db, bob, "accept_invitation", { p_token: letter.token })).role,
        "member",
      );
      await assertFails(rpc(db, eve, "accept_invitation", { p_token: letter.token }), "conflict", 409);
    },
    "lets one of twenty in": async (db) => {
      const tenant = await createTeamTenant(db);
      const made = await invite(db, tenant, newAddress());
      const { token } = await service<Letter>(db, "write_invitation", { p_invitation_id: made.id });
      const users = await Promise.all(Array.from({ length: 20 }, () => db.createUser()));
      const { passed, codes } = await tally(
        users.map((user) => rpc(db, user, "accept_invitation", { p_token: token })),
      );
      assertEquals([passed, new Set(codes)], [1, new Set(["conflict"])]);
      const [row] = await db
        .sql`select count(*)::int as n from public.organization_members where organization_id = ${tenant.organizationId}`;
      assertEquals(row?.n, 2);
    },
    "opens nothing once the invitation is revoked, declined, over, or its organization out of use": async (db) => {
      const bob = await db.createUser();
      const ends: Record<string, (tenant: Tenant, invitation: Invitation, token: string) => Promise<unknown>> = {
        revoked: ({ user }, { id }) => rpc(db, user, "revoke_invitation", { p_invitation_id: id }),
        declined: (_, __, token) => rpc(db, bob, "decline_invitation", { p_token: token }),
        over: (_, { id }) => db.sql`update public.invitations set expires_at = now() where id = ${id}`,
        suspended: ({ organizationId }) => service(db, "suspend_organization", { p_organization_id: organizationId }),
        "to be deleted": ({ user, organizationId }) =>
          rpc(db, user, "delete_organization", { p_organization_id: organizationId }),
      };
      for (const [how, end] of Object.entries(ends)) {
        const tenant = await createTeamTenant(db);
        const made = await invite(db, tenant, newAddress());
        const { token } = await service<Letter>(db, "write_invitation", { p_invitation_id: made.id });
        await end(tenant, made, token);
        await assertFails(rpc(db, bob, "accept_invitation", { p_token: token }), "conflict", 409);
        assertEquals(await roleOf(db, tenant, bob), undefined, how);
        assertEquals(await service(db, "write_invitation", { p_invitation_id: made.id }), null, how);
      }
    },
  },
  "public.accept_invitation() by the address": {
    "asks for the same address, confirmed": async (db) => {
      const tenant = await createTeamTenant(db);
      const bob = await db.createUser(newAddress());
      await rpc(db, bob, "gate");
      const made = await invite(db, tenant, bob.email.toUpperCase());
      const args = { p_invitation_id: made.id };
      await assertFails(rpc(db, await db.createUser(), "accept_invitation", args), "not_found", 404);
      await db.sql`update auth.users set email_confirmed_at = null where id = ${bob.id}`;
      await assertFails(rpc(db, bob, "accept_invitation", args), "not_found", 404);
      assertEquals(await rpc(db, bob, "list_own_invitations"), []);
      await db.sql`update auth.users set email_confirmed_at = now() where id = ${bob.id}`;
      assertEquals((await rpc<{ id: string }[]>(db, bob, "list_own_invitations")).map(({ id }) => id), [made.id]);
      await rpc(db, bob, "accept_invitation", args);
      assertEquals([await statusOf(db, made), await roleOf(db, tenant, bob)], ["accepted", "viewer"]);
      for (const both of [{}, { ...args, p_token: "x" }]) {
        await assertFails(rpc(db, bob, "accept_invitation", both), "invalid_request", 400);
      }
    },
    "keeps what somebody is already": async (db) => {
      const tenant = await createTeamTenant(db);
      const bob = await addMember(db, tenant.organizationId, "admin");
      const made = await invite(db, tenant, newAddress(), "guest");
      const { token } = await service<Letter>(db, "write_invitation", { p_invitation_id: made.id });
      await rpc(db, bob, "accept_invitation", { p_token: token });
      assertEquals(await roleOf(db, tenant, bob), "admin");
    },
    "and revoking at once leave a member or a revoked invitation, never both": async (db) => {
      for (let round = 0; round < 10; round++) {
        const tenant = await createTeamTenant(db);
        const bob = await db.createUser(newAddress());
        await rpc(db, bob, "gate");
        const made = await invite(db, tenant, bob.email);
        await tally([
          rpc(db, bob, "accept_invitation", { p_invitation_id: made.id }),
          rpc(db, tenant.user, "revoke_invitation", { p_invitation_id: made.id }),
        ]);
        const outcome = [await statusOf(db, made), await roleOf(db, tenant, bob)];
        assert(["accepted,viewer", "revoked,"].includes(outcome.join()), outcome.join());
      }
    },
  },
  "signing up": {
    "with an open invitation makes a personal organization, which is the first one, and joins": async (db) => {
      const [tenant, other] = [await createTeamTenant(db), await createTeamTenant(db)];
      const email = newAddress();
      const made = [await invite(db, tenant, email, "developer"), await invite(db, other, email, "guest")];
      const revoked = await invite(db, await createTeamTenant(db), email);
      await db.sql`update public.invitations set status = 'revoked', ended_at = now() where id = ${revoked.id}`;
      const bob = await db.createUser(email);
      const gates = await parallel(20, () => rpc<{ organization_id: string; role: string }>(db, bob, "gate"));
      assertEquals(new Set(gates.map(({ role }) => role)), new Set(["owner"]));
      assertEquals(new Set(gates.map(({ organization_id }) => organization_id)).size, 1);
      assertEquals([await roleOf(db, tenant, bob), await roleOf(db, other, bob)], ["developer", "guest"]);
      for (const invitation of made) assertEquals(await statusOf(db, invitation), "accepted");
      const [row] = await db.sql`select count(*)::int as n from public.organization_members where user_id = ${bob.id}`;
      assertEquals(row?.n, 3);
    },
    "makes one profile, organization and workspace for twenty first calls at once": async (db) => {
      const user = await db.createUser();
      const gates = await parallel(20, () => rpc<{ organization_id: string }>(db, user, "gate"));
      assertEquals(new Set(gates.map(({ organization_id }) => organization_id)).size, 1);
      const [row] = await db.sql`
        select (select count(*)::int from public.profiles where id = ${user.id}) as profiles,
          (select count(*)::int from public.organizations where created_by = ${user.id}) as organizations,
          (select count(*)::int from public.organization_members where user_id = ${user.id}) as members,
          (select count(*)::int from public.workspaces w join public.organizations o on o.id = w.organization_id
           where o.created_by = ${user.id}) as workspaces`;
      assertEquals({ ...row }, { profiles: 1, organizations: 1, members: 1, workspaces: 1 });
    },
    "with an address that is not confirmed joins nothing": async (db) => {
      const tenant = await createTeamTenant(db);
      const email = newAddress();
      const made = await invite(db, tenant, email);
      const bob = await db.createUser(email);
      await db.sql`update auth.users set email_confirmed_at = null where id = ${bob.id}`;
      await rpc(db, bob, "gate");
      assertEquals([await statusOf(db, made), await roleOf(db, tenant, bob)], ["open", undefined]);
    },
  },
  "public.resend_invitation()": {
    "prolongs it, opens an expired one again when there is room, and is limited": async (db) => {
      const tenant = await createTenant(db);
      await db.sql`update public.plans set max_members = 2 where id = 'free'`;
      const made = await invite(db, tenant, newAddress());
      await db.sql`update public.invitations set expires_at = now() where id = ${made.id}`;
      const resend = () =>
        rpc<Invitation & { mails: number }>(db, tenant.user, "resend_invitation", { p_invitation_id: made.id });
      assertEquals((await resend()).mails, 2);
      await db.sql`update public.invitations set expires_at = now() where id = ${made.id}`;
      await invite(db, tenant, newAddress());
      await assertFails(resend(), "plan_limit_reached", 402);
      await db.sql`update public.plans set max_members = 5 where id = 'free'`;
      await assertFails(resend(), "rate_limited", 429);
    },
    "is not for admins when an owner is invited": async (db) => {
      const tenant = await createTeamTenant(db);
      const admin = await addMember(db, tenant.organizationId, "admin");
      const made = await invite(db, tenant, newAddress(), "owner");
      for (const name of ["resend_invitation", "revoke_invitation"]) {
        await assertFails(rpc(db, admin, name, { p_invitation_id: made.id }), "forbidden", 403);
      }
    },
  },
}, { connections: 20 });
