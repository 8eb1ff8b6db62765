import { keyOfSeed, newSeed } from "../../shared/auth/mod.ts";
import { asResult, type DatabaseClient, type Page, rpc, runSingle } from "../../shared/db/mod.ts";
import { notFound } from "../../shared/errors/mod.ts";
import type { AnyListQuery, UserContext } from "../../shared/http/mod.ts";
import { KEYS } from "./lists.ts";
import type { ApiKey, KeyChanges, NewKey, Rotation, ShownKey } from "./schemas.ts";

type Row = Omit<ApiKey, "status">;

const COLUMNS = "id, organization_id, name, mode, prefix, last_four, scopes, ip_allow, requests_per_minute, " +
  "request_burst, expires_at, revoked_at, rotated_from, rotated_at, last_used_at, created_by, version, created_at, " +
  "updated_at";

/** A page of the organization's keys. */
export async function findKeys(
  context: UserContext,
  query: AnyListQuery & { readonly revoked?: boolean | undefined },
): Promise<Page<ApiKey>> {
  let rows = context.db.from("api_keys").select(COLUMNS).eq("organization_id", context.organizationId);
  if (query.revoked === true) rows = rows.not("revoked_at", "is", null);
  if (query.revoked === false) rows = rows.is("revoked_at", null);
  const page = await KEYS.find(asResult<Row[]>(rows), context, query);
  return { ...page, data: page.data.map(withStatus) };
}

/**
 * A key.
 *
 * @throws {AppError} `not_found`.
 */
export async function findKey(db: DatabaseClient, id: string): Promise<ApiKey> {
  const query = db.from("api_keys").select(COLUMNS).eq("id", id).maybeSingle();
  return withStatus(await runSingle(asResult<Row>(query), () => notFound("API key")));
}

/** What the database answers about a key that was made, now or by the same request before. */
type MadeRow = Row & { readonly is_new: boolean; readonly seed: string | null };

/** Makes a key. Its text is made here and answered; the database gets its hash. */
export async function insertKey(context: UserContext, key: NewKey, idempotencyKey: string | null): Promise<ShownKey> {
  const { mode, ...settings } = key;
  const seed = newSeed();
  const made = await keyOfSeed(context.env.secretKeys.default, mode, seed);
  const row = await rpc<MadeRow>(context.db, "create_api_key", {
    p_organization_id: context.organizationId,
    p_mode: mode,
    p_settings: settings,
    p_secret_hash: made.hash,
    p_prefix: made.prefix,
    p_last_four: made.lastFour,
    p_idempotency_key: idempotencyKey,
    p_seed: seed,
  });
  return await show(context, row);
}

/** What {@link rotateSecret} takes. */
export interface RotationRequest extends Rotation {
  /** The row version it must have; null = any. */
  readonly version: number | null;
  readonly idempotencyKey: string | null;
}

/** Makes the key that takes the place of another. */
export async function rotateSecret(context: UserContext, id: string, rotation: RotationRequest): Promise<ShownKey> {
  const seed = newSeed();
  // Read for its mode, which stands in the text.
  const made = await keyOfSeed(context.env.secretKeys.default, (await findKey(context.db, id)).mode, seed);
  const row = await rpc<MadeRow>(context.db, "rotate_api_key", {
    p_key_id: id,
    p_secret_hash: made.hash,
    p_prefix: made.prefix,
    p_last_four: made.lastFour,
    p_overlap_seconds: rotation.overlap_seconds,
    p_expires_at: rotation.expires_at ?? null,
    p_if_version: rotation.version,
    p_idempotency_key: rotation.idempotencyKey,
    p_seed: seed,
  });
  return await show(context, row);
}

/** Changes a key. */
export async function saveKey(
  db: DatabaseClient,
  id: string,
  changes: KeyChanges,
  version: number | null,
): Promise<ApiKey> {
  return withStatus(
    await rpc<Row>(db, "update_api_key", { p_key_id: id, p_changes: changes, p_if_version: version }),
  );
}

/** Revokes a key. */
export async function endKey(db: DatabaseClient, id: string, version: number | null): Promise<void> {
  await rpc(db, "revoke_api_key", { p_key_id: id, p_if_version: version });
}

/** The key with its text, which is made again of its seed: the project may have another secret key by now. */
async function show({ env }: UserContext, { is_new: _, seed, ...row }: MadeRow): Promise<ShownKey> {
  const made = seed === null ? null : await keyOfSeed(env.secretKeys.default, row.mode, seed);
  const isIt = made?.prefix === row.prefix && made.lastFour === row.last_four;
  return { ...withStatus(row), key: isIt ? made.text : null };
}

function withStatus(row: Row): ApiKey {
  return { ...row, status: statusOf(row) };
}

function statusOf({ revoked_at, expires_at, rotated_at }: Row): ApiKey["status"] {
  if (revoked_at !== null) return "revoked";
  if (expires_at !== null && Date.parse(expires_at) <= Date.now()) return "expired";
  return rotated_at === null ? "active" : "rotated";
}
