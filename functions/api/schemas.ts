import { z } from "zod";
import type { Env } from "../../shared/env/mod.ts";
import { FUNCTIONS } from "./mounts.ts";

/** The version of this software; the version of the API is in its path. */
export const VERSION = "0.1.0";

/** What the API is. */
export const apiInfoSchema = z.strictObject({
  name: z.literal("Millrace"),
  description: z.string(),
  version: z.string().meta({ description: "Of the software", examples: [VERSION] }),
  api_versions: z.array(z.string()).meta({ examples: [["v1"]] }),
  resources: z.record(z.string(), z.url()).meta({
    description: "Where things are",
    examples: [{ flows: "https://abc.supabase.co/functions/v1/api/v1/flows" }],
  }),
  links: z.strictObject({ openapi: z.url(), docs: z.url(), health: z.url() }),
}).meta({ id: "ApiInfo" });

/** What the API is. */
export type ApiInfo = z.output<typeof apiInfoSchema>;

/** What the API says about itself. */
export function apiInfo({ functionsUrl }: Env): ApiInfo {
  const base = `${functionsUrl}/api/v1`;
  return {
    name: "Millrace",
    description: "Workflow automation inside a Supabase project",
    version: VERSION,
    api_versions: ["v1"],
    resources: Object.fromEntries(Object.keys(FUNCTIONS).map((name) => [name, `${base}/${name}`])),
    links: { openapi: `${base}/openapi.json`, docs: `${functionsUrl}/docs`, health: `${base}/health` },
  };
}
