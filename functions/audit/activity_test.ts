import { assertEquals } from "../../tests/helpers/assert.ts";
import { ACTIVITY_KINDS, type ActivityRow, describeActivity } from "./activity.ts";

const ID = "00000000-0000-7000-8000-000000000001";
const ADA = "00000000-0000-7000-8000-000000000002";

function row(action: string, about: ActivityRow["about"] = {}, more: Partial<ActivityRow> = {}): ActivityRow {
  return {
    id: ID,
    occurred_at: "2026-11-21T00:00:00Z",
    actor: "user",
    user_id: ADA,
    user_name: "Ada",
    key_id: null,
    key_name: null,
    action,
    target_type: action.split(".")[0]!,
    target_id: ID,
    target_name: null,
    changed: [],
    is_there: true,
    about,
    ...more,
  };
}

const tell = (...args: Parameters<typeof row>) => describeActivity(row(...args), "org").summary;

Deno.test("describeActivity() tells what was done in words", () => {
  const named = { target_name: "Orders" };
  assertEquals(tell("flow.created", {}, named), "Ada created the flow “Orders”");
  assertEquals(tell("entity.deleted"), "Ada deleted an entity");
  assertEquals(
    tell("schedule.updated", { is_active: true }, { ...named, changed: ["is_active"] }),
    "Ada switched the schedule “Orders” on",
  );
  assertEquals(
    tell("schedule.updated", { is_active: true }, { ...named, changed: ["cron", "is_active"] }),
    "Ada changed the schedule “Orders”",
  );
  assertEquals(tell("member.created", {}, { target_id: ADA }), "Ada joined the organization");
  assertEquals(tell("member.deleted", {}, { target_id: ADA }), "Ada left the organization");
  assertEquals(tell("member.deleted", {}, { target_name: "Bob" }), "Ada removed Bob");
  assertEquals(tell("member.role_changed", { role: "owner" }), "Ada made a member an owner");
  assertEquals(tell("invitation.updated", { status: "revoked" }, { changed: ["status"] }), "Ada revoked an invitation");
  assertEquals(tell("invitation.updated", {}, { changed: ["mails"] }), "Ada sent an invitation again");
  assertEquals(tell("bulk_operation.created", { bulk: "delete", count: 1200 }), "Ada began to delete 1200 runs");
  assertEquals(tell("bulk_operation.updated"), "Ada stopped a bulk operation");
  assertEquals(tell("dead_letter.discarded"), "Ada discarded one dead letter");
  assertEquals(tell("secret.revealed", {}, { target_name: "CRM" }), "Ada looked at the value of the secret “CRM”");
  assertEquals(tell("webhook_endpoint.secret_rotated"), "Ada replaced the signing secret of a webhook endpoint");
  assertEquals(
    tell("organization.suspended", {}, { target_name: "Us", user_name: null }),
    "Somebody suspended the organization “Us”",
  );
  assertEquals(tell("run.deleted", {}, { actor: "key" }), "An API key deleted a run");
  assertEquals(tell("run.deleted", { count: 90 }, { target_type: "bulk_operation" }), "Ada deleted 90 runs");
  assertEquals(
    tell("key.suspended", {}, { actor: "key", key_name: "ci" }),
    "The API key “ci” went on past its limits for two hours and was suspended",
  );
  // Whatever comes later is told too.
  assertEquals(tell("big_thing.looked_after"), "Ada looked after a big thing");
});

Deno.test("describeActivity() links what is still there", () => {
  for (const kind of ACTIVITY_KINDS) {
    assertEquals(describeActivity(row(`${kind}.deleted`, {}, { is_there: false }), "org").link, null);
  }
  assertEquals(describeActivity(row("entity.updated"), "org").link, `/entities/${ID}`);
  assertEquals(describeActivity(row("member.updated"), "org").link, "/orgs/org/members");
  assertEquals(describeActivity(row("flow.updated", {}, { target_id: null }), "org").link, null);
});
