/**
 * What can be asked of the lists of this function.
 *
 * @module
 */
import { z } from "zod";
import { defineList, where } from "../../shared/http/mod.ts";
import { flowSummarySchema, listedVersionSchema } from "./schemas.ts";

/** Flows. */
export const FLOWS = defineList({
  name: "flows",
  item: flowSummarySchema,
  // Ids are ordered by time, and indexed within the organization.
  sort: { created_at: "id", updated_at: "updated_at", name: "name" },
  defaultSort: "-created_at",
  filters: {
    is_active: where.flag({ description: "Only active flows, or only drafts" }),
    workspace_id: where.equals(z.uuid(), { description: "Only those of a workspace" }),
    created_after: where.from({ column: "created_at" }),
    created_before: where.before({ column: "created_at" }),
    updated_after: where.from({ column: "updated_at" }),
    q: where.text(["name"]),
  },
});

/** The versions of a flow. */
export const FLOW_VERSIONS = defineList({
  name: "flow_versions",
  item: listedVersionSchema,
  sort: { number: "number" },
  defaultSort: "-number",
  filters: {
    created_by: where.equals(z.uuid(), { description: "Only those that this person saved" }),
    created_after: where.from({ column: "created_at" }),
    created_before: where.before({ column: "created_at" }),
  },
});
