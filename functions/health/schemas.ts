import { z } from "zod";

/** The service answers. */
export const liveSchema = z.strictObject({ status: z.literal("ok") });

/** Everything the service needs is there. */
export const readySchema = z.strictObject({
  status: z.literal("ok"),
  checks: z.strictObject({
    database: z.strictObject({
      status: z.literal("ok"),
      duration_ms: z.number().meta({ description: "How long the last check took", examples: [12.4] }),
    }),
  }),
}).meta({ id: "Health" });

/** What works, and what outside does not. */
export const detailedSchema = z.strictObject({
  status: z.enum(["ok", "degraded"]),
  checks: readySchema.shape.checks,
  schema: z.strictObject({
    needed: z.string().meta({
      description: "The migration that the functions were made for",
      examples: ["20261121090449"],
    }),
    version: z.string().nullable().meta({
      description: "The newest migration of the database; null = it does not say",
    }),
  }),
  api_keys: z.enum(["ok", "not_set_up"]).meta({
    description: "Whether the functions can sign for API keys: MILLRACE_SIGNING_KEY",
  }),
  providers: z.array(z.strictObject({
    key: z.string().meta({
      description: "`email:<provider>`, or `http:<organization>:<host>`",
      examples: ["email:resend"],
    }),
    open_ms: z.int().meta({ description: "Milliseconds until somebody may try it again", examples: [4200] }),
    calls: z.int().meta({ description: "Calls of half a minute when it was given up; 0 = it asked for a pause" }),
    failures: z.int().meta({ description: "Those that failed" }),
  })).meta({ description: "Services outside that workers leave alone at the moment, longest first" }),
}).meta({ id: "DetailedHealth" });

/** What works, and what outside does not. */
export type Detailed = z.output<typeof detailedSchema>;

/** Everything the service needs is there. */
export type Ready = z.output<typeof readySchema>;
