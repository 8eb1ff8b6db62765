/**
 * What can be asked of the lists of this function.
 *
 * @module
 */
import { z } from "zod";
import { defineList, where } from "../../shared/http/mod.ts";
import { secretAccessSchema, secretFlowSchema, secretSchema, secretVersionSchema } from "./schemas.ts";

/** Secrets. */
export const SECRETS = defineList({
  name: "secrets",
  item: secretSchema,
  sort: { created_at: "created_at", name: "name", updated_at: "updated_at", rotated_at: "rotated_at" },
  defaultSort: "-created_at",
  filters: {
    created_after: where.from({ column: "created_at" }),
    created_before: where.before({ column: "created_at" }),
    expires_before: where.before({ column: "expires_at" }),
    q: where.text(["name", "description"]),
  },
});

/** The versions of a secret. */
export const SECRET_VERSIONS = defineList({
  name: "secret_versions",
  item: secretVersionSchema,
  sort: { number: "number" },
  defaultSort: "-number",
  id: "number",
});

/** The access log of a secret. Ids are ordered by time, so the order is that of the id. */
export const SECRET_ACCESSES = defineList({
  name: "secret_accesses",
  item: secretAccessSchema,
  sort: { minute: "id" },
  defaultSort: "-minute",
  filters: {
    kind: where.equals(z.enum(["run", "reveal"])),
    run_id: where.equals(z.uuid(), { description: "Only what a run read" }),
  },
});

/** The flows that use a secret: 100 at most, in memory. */
export const SECRET_FLOWS = defineList({
  name: "secret_flows",
  item: secretFlowSchema,
  sort: { name: "name" },
  defaultSort: "name",
  filters: { q: where.text(["name"]) },
});
