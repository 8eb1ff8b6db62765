/**
 * The list of all types of jobs. Adding one is one file and one line here. A type is loaded by the first job of it: most
 * isolates see only a few.
 *
 * @module
 */
import { z } from "zod";
import type { JsonObject } from "../graph/mod.ts";
import type { AnyJob } from "./define_job.ts";

/** Loads a type. The argument of `import` stands there literally: the bundler of the edge functions sees no other. */
type Loader = () => Promise<AnyJob>;

/** Every type, in the order of lists. */
const LOADERS: readonly (readonly [type: string, load: Loader])[] = [
  ["audit.sign", async () => (await import("./audit_sign.ts")).auditSign],
  ["retention.apply", async () => (await import("./retention_apply.ts")).retentionApply],
  ["runs.archive", async () => (await import("./runs_archive.ts")).runsArchive],
  ["runs.remove_archives", async () => (await import("./runs_remove_archives.ts")).runsRemoveArchives],
  ["system.noop", async () => (await import("./system_noop.ts")).systemNoop],
  ["runs.admit", async () => (await import("./runs_admit.ts")).runsAdmit],
  ["runs.bulk", async () => (await import("./runs_bulk.ts")).runsBulk],
  ["system.alert", async () => (await import("./system_alert.ts")).systemAlert],
  ["digest.daily", async () => (await import("./digest_daily.ts")).digestDaily],
  ["invitation.mail", async () => (await import("./invitation_mail.ts")).invitationMail],
  ["mail.send", async () => (await import("./mail_send.ts")).mailSend],
  ["metering.report", async () => (await import("./metering_report.ts")).meteringReport],
  ["metering.seats", async () => (await import("./metering_seats.ts")).meteringSeats],
  ["organizations.remove", async () => (await import("./organizations_remove.ts")).organizationsRemove],
  ["secret.warning", async () => (await import("./secret_warning.ts")).secretWarning],
  ["secrets.rewrap", async () => (await import("./secrets_rewrap.ts")).secretsRewrap],
  ["webhook.send_on", async () => (await import("./webhook_send_on.ts")).webhookSendOn],
  ["webhook.deliver", async () => (await import("./webhook_deliver.ts")).webhookDeliver],
  ["billing.sync", async () => (await import("./billing_sync.ts")).billingSync],
  ["billing.reconcile", async () => (await import("./billing_reconcile.ts")).billingReconcile],
  ["digest.mail", async () => (await import("./digest_mail.ts")).digestMail],
  ["approval.mail", async () => (await import("./approval_mail.ts")).approvalMail],
];

/** What lists show of a type. */
export interface JobTypeInfo {
  type: string;
  summary: string;
  /** JSON Schema of the payload. */
  payloadSchema: JsonObject;
  /** Milliseconds that an attempt may take. */
  timeoutMs: number;
  /** How often it is begun at most; null = as it was enqueued. */
  maxAttempts: number | null;
  keep: "all" | "failures";
  /** The service it cannot do without. */
  provider: string | null;
}

/** Milliseconds that an attempt may take when its type does not say. */
export const DEFAULT_TIMEOUT_MS = 60_000;

/** Types by name, each loaded once. */
export class JobRegistry {
  readonly #loaders: ReadonlyMap<string, Loader>;
  readonly #loaded = new Map<string, AnyJob>();

  /** @param loaders Type and what loads it. */
  constructor(loaders: Iterable<readonly [type: string, load: Loader]>) {
    this.#loaders = new Map(loaders);
  }

  /** The names of all types. */
  get types(): string[] {
    return [...this.#loaders.keys()];
  }

  /** A type that is loaded already, without waiting for anything. */
  peek(type: string): AnyJob | undefined {
    return this.#loaded.get(type);
  }

  /**
   * Finds a type.
   *
   * @returns Its definition; undefined for one that there is not.
   */
  async get(type: string): Promise<AnyJob | undefined> {
    const known = this.#loaded.get(type);
    if (known !== undefined) return known;
    const job = await this.#loaders.get(type)?.();
    if (job !== undefined) this.#loaded.set(type, job);
    return job;
  }

  /** Describes every type for people who operate the queue. Loads them all. */
  async describe(): Promise<JobTypeInfo[]> {
    return await Promise.all(this.types.map(async (type) => {
      const job = await this.get(type);
      if (job === undefined) throw new Error(`The type ${type} has no definition`);
      return {
        type,
        summary: job.summary,
        payloadSchema: toJsonSchema(job.payload),
        timeoutMs: job.timeoutMs ?? DEFAULT_TIMEOUT_MS,
        maxAttempts: job.maxAttempts ?? null,
        keep: job.keep ?? "all",
        provider: job.provider ?? null,
      };
    }));
  }
}

/** The types of Millrace. */
export const jobRegistry = new JobRegistry(LOADERS);

/** Describes every type of job: name, summary, JSON Schema of the payload, limits. */
export function listJobTypes(): Promise<JobTypeInfo[]> {
  return jobRegistry.describe();
}

function toJsonSchema(schema: z.ZodType): JsonObject {
  return JSON.parse(JSON.stringify(z.toJSONSchema(schema, { io: "input" }))) as JsonObject;
}
