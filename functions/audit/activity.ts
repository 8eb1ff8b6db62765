/**
 * Rows of the activity in words, with where to go from there.
 *
 * @module
 */
import type { z } from "zod";
import type { activitySchema } from "./schemas.ts";

/** What members see of a row. */
export type Activity = z.output<typeof activitySchema>;

/** A row as SQL gives it: see public.list_activity. */
export interface ActivityRow extends Omit<Activity, "summary" | "link"> {
  /** Whether the thing still exists. */
  readonly is_there: boolean;
  /** What a sentence about it needs. */
  readonly about: {
    /** The name before. */
    readonly was?: string;
    readonly role?: string;
    readonly status?: string;
    readonly is_active?: boolean;
    /** What is done to runs in bulk. */
    readonly bulk?: string;
    readonly count?: number;
  };
}

type Teller = (row: ActivityRow) => string | undefined;

/** What things are called in sentences; their paths in this API, where they have one. */
const THINGS: Record<
  string,
  { readonly noun: string; readonly path?: (id: string, organizationId: string) => string }
> = {
  organization: { noun: "organization", path: (id) => `/orgs/${id}` },
  member: { noun: "member", path: (_id, organizationId) => `/orgs/${organizationId}/members` },
  invitation: { noun: "invitation", path: (_id, organizationId) => `/orgs/${organizationId}/invitations` },
  flow: { noun: "flow", path: (id) => `/flows/${id}` },
  workspace: { noun: "workspace", path: (_id, organizationId) => `/orgs/${organizationId}/workspaces` },
  schedule: { noun: "schedule", path: (id) => `/schedules/${id}` },
  run: { noun: "run", path: (id) => `/runs/${id}` },
  bulk_operation: { noun: "bulk operation", path: (id) => `/runs/bulk/${id}` },
  dead_letter: { noun: "dead letter" },
  entity: { noun: "entity", path: (id) => `/entities/${id}` },
  webhook_endpoint: { noun: "webhook endpoint", path: (id) => `/webhooks/${id}` },
  webhook_subscription: { noun: "webhook subscription", path: (id) => `/webhooks/subscriptions/${id}` },
  key: { noun: "API key", path: (id) => `/keys/${id}` },
  secret: { noun: "secret", path: (id) => `/secrets/${id}` },
  budget: { noun: "budget", path: (id) => `/billing/budgets/${id}` },
};

/** Kinds of things that the activity tells of. */
export const ACTIVITY_KINDS = Object.keys(THINGS) as [string, ...string[]];

/** What is told of an action in particular; of all others the verb is. */
const TELLERS: Record<string, Teller> = {
  "member.created": (row) => isSelf(row) ? "joined the organization" : `added ${nameOf(row, "a member")}`,
  "member.deleted": (row) => isSelf(row) ? "left the organization" : `removed ${nameOf(row, "a member")}`,
  "member.role_changed": (row) => `made ${nameOf(row, "a member")} ${withArticle(row.about.role ?? "member")}`,
  "invitation.created": ({ about }) => `invited somebody as ${withArticle(about.role ?? "member")}`,
  "invitation.updated": ({ changed, about: { status } }) =>
    status !== undefined
      ? `${status} an invitation`
      : changed.includes("mails")
      ? "sent an invitation again"
      : undefined,
  "bulk_operation.created": ({ about: { bulk = "change", count } }) => `began to ${bulk} ${counted(count, "run")}`,
  "bulk_operation.updated": () => "stopped a bulk operation",
  // Of a bulk operation, which may have deleted many.
  "run.deleted": ({ about: { count } }) => count === undefined ? undefined : `deleted ${counted(count, "run")}`,
  "dead_letter.discarded": ({ about: { count } }) => `discarded ${counted(count ?? 1, "dead letter")}`,
  "key.suspended": () => "went on past its limits for two hours and was suspended",
  "secret.revealed": (row) => `looked at the value of ${thing(row)}`,
  "secret.version_destroyed": (row) => `destroyed a version of ${thing(row)}`,
  "api_version.pinned": (row) => `chose the version of the API for ${thing(row)}`,
};

/** What is told of a verb. */
const VERBS: Record<string, Teller> = {
  updated: (row) => {
    const { changed, about: { was, is_active } } = row;
    if (was !== undefined && changed.includes("name")) {
      return `renamed ${thing({ ...row, target_name: was })} to ${quoted(row.target_name ?? "")}`;
    }
    if (is_active !== undefined && changed.length === 1) return `switched ${thing(row)} ${is_active ? "on" : "off"}`;
    if (changed.includes("current_version_id")) return `saved a version of ${thing(row)}`;
    return `changed ${thing(row)}`;
  },
  role_changed: (row) => `changed the role of ${thing(row)}`,
  secret_rotated: (row) => `replaced the signing secret of ${thing(row)}`,
};

/**
 * A row with its sentence and link.
 *
 * @param organizationId The organization, which some links begin with.
 */
export function describeActivity({ is_there, about, ...row }: ActivityRow, organizationId: string): Activity {
  const path = THINGS[row.target_type]?.path;
  return {
    ...row,
    summary: `${whoDid(row)} ${whatWasDone({ ...row, is_there, about })}`,
    link: is_there && row.target_id !== null ? path?.(row.target_id, organizationId) ?? null : null,
  };
}

function whoDid({ actor, user_name, key_name }: Pick<Activity, "actor" | "user_name" | "key_name">): string {
  if (actor !== "key") return user_name ?? "Somebody";
  return key_name === null ? "An API key" : `The API key ${quoted(key_name)}`;
}

function whatWasDone(row: ActivityRow): string {
  const verb = row.action.split(".")[1] ?? "changed";
  return TELLERS[row.action]?.(row) ?? VERBS[verb]?.(row) ?? `${verb.replaceAll("_", " ")} ${thing(row)}`;
}

/** `the flow “Orders”`, or `a flow` where it has no name. */
function thing({ target_type, target_name }: Pick<Activity, "target_type" | "target_name">): string {
  const noun = THINGS[target_type]?.noun ?? target_type.replaceAll("_", " ");
  return target_name === null ? withArticle(noun) : `the ${noun} ${quoted(target_name)}`;
}

function nameOf({ target_name }: ActivityRow, otherwise: string): string {
  return target_name ?? otherwise;
}

function isSelf({ actor, user_id, target_id }: ActivityRow): boolean {
  return actor === "user" && user_id === target_id;
}

function withArticle(noun: string): string {
  return `${/^[aeio]/i.test(noun) ? "an" : "a"} ${noun}`;
}

function counted(count: number | undefined, noun: string): string {
  return count === undefined ? `${noun}s` : `${count === 1 ? "one" : count} ${noun}${count === 1 ? "" : "s"}`;
}

function quoted(name: string): string {
  return `“${name}”`;
}
