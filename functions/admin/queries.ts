/**
 * Database calls of admin: all as the service, for operators.
 *
 * @module
 */
import type { z } from "zod";
import { type Page, rpc } from "../../shared/db/mod.ts";
import { notFound } from "../../shared/errors/mod.ts";
import type { RequestContext } from "../../shared/http/mod.ts";
import {
  ALL_SECURITY_EVENTS,
  type SecurityEvent,
  type SecurityEventQuery,
  toEventArguments,
} from "../../shared/security/mod.ts";
import { IP_BLOCKS, LIMIT_BUCKETS, LIMIT_OVERRIDES } from "./lists.ts";
import type {
  blockingSettings,
  bucketSchema,
  cacheUsageSchema,
  flagInput,
  flagSchema,
  flagWithRulesSchema,
  ipBlockSchema,
  overrideInput,
  overrideSchema,
} from "./schemas.ts";

/** Who did it, for the database: the audit log has the request. */
const OPERATOR = "operator";

/** Whose limit or bucket it is. */
export interface Subject {
  readonly subject_kind: string;
  readonly subject_id: string;
}

type Override = z.infer<typeof overrideSchema>;
type Bucket = z.infer<typeof bucketSchema>;
type IpBlock = z.infer<typeof ipBlockSchema>;
type BlockingSettings = z.infer<typeof blockingSettings>;
type Flag = z.infer<typeof flagSchema>;
type FlagWithRules = z.infer<typeof flagWithRulesSchema>;

function call<T>(context: RequestContext, name: string, args: Readonly<Record<string, unknown>>): Promise<T> {
  return rpc<T>(context.db, name, args, { schema: "engine" });
}

function subjectArgs({ subject_kind, subject_id }: Subject) {
  return { p_subject_kind: subject_kind, p_subject_id: subject_id };
}

/** Limits given by hand, of all subjects or of one. */
export function findOverrides(
  context: RequestContext,
  query: z.output<typeof LIMIT_OVERRIDES.query>,
): Promise<Page<Override>> {
  const read = async () => {
    const args = { p_subject_kind: query.subject_kind ?? null, p_subject_id: query.subject_id ?? null };
    return (await call<Omit<Override, "id">[]>(context, "list_rate_limit_overrides", args)).map(withId);
  };
  return LIMIT_OVERRIDES.pageOf(read, context, query);
}

/** What an override is of is what makes it one. */
function withId(override: Omit<Override, "id">): Override {
  const { subject_kind, subject_id, scope } = override;
  return { id: `${subject_kind} ${subject_id} ${scope}`, ...override };
}

/** Gives a subject a limit. */
export async function saveOverride(
  context: RequestContext,
  override: z.infer<typeof overrideInput>,
): Promise<Override> {
  return withId(await call(context, "set_rate_limit_override", { p_override: override, p_by: OPERATOR }));
}

/**
 * Takes a limit away.
 *
 * @throws {AppError} `not_found`.
 */
export async function deleteOverride(context: RequestContext, subject: Subject & { scope: string }): Promise<void> {
  await call(context, "remove_rate_limit_override", { ...subjectArgs(subject), p_scope: subject.scope });
}

/** The buckets of a subject. */
export function findBuckets(
  context: RequestContext,
  query: z.output<typeof LIMIT_BUCKETS.query>,
): Promise<Page<Bucket>> {
  const read = () => call<Bucket[]>(context, "list_rate_limit_buckets", subjectArgs(query));
  return LIMIT_BUCKETS.pageOf(read, context, query);
}

/** Fills the buckets of a subject and ends its blocks; gives how many there were. */
export function resetBuckets(context: RequestContext, subject: Subject): Promise<number> {
  return call(context, "reset_rate_limit_buckets", subjectArgs(subject));
}

