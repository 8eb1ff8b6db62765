import { rpc } from "../../shared/db/mod.ts";
import type { UserContext } from "../../shared/http/mod.ts";

/** How an expression names a secret, inside JSON: `secrets.NAME`, `secrets["NAME"]`. */
const NAMED = /\bsecrets\s*(?:\.\s*|\[\s*(?:\\"|'))([A-Z][A-Z0-9_]{0,63})/g;

/**
 * The names of secrets that a graph may name and that exist. Nobody is asked when it names none.
 *
 * @param context `c.var.request`.
 * @param graph The graph, as it came.
 */
export async function knownSecrets(context: UserContext, graph: unknown): Promise<ReadonlySet<string>> {
  const names = new Set([...JSON.stringify(graph).matchAll(NAMED)].map(([, name = ""]) => name));
  if (names.size === 0) return names;
  const missing = await rpc<string[]>(context.db, "missing_secrets", {
    p_organization_id: context.organizationId,
    p_names: [...names],
  });
  return new Set([...names].filter((name) => !missing.includes(name)));
}
