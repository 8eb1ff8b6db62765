import { z } from "zod";
import { defineRoute } from "../../../shared/http/mod.ts";
import { syncProfile as sync } from "../queries.ts";
import { profileSchema } from "../schemas.ts";

const body = z.strictObject({
  display_name: z.string().trim().min(1).max(200).optional().meta({ description: "Left as it is when absent" }),
}).meta({ examples: [{ display_name: "Ada Lovelace" }] });

/** POST /orgs/sync */
export const syncProfile = defineRoute({
  method: "post",
  path: "/sync",
  operationId: "syncProfile",
  summary: "Sync your profile",
  description:
    "Takes the address over from Auth; call it after sign-up and after a change of address. Sets your name " +
    "when one is given.",
  tags: ["people"],
  access: { user: "any" },
  personOnly: true,
  request: { body, bodyRequired: false },
  responses: { 200: { description: "Your profile", schema: profileSchema } },
}, (c, { body }) => sync(c.var.request.db, body?.display_name ?? null));
