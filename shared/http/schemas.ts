import { z } from "zod";

/** The body of every error answer. */
export const problemSchema = z.object({
  type: z.string().meta({ examples: ["urn:millrace:error:not_found"] }),
  title: z.string(),
  status: z.int(),
  code: z.string().meta({ description: "A code of the closed list in docs/errors.md", examples: ["not_found"] }),
  detail: z.string(),
  request_id: z.string(),
  problems: z.array(z.object({
    path: z.string().meta({ examples: ["body.name"] }),
    code: z.string(),
    message: z.string(),
    node_id: z.string().optional(),
    edge_id: z.string().optional(),
    severity: z.enum(["error", "warning"]).optional(),
    position: z.int().optional().meta({ description: "Where in an expression, in UTF-16 units from 0" }),
  })).optional(),
}).meta({ id: "Problem", description: "What went wrong (RFC 9457)" });

/** Any JSON value. Recursive schemas need an id of their own, or the OpenAPI document cannot be made. */
export const jsonSchema: z.ZodType<unknown> = z.unknown().meta({ id: "Json", description: "Any JSON value" });

/** An id in a path: `request: { params: idParams }`. */
export const idParams = z.object({ id: z.uuid() });

/** The header that {@link readIdempotencyKey} reads, for `request.headers` of a route that makes something. */
export const idempotencyHeaders = z.object({
  "idempotency-key": z.string().optional().meta({
    description: "The same key with the same request gives the same answer, for 24 hours",
    examples: ["order-1042"],
  }),
});

/** The header that {@link readIfMatch} reads, for `request.headers` of a route that changes something. */
export const ifMatchHeaders = z.object({
  "if-match": z.string().optional().meta({
    description: "The ETag that you read: 412 when it is stale",
    examples: ['"v3"'],
  }),
});

/** The header that {@link isNotModified} reads, for `request.headers` of a route that gives one thing. */
export const ifNoneMatchHeaders = z.object({
  "if-none-match": z.string().optional().meta({
    description: "The ETag that you have: 304 when it is still the one",
    examples: ['"v3"'],
  }),
});
