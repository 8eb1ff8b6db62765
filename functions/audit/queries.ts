/**
 * Database calls of the audit log.
 *
 * @module
 */
import type { z } from "zod";
import { type AuditFacts, type AuditReport, type SealLine, signAudit, verifySeals } from "../../shared/audit/mod.ts";
import { readBase64 } from "../../shared/bytes/mod.ts";
import { type Page, rpc } from "../../shared/db/mod.ts";
import { invalidRequest } from "../../shared/errors/mod.ts";
import { filterOf, type RequestContext, type SecretAccess, type UserContext } from "../../shared/http/mod.ts";
import { type Activity, type ActivityRow, describeActivity } from "./activity.ts";
import { ACTIVITY, AUDIT_EVENTS } from "./lists.ts";
import type { auditEventSchema, auditKeysSchema, auditProofSchema, sealedAuditEventSchema } from "./schemas.ts";

/** A row of the log. */
export type AuditEvent = z.output<typeof auditEventSchema>;

type Query = z.output<typeof AUDIT_EVENTS.query>;
type Filter = Omit<Query, "limit" | "cursor" | "sort" | "fields">;

/** The filter as SQL takes it. */
function toFilter({ action, ...filter }: { action?: string[] | undefined }): Record<string, unknown> {
  return { ...filter, ...(action === undefined ? {} : { actions: action }) };
}

/** A page of the log. */
export async function findAuditEvents(context: UserContext, query: Query): Promise<Page<AuditEvent>> {
  const list = await AUDIT_EVENTS.open(context, query);
  return await list.page(
    await rpc<AuditEvent[]>(context.db, "list_audit_events", {
      p_organization_id: context.organizationId,
      p_filter: toFilter(filterOf(query)),
      p_limit: list.fetchCount,
      p_after: list.after?.id ?? null,
      p_ascending: list.ascending,
    }),
  );
}

/** Rows that an export asks for at once. */
const CHUNK = 1000;

/** All rows that a filter finds, oldest first, a chunk at a time. */
export async function* readAuditEvents(context: UserContext, filter: Filter): AsyncGenerator<AuditEvent[]> {
  let after: string | null = null;
  for (;;) {
    const rows: AuditEvent[] = await rpc<AuditEvent[]>(context.db, "list_audit_events", {
      p_organization_id: context.organizationId,
      p_filter: toFilter(filter),
      p_limit: CHUNK,
      p_after: after,
      p_ascending: true,
      p_export: true,
    });
    yield rows;
    if (rows.length < CHUNK) return;
    after = rows.at(-1)?.id ?? null;
  }
}

/** One row, with its seal. */
export function findAuditEvent(context: UserContext, id: string): Promise<z.output<typeof sealedAuditEventSchema>> {
  return rpc(context.db, "get_audit_event", { p_event_id: id });
}

/**
 * What proves a row.
 *
 * @throws {AppError} `not_found`, `conflict` until it is sealed and signed.
 */
export function findAuditProof(context: UserContext, id: string): Promise<z.output<typeof auditProofSchema>> {
  return rpc(context.db, "get_audit_proof", { p_event_id: id });
}

type Keys = z.output<typeof auditKeysSchema>["keys"];

/** The published keys. */
export function findAuditKeys(context: Pick<RequestContext, "db">): Promise<Keys> {
  return rpc<Keys>(context.db, "list_audit_keys");
}

/** Seals that one request checks at most: what it keeps of them in memory. */
const MAX_SEALS = 20_000;

/** Verifies the log of the organization. */
export async function verifyOrganization(context: UserContext): Promise<AuditReport> {
  const args = { p_organization_id: context.organizationId };
  let seals = 0;
  return await verifySeals({
    keys: async () =>
      (await findAuditKeys(context)).map(({ kid, kty, crv, x, endorsed_by, endorsement }) => ({
        id: kid,
        publicKey: { kty, crv, x },
        endorsedBy: endorsed_by,
        endorsement: endorsement === null ? null : readBase64(endorsement),
      })),
    lines: async (after) => {
      const { lines } = await rpc<{ lines: SealLine[] }>(context.db, "verify_audit", { ...args, p_after: after });
      seals += lines.length;
      if (seals > MAX_SEALS) {
        const message = "The log is too long to be verified by a request: use deno task audit:verify";
        throw invalidRequest([{ path: "", code: "too_big", message }]);
      }
      return lines;
    },
    facts: () => rpc<AuditFacts>(context.db, "verify_audit_end", args),
  }, { isPart: true });
}

/** What is new is sealed and signed at once. */
export async function sealNow(context: RequestContext<SecretAccess>): Promise<{ sealed: number; signed: number }> {
  const { rows } = await rpc<{ rows: number }>(context.db, "seal_audit", {}, { schema: "engine" });
  return { sealed: rows, signed: await signAudit(context.db, context.env) };
}

/** What happened lately, for members. */
export async function findActivity(
  context: UserContext,
  query: z.output<typeof ACTIVITY.query>,
): Promise<Page<Activity>> {
  const { target_type, ...filter } = filterOf(query);
  const list = await ACTIVITY.open(context, query);
  const rows = await rpc<ActivityRow[]>(context.db, "list_activity", {
    p_organization_id: context.organizationId,
    p_filter: { ...toFilter(filter), ...(target_type === undefined ? {} : { target_types: target_type }) },
    p_limit: list.fetchCount,
    p_after: list.after?.id ?? null,
    p_ascending: list.ascending,
  });
  return await list.page(rows.map((row) => describeActivity(row, context.organizationId)));
}
