import { keyOfSeed, newSeed } from "../../shared/auth/mod.ts";
import { type DatabaseClient, rpc } from "../../shared/db/mod.ts";
import type { UserContext } from "../../shared/http/mod.ts";
import type { NewPortalToken, PortalToken } from "./portal_schemas.ts";

/** A token as the database answers, made now or by the same request before. */
type Made = Omit<PortalToken, "token"> & { readonly is_new: boolean; readonly seed: string | null };

/** Makes a portal token. Its text is made here and answered; the database gets its hash. */
export async function insertPortalToken(
  { db, env, organizationId }: UserContext,
  settings: NewPortalToken,
  idempotencyKey: string | null,
): Promise<PortalToken> {
  const seed = newSeed();
  const { hash } = await keyOfSeed(env.secretKeys.default, "portal", seed);
  const { is_new: isNew, seed: madeOf, ...made } = await rpc<Made>(db, "create_webhook_portal", {
    p_organization_id: organizationId,
    p_settings: settings,
    p_secret_hash: hash,
    p_idempotency_key: idempotencyKey,
    p_seed: seed,
  });
  return { ...made, token: isNew || madeOf !== null ? await textOf(env.secretKeys.default, madeOf ?? seed) : null };
}

async function textOf(secret: string, seed: string): Promise<string> {
  return (await keyOfSeed(secret, "portal", seed)).text;
}

/** Ends a portal token. */
export async function endPortalToken(db: DatabaseClient, id: string): Promise<void> {
  await rpc(db, "revoke_webhook_portal", { p_portal_id: id });
}
