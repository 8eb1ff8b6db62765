import { z } from "zod";
import { API_VERSIONS, defineList, where } from "../../shared/http/mod.ts";

const moment = z.iso.datetime({ offset: true });

/** A version of the API that is answered. */
const versionNameSchema = z.enum(
  API_VERSIONS.map(({ version }) => version) as [string, ...string[]],
).meta({ description: "A version of the API", examples: [API_VERSIONS.at(-1)?.version ?? ""] });

/** A version in the change log. */
const changelogEntrySchema = z.strictObject({
  version: versionNameSchema,
  title: z.string(),
  changes: z.array(z.strictObject({
    description: z.string(),
    operations: z.array(z.string()).meta({ examples: [["listJobs"]] }),
  })),
  deprecated_at: moment.nullable().meta({
    description: "Since when callers are told to leave it; null = they are not",
  }),
  sunset_at: moment.nullable().meta({ description: "When it stops being answered; null = that is not planned" }),
}).meta({ id: "ApiVersionEntry", description: "A version of the API and what it changed" });

/** The change log: few, and all in memory. */
export const CHANGELOG = defineList({
  name: "changelog",
  item: changelogEntrySchema,
  sort: { version: "version" },
  defaultSort: "-version",
  id: "version",
  filters: { q: where.text(["title"]) },
});

/** Which version a request means. */
export const chosenVersionSchema = z.strictObject({
  version: versionNameSchema.meta({ description: "What this request means" }),
  pinned: z.string().nullable().meta({ description: "What key or organization are pinned to; null = nothing" }),
  latest: versionNameSchema,
}).meta({ id: "ApiVersionChoice" });

/** The body that pins a version. */
export const pinSchema = z.strictObject({
  version: versionNameSchema.nullable().meta({ description: "Null takes the pin away: the latest is meant" }),
  key_id: z.uuid().optional().meta({ description: "Only this API key; the whole organization when absent" }),
}).meta({ id: "ApiVersionPin", examples: [{ version: API_VERSIONS.at(-1)?.version ?? null }] });

/** What was asked of one operation. */
export const usageSchema = z.strictObject({
  id: z.string(),
  version: z.string().meta({ description: "Of the API" }),
  operation: z.string().meta({ examples: ["listFlows"] }),
  door: z.string().meta({
    description: "Where it was asked for: under the function's name, through `api`, or by an old name there",
    examples: ["api/v1/workflows"],
  }),
  requests: z.int(),
  errors: z.int().meta({ description: "Answers of 400 or above" }),
  first_day: z.iso.date(),
  last_day: z.iso.date(),
}).meta({ id: "ApiUsage", description: "How often an operation was asked for, by version and door" });

/** What was asked of the API. */
export const USAGE = defineList({
  name: "api_usage",
  item: usageSchema,
  sort: { requests: "requests", operation: "operation", version: "version" },
  defaultSort: "-requests",
  filters: {
    from: where.own(z.iso.date(), "From this day on, in UTC; 30 days back when absent"),
    to: where.own(z.iso.date(), "Up to this day; today when absent"),
    version: where.equals(z.iso.date()),
    operation: where.equals(z.string().min(1).max(100)),
    door: where.equals(z.string().min(1).max(100)),
  },
});

/** The flags that the organization has. */
export const flagsSchema = z.strictObject({
  flags: z.array(z.string()).meta({ examples: [["new_editor"]] }),
}).meta({ id: "Flags", description: "Features that are not there for everybody, and are for this organization" });
