/**
 * What can be asked of the lists of this function.
 *
 * @module
 */
import { z } from "zod";
import { defineList, where } from "../../shared/http/mod.ts";
import { categorySchema, templateSummarySchema } from "./schemas.ts";

/** Templates: all in memory. */
export const TEMPLATES = defineList({
  name: "templates",
  item: templateSummarySchema,
  sort: { name: "name", id: "id" },
  defaultSort: "name",
  filters: {
    category: where.equals(categorySchema),
    tag: where.equals(z.string().min(1).max(40).meta({ examples: ["webhook"] }), {
      column: "tags",
      description: "Only those with this tag",
    }),
    q: where.text(["name", "description", "tags"]),
  },
});
