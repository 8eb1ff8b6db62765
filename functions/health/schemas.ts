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

/** Everything the service needs is there. */
export type Ready = z.output<typeof readySchema>;
