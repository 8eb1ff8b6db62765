import { z } from "zod";
import { defineRoute, idParams, reply } from "../../../shared/http/mod.ts";
import { revealValue } from "../queries.ts";

const body = z.strictObject({
  version: z.int().min(1).max(2_147_483_647).optional().meta({
    description: "The number of the version; the current one when absent",
    examples: [2],
  }),
}).meta({ examples: [{}] });

/** POST /secrets/:id/reveal */
export const revealSecret = defineRoute({
  method: "post",
  path: "/:id/reveal",
  operationId: "revealSecret",
  summary: "Show the value of a secret",
  description:
    "The only route that shows a value. Who asked is in the access log and in the audit log before the value " +
    "is given. Not for API keys.",
  tags: ["secrets"],
  access: { user: "secrets:write" },
  personOnly: true,
  sensitive: true,
  admin: "the encrypted value, which no caller may read; the caller was judged by a call of their own",
  request: { params: idParams, body, bodyRequired: false },
  responses: {
    200: {
      description: "The value. Do not store this answer",
      schema: z.strictObject({ version: z.int().meta({ examples: [2] }), value: z.string() }).meta({
        id: "RevealedSecret",
        examples: [{ version: 2, value: "sk_example_not_real" }],
      }),
      headers: { "Cache-Control": "Always `no-store`" },
    },
  },
  errors: ["not_found", "secrets_not_set_up"],
}, async (c, { params, body }) => {
  const { number, value } = await revealValue(c.var.request, params.id, body?.version ?? null);
  return reply(200, { version: number, value }, { "Cache-Control": "no-store" });
});
