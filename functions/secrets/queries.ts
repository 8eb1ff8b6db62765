import type { z } from "zod";
import { readBase64, toBase64 } from "../../shared/bytes/mod.ts";
import {
  adminClient,
  asResult,
  type DatabaseClient,
  openList,
  type Page,
  rpc,
  runSingle,
  signCursor,
} from "../../shared/db/mod.ts";
import type { Env } from "../../shared/env/mod.ts";
import { AppError, isAppError, notFound } from "../../shared/errors/mod.ts";
import type { AnyListQuery, UserContext } from "../../shared/http/mod.ts";
import {
  fingerprint,
  keyIdOf,
  type Keyring,
  keyringOf,
  openEnvelope,
  sealEnvelope,
  secretPlace,
} from "../../shared/secrets/mod.ts";
import { SECRET_ACCESSES, SECRET_FLOWS, SECRET_VERSIONS, SECRETS } from "./lists.ts";
import {
  type NewSecret,
  type Secret,
  SECRET_FIELDS,
  type SecretAccess,
  type SecretChanges,
  type SecretFlow,
  type SecretVersion,
} from "./schemas.ts";

/** How often a new value is tried when somebody else sets one at the same time. */
const TRIES = 3;

/** A page of the organization's secrets. */
export function findSecrets(context: UserContext, query: AnyListQuery): Promise<Page<Secret>> {
  const rows = secretsIn(context.db).select(SECRETS.columns(query)).eq("organization_id", context.organizationId);
  return SECRETS.find(asResult<Secret[]>(rows), context, query);
}

/** The table; its name stands here until the generated types know it. */
function secretsIn(db: DatabaseClient) {
  return db.from("secrets");
}

/**
 * A secret without its value.
 *
 * @throws {AppError} `not_found`.
 */
export function findSecret(db: DatabaseClient, id: string): Promise<Secret> {
  const query = secretsIn(db).select(SECRET_FIELDS.join(",")).eq("id", id).maybeSingle();
  return runSingle(asResult<Secret>(query), () => notFound("secret"));
}

/**
 * Makes a secret.
 *
 * @throws {AppError} `secrets_not_set_up`, `conflict`, `plan_limit_reached`, `idempotency_mismatch`.
 */
export async function insertSecret(
  { db, env, organizationId }: UserContext,
  secret: NewSecret,
  idempotencyKey: string | null,
): Promise<Secret> {
  const keyring = requireKeyring(env);
  const id = crypto.randomUUID();
  const envelope = await sealEnvelope(keyring, secretPlace(organizationId, id, 1), secret.value);
  return await rpc<Secret>(db, "create_secret", {
    p_secret_id: id,
    p_organization_id: organizationId,
    p_name: secret.name,
    p_envelope: toBase64(envelope),
    p_key_id: keyIdOf(envelope),
    p_description: secret.description,
    p_expires_at: secret.expires_at ?? null,
    p_rotate_after_days: secret.rotate_after_days ?? null,
    p_idempotency_key: idempotencyKey,
    p_fingerprint: idempotencyKey === null
      ? null
      : await fingerprint(keyring, `${organizationId}|${secret.name}`, secret.value),
  });
}

/**
 * Sets a new value.
 *
 * @throws {AppError} `secrets_not_set_up`, `not_found`, `version_mismatch`; `conflict` when others are faster each time.
 */
export async function saveValue(
  { db, env }: UserContext,
  id: string,
  { value, expires_at }: { readonly value: string; readonly expires_at?: string | undefined },
  ifVersion: number | null,
): Promise<Secret> {
  const keyring = requireKeyring(env);
  for (let attempt = 1;; attempt++) {
    const next = await rpc<{ organization_id: string; number: number }>(db, "next_secret_version", { p_secret_id: id });
    const envelope = await sealEnvelope(keyring, secretPlace(next.organization_id, id, next.number), value);
    try {
      return await rpc<Secret>(db, "set_secret_value", {
        p_secret_id: id,
        p_number: next.number,
        p_envelope: toBase64(envelope),
        p_key_id: keyIdOf(envelope),
        p_if_version: ifVersion,
        p_expires_at: expires_at ?? null,
      });
    } catch (error) {
      // Somebody set one in between: what is encrypted for one number is nothing for the next.
      if (!isAppError(error) || error.code !== "conflict" || attempt === TRIES) throw error;
    }
  }
}