/** A page of the networks that are blocked now. */
export async function findIpBlocks(
  context: RequestContext,
  query: z.output<typeof IP_BLOCKS.query>,
): Promise<Page<IpBlock>> {
  const list = await IP_BLOCKS.open(context, query);
  return await list.page(
    await call<IpBlock[]>(context, "list_ip_blocks", {
      p_limit: list.fetchCount,
      p_ascending: list.ascending,
      [list.ascending ? "p_after" : "p_before"]: list.after?.id ?? null,
      p_is_automatic: query.is_automatic ?? null,
      p_network: query.network ?? null,
    }),
  );
}

/**
 * Blocks a network.
 *
 * @throws {AppError} `invalid_request` for what is no network, or too wide; `conflict` for the platform's own.
 */
export function saveIpBlock(
  context: RequestContext,
  block: Pick<IpBlock, "network" | "reason" | "blocked_until">,
): Promise<IpBlock> {
  return call(context, "add_ip_block", {
    p_network: block.network,
    p_reason: block.reason,
    p_until: block.blocked_until,
    p_by: OPERATOR,
  });
}

/**
 * Lifts a block.
 *
 * @throws {AppError} `not_found`.
 */
export async function deleteIpBlock(context: RequestContext, id: string): Promise<void> {
  await call(context, "remove_ip_block", { p_id: id, p_by: OPERATOR });
}

/** A page of security events of all organizations, or of the one that the request names. */
export async function findAllSecurityEvents(
  context: RequestContext,
  query: SecurityEventQuery,
): Promise<Page<SecurityEvent>> {
  const list = await ALL_SECURITY_EVENTS.open(context, query);
  const rows = await call<SecurityEvent[]>(context, "list_security_events", {
    p_organization_id: context.organizationId,
    ...toEventArguments(query, list),
  });
  return await list.page(rows);
}

/** When addresses are blocked by themselves. */
export function findBlockingSettings(context: RequestContext): Promise<BlockingSettings> {
  return call(context, "blocking_settings", {});
}

/** Changes when addresses are blocked by themselves. */
export function saveBlockingSettings(context: RequestContext, settings: BlockingSettings): Promise<BlockingSettings> {
  return call(context, "set_blocking_settings", { p_settings: settings });
}

/** All flags, by name. */
export function findFlags(context: RequestContext): Promise<Flag[]> {
  return call(context, "list_flags", {});
}

/**
 * A flag with its rules.
 *
 * @throws {AppError} `not_found`.
 */
export async function findFlag(context: RequestContext, name: string): Promise<FlagWithRules> {
  const flag = await call<FlagWithRules | null>(context, "get_flag", { p_name: name });
  if (flag === null) throw notFound("flag");
  return flag;
}

/** Makes a flag or changes it. */
export function saveFlag(context: RequestContext, flag: z.infer<typeof flagInput>): Promise<FlagWithRules> {
  const { name, ...changes } = flag;
  return call(context, "set_flag", { p_name: name, p_changes: changes });
}

/**
 * Removes a flag with its rules.
 *
 * @throws {AppError} `not_found`.
 */
export async function deleteFlag(context: RequestContext, name: string): Promise<void> {
  await call(context, "remove_flag", { p_name: name });
}

/**
 * Says whether an organization has a flag; null takes that back.
 *
 * @throws {AppError} `not_found` for a flag or an organization that there is not.
 */
export function saveFlagRule(
  context: RequestContext,
  rule: { readonly name: string; readonly organizationId: string },
  isOn: boolean | null,
): Promise<FlagWithRules> {
  const args = { p_name: rule.name, p_organization_id: rule.organizationId, p_is_on: isOn };
  return call(context, "set_flag_rule", args);
}

const DAY_MS = 86_400_000;

function dayBefore(days: number): string {
  return new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10);
}

/** How often replies came from memory, between two days, both included. */
export function findCacheUsage(
  context: RequestContext,
  { from, to }: { readonly from?: string | undefined; readonly to?: string | undefined },
): Promise<z.infer<typeof cacheUsageSchema>[]> {
  return call(context, "get_cache_usage", { p_from: from ?? dayBefore(7), p_to: to ?? dayBefore(0) });
}
