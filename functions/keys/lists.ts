/**
 * What can be asked of the lists of this function.
 *
 * @module
 */
import { defineList, where } from "../../shared/http/mod.ts";
import { keySchema, modeSchema } from "./schemas.ts";

/** API keys of an organization. */
export const KEYS = defineList({
  name: "keys",
  item: keySchema,
  sort: { created_at: "created_at", name: "name", updated_at: "updated_at" },
  defaultSort: "-created_at",
  filters: {
    mode: where.equals(modeSchema),
    revoked: where.ownFlag("Only those that are revoked, or only those that are not"),
    created_after: where.from({ column: "created_at" }),
    created_before: where.before({ column: "created_at" }),
    expires_before: where.before({ column: "expires_at" }),
    q: where.text(["name"]),
  },
});
