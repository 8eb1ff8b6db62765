import { rpc } from "../../shared/db/mod.ts";
import type { RequestContext, UserContext } from "../../shared/http/mod.ts";
import type { z } from "zod";
import type { USAGE, usageSchema } from "./version_schemas.ts";

const DAY_MILLISECONDS = 86_400_000;

/** What was asked of the API, of this organization or, for an operator who names none, by all. */
export async function findUsage(
  context: RequestContext,
  { from, to }: z.output<typeof USAGE.query>,
): Promise<z.output<typeof usageSchema>[]> {
  const today = (offset: number) => new Date(Date.now() - offset * DAY_MILLISECONDS).toISOString().slice(0, 10);
  return await rpc(context.db, "get_api_usage", {
    p_organization_id: context.organizationId,
    p_from: from ?? today(30),
    p_to: to ?? today(0),
  }, { schema: context.caller === "secret" ? "engine" : "public" });
}

/** Pins the organization, or one of its keys, to a version; null takes the pin away. */
export async function pinVersion(context: UserContext, version: string | null, keyId: string | null): Promise<void> {
  await rpc(context.db, "pin_api_version", {
    p_organization_id: context.organizationId,
    p_version: version,
    p_key_id: keyId,
  });
}
