/**
 * What can be asked of the lists of this function.
 *
 * @module
 */
import { z } from "zod";
import { defineList, where } from "../../shared/http/mod.ts";
import {
  bucketKind,
  bucketSchema,
  cacheUsageSchema,
  flagSchema,
  ipBlockSchema,
  networkSchema,
  overrideKind,
  overrideSchema,
  subjectId,
} from "./schemas.ts";

/** Networks that are blocked now. Ids are ordered by time, so the order is that of the id. */
export const IP_BLOCKS = defineList({
  name: "ip_blocks",
  item: ipBlockSchema,
  sort: { created_at: "id" },
  defaultSort: "-created_at",
  ofOrganization: false,
  filters: {
    is_automatic: where.ownFlag("Only those that came by themselves, or only those by hand"),
    network: where.own(networkSchema, "Only those that lie in this network or hold it"),
  },
});

/** Limits that were given by hand: a thousand at the most, in memory. */
export const LIMIT_OVERRIDES = defineList({
  name: "limit_overrides",
  item: overrideSchema,
  sort: { subject: "id", created_at: "created_at" },
  defaultSort: "subject",
  ofOrganization: false,
  filters: {
    subject_kind: where.own(overrideKind),
    subject_id: where.own(subjectId),
  },
});

/** Feature flags: a thousand at the most, in memory. */
export const FLAGS = defineList({
  name: "flags",
  item: flagSchema,
  sort: { name: "name", updated_at: "updated_at" },
  defaultSort: "name",
  id: "name",
  ofOrganization: false,
  filters: { q: where.text(["name"]) },
});

const buckets = defineList({
  name: "limit_buckets",
  item: bucketSchema,
  sort: { key: "key" },
  defaultSort: "key",
  id: "key",
  ofOrganization: false,
  filters: { subject_kind: where.own(bucketKind), subject_id: where.own(subjectId) },
});

/** Somebody's buckets: in memory. Whose, must be said. */
export const LIMIT_BUCKETS = {
  ...buckets,
  query: buckets.query.required({ subject_kind: true, subject_id: true }),
};

/** What came from memory, by operation: few, and all in memory. */
export const CACHE_USAGE = defineList({
  name: "cache_usage",
  item: cacheUsageSchema,
  sort: { requests: "requests", hit_rate: "hit_rate", operation: "operation" },
  defaultSort: "-requests",
  id: "operation",
  ofOrganization: false,
  filters: {
    from: where.own(z.iso.date(), "From this day on, in UTC; a week back when absent"),
    to: where.own(z.iso.date(), "Up to this day; today when absent"),
    operation: where.equals(z.string().min(1).max(100)),
  },
});
