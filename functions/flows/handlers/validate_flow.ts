import { z } from "zod";
import { defineRoute } from "../../../shared/http/mod.ts";
import { findProblems, hasErrors } from "../graph_check.ts";
import { knownSecrets } from "../known_secrets.ts";
import { EXAMPLE_GRAPH, graphJson, graphProblemSchema } from "../schemas.ts";

/** POST /flows/validate */
export const validateFlow = defineRoute({
  method: "post",
  path: "/validate",
  operationId: "validateFlow",
  summary: "Validate a graph",
  description: "Compiles a graph as saving it would, and lists everything that is wrong with it, with its node and " +
    "severity. Nothing is stored.",
  tags: ["flows"],
  access: { user: "flows:read" },
  // An editor asks after every change.
  rateLimit: "read",
  request: { body: z.strictObject({ graph: graphJson }).meta({ examples: [{ graph: EXAMPLE_GRAPH }] }) },
  responses: {
    200: {
      description: "The verdict",
      schema: z.strictObject({
        valid: z.boolean().meta({ description: "Whether it could be activated: no errors, perhaps warnings" }),
        problems: z.array(graphProblemSchema),
      }).meta({ examples: [{ valid: true, problems: [] }] }),
    },
  },
}, async (c, { body }) => {
  const problems = findProblems(body.graph, await knownSecrets(c.var.request, body.graph));
  return { valid: !hasErrors(problems), problems };
});
