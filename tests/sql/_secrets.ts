/**
 * Secrets as tests make, read and open them.
 *
 * @module
 */
import { toBase64 } from "../../shared/bytes/mod.ts";
import { Keyring, openEnvelope, sealEnvelope, secretPlace, type SecretReply } from "../../shared/secrets/mod.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { type Arguments, rpc, service, type Tenant } from "./_world.ts";

/** A master key that tests tell from others by its byte. */
export const key = (fill: number) => new Uint8Array(32).fill(fill);
/** The master key of values that tests make. */
export const ring = new Keyring({ current: "k1", keys: { k1: key(1) } });
/** During a rotation: the next master key beside it. */
export const both = new Keyring({ current: "k2", keys: { k1: key(1), k2: key(2) } });

/** As the functions of secrets give one. */
export interface Secret {
  id: string;
  name: string;
  version: number;
  current_version: number;
  last_used_at: string | null;
  [field: string]: unknown;
}

/** A value as its version keeps it, in base64. */
export async function envelopeFor(
  tenant: Tenant,
  id: string,
  number: number,
  value: string,
  keyring = ring,
): Promise<string> {
  return toBase64(await sealEnvelope(keyring, secretPlace(tenant.organizationId, id, number), value));
}

/** Makes a secret of a tenant. */
export async function create(
  db: TestDatabase,
  tenant: Tenant,
  name: string,
  value = "the value",
  args: Arguments = {},
) {
  const id = crypto.randomUUID();
  return await rpc<Secret>(db, tenant.user, "create_secret", {
    p_secret_id: id,
    p_organization_id: tenant.organizationId,
    p_name: name,
    p_envelope: await envelopeFor(tenant, id, 1, value),
    p_key_id: "k1",
    ...args,
  });
}

/** Gives a secret its next value. */
export async function set(
  db: TestDatabase,
  tenant: Tenant,
  id: string,
  number: number,
  value: string,
  args: Arguments = {},
) {
  return await rpc<Secret>(db, tenant.user, "set_secret_value", {
    p_secret_id: id,
    p_number: number,
    p_envelope: await envelopeFor(tenant, id, number, value),
    p_key_id: "k1",
    ...args,
  });
}

/** What the engine gets of a secret. */
export function read(db: TestDatabase, tenant: Tenant, name: string, more: Record<string, unknown> = {}, now?: string) {
  const reads = [{ organization_id: tenant.organizationId, name, uses: [], past_uses: [], ...more }];
  return service<SecretReply[]>(db, "read_secrets", { p_reads: reads as never }, now === undefined ? {} : { now })
    .then(([reply]) => reply!);
}

/** Opens what {@link read} gave. */
export async function valueOf(tenant: Tenant, reply: SecretReply, keyring = ring): Promise<string> {
  const bytes = Uint8Array.from(atob(reply.envelope ?? ""), (char) => char.charCodeAt(0));
  return await openEnvelope(keyring, secretPlace(tenant.organizationId, reply.secret_id!, reply.number!), bytes);
}