/** Changes what is named. */
export function saveSecret(
  db: DatabaseClient,
  id: string,
  changes: SecretChanges,
  ifVersion: number | null,
): Promise<Secret> {
  return rpc<Secret>(db, "update_secret", { p_secret_id: id, p_changes: changes, p_if_version: ifVersion });
}

/** Deletes a secret, with `force` although flows use it. */
export async function removeSecret(
  db: DatabaseClient,
  id: string,
  force: boolean,
  ifVersion: number | null,
): Promise<void> {
  await rpc(db, "delete_secret", { p_secret_id: id, p_force: force, p_if_version: ifVersion });
}

/** Makes an earlier value the current one. */
export function restoreVersion(
  db: DatabaseClient,
  id: string,
  number: number,
  ifVersion: number | null,
): Promise<Secret> {
  return rpc<Secret>(db, "restore_secret_version", { p_secret_id: id, p_number: number, p_if_version: ifVersion });
}

/** Throws an earlier value away. */
export async function destroyVersion(db: DatabaseClient, id: string, number: number): Promise<void> {
  await rpc(db, "destroy_secret_version", { p_secret_id: id, p_number: number });
}

/** A page of the versions of a secret. */
export async function findVersions(
  context: UserContext,
  id: string,
  query: AnyListQuery,
): Promise<Page<SecretVersion>> {
  const options = SECRET_VERSIONS.options(context, query, { secret_id: id });
  const { after, ascending } = await openList(options);
  const rows = await rpc<SecretVersion[]>(context.db, "list_secret_versions", {
    p_secret_id: id,
    p_after: after?.value ?? null,
    p_limit: query.limit,
    p_descending: !ascending,
  });
  const data = rows.slice(0, query.limit);
  const last = data.at(-1)?.number;
  const isLast = rows.length <= query.limit || last === undefined;
  // A number is no id of a cursor: it is written out.
  return {
    data,
    next_cursor: isLast ? null : await signCursor(options.secret, options, { value: last, id: String(last) }),
  };
}

/** A page of the access log of a secret. */
export async function findAccesses(
  context: UserContext,
  id: string,
  query: z.output<typeof SECRET_ACCESSES.query>,
): Promise<Page<SecretAccess>> {
  const list = await SECRET_ACCESSES.open(context, query, { secret_id: id });
  return await list.page(
    await rpc<SecretAccess[]>(context.db, "list_secret_accesses", {
      p_secret_id: id,
      p_after: list.after?.id ?? null,
      p_limit: query.limit,
      p_descending: !list.ascending,
      p_kind: query.kind ?? null,
      p_run_id: query.run_id ?? null,
    }),
  );
}

/** A page of the flows whose current version uses a secret. */
export async function findFlows(context: UserContext, id: string, query: AnyListQuery): Promise<Page<SecretFlow>> {
  // The cursor is read before anything is asked.
  const read = () => rpc<SecretFlow[]>(context.db, "list_secret_flows", { p_secret_id: id });
  return await SECRET_FLOWS.pageOf(read, context, query, { secret_id: id });
}

/**
 * The value of a secret. The caller is judged, and the reading written down, as the caller; the encrypted value is read
 * as the service, with the ticket that this gave.
 *
 * @param number The version; null = the current one.
 * @throws {AppError} `secrets_not_set_up`, `not_found`, `forbidden`.
 */
export async function revealValue(
  { db, env }: UserContext,
  id: string,
  number: number | null,
): Promise<{ number: number; value: string }> {
  const keyring = requireKeyring(env);
  const { ticket } = await rpc<{ ticket: string }>(db, "request_secret_reveal", { p_secret_id: id, p_number: number });
  const found = await rpc<Redeemed | null>(adminClient(env), "redeem_secret_ticket", { p_ticket: ticket }, {
    schema: "engine",
  });
  if (found === null) throw notFound("version");
  const bytes = readBase64(found.envelope);
  const place = secretPlace(found.organization_id, found.secret_id, found.number);
  try {
    return { number: found.number, value: await openEnvelope(keyring, place, bytes) };
  } catch (cause) {
    throw new AppError("secrets_not_set_up", {
      detail: "The value is encrypted under a master key that is not set up here",
      cause,
    });
  }
}

interface Redeemed {
  readonly organization_id: string;
  readonly secret_id: string;
  readonly number: number;
  readonly envelope: string;
}

function requireKeyring(env: Env): Keyring {
  const keyring = keyringOf(env);
  if (keyring === null) {
    throw new AppError("secrets_not_set_up", {
      detail: "Secrets are not set up here: MILLRACE_MASTER_KEYS is missing",
    });
  }
  return keyring;
}
