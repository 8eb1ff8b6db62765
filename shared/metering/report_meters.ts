/**
 * Tells Stripe's meters what organizations used, each hour once.
 *
 * Stripe takes an identifier once "for at least 24 hours", so a report whose answer was lost may be sent again within a
 * day. After that nobody knows whether Stripe would count it twice: then its own sum of the hour is asked first.
 *
 * @module
 */
import { Stripe } from "stripe";
import { adminClient, rpc } from "../db/mod.ts";
import type { Env } from "../env/mod.ts";
import type { Log } from "../log/mod.ts";

/** What reporting needs. */
export interface ReportContext {
  readonly env: Env;
  readonly stripe: Stripe;
  readonly log: Log;
  /** Ends the work early; what is under way is told later. */
  readonly signal: AbortSignal;
}

/** What became of the reports of one pass. */
export interface ReportCounts {
  made: number;
  expired: number;
  sent: number;
  refused: number;
  /** Told again later. */
  later: number;
}

/** A report as `engine.take_meter_reports` gives it. */
interface MeterReport {
  readonly id: string;
  readonly identifier: string;
  readonly event_name: string;
  readonly customer: string;
  readonly quantity: number;
  readonly hour: string;
  readonly happened_at: string;
  readonly is_doubtful: boolean;
  readonly sent: number;
}

interface ReportResult {
  readonly id: string;
  readonly outcome: "sent" | "refused" | "retry" | "unsure";
  readonly error?: { readonly code: string; readonly message: string };
}

/** Reports a call. */
const BATCH = 200;
/** Customers at once. Of one customer and meter Stripe takes one call at a time. */
const AT_ONCE = 8;
/** Refusals that no later attempt will mend. What can be mended in the dashboard (no such meter) is tried again. */
const FINAL = new Set([
  "resource_missing",
  "meter_event_customer_not_found",
  "timestamp_too_far_in_past",
  "meter_event_invalid_value",
]);

/**
 * Writes down what is to be told, and tells what is due.
 *
 * @throws {AppError} The database is away: what was sent and not noted is known to be in doubt.
 */
export async function reportMeters(context: ReportContext): Promise<ReportCounts> {
  const db = adminClient(context.env);
  const options = { schema: "engine" } as const;
  const { made, expired } = await rpc<{ made: number; expired: number }>(db, "make_meter_reports", {}, options);
  const counts: ReportCounts = { made, expired, sent: 0, refused: 0, later: 0 };
  const meters = new Map<string, Promise<string | null>>();
  while (!context.signal.aborted) {
    const reports = await rpc<MeterReport[]>(db, "take_meter_reports", { p_limit: BATCH }, options);
    if (reports.length === 0) break;
    const results = await sendAll(context, meters, reports);
    await rpc(db, "end_meter_reports", { p_results: results }, options);
    for (const { outcome } of results) {
      if (outcome === "sent") counts.sent++;
      else if (outcome === "refused") counts.refused++;
      else counts.later++;
    }
    if (reports.length < BATCH) break;
  }
  if (counts.refused > 0 || expired > 0) {
    context.log.error("metering.not_billed", { refused: counts.refused, expired });
  }
  return counts;
}

async function sendAll(
  context: ReportContext,
  meters: Map<string, Promise<string | null>>,
  reports: readonly MeterReport[],
): Promise<ReportResult[]> {
  const customers = [...Map.groupBy(reports, ({ customer }) => customer).values()];
  const results: ReportResult[] = [];
  const next = async (): Promise<void> => {
    for (let own = customers.pop(); own !== undefined && !context.signal.aborted; own = customers.pop()) {
      for (const report of own) {
        if (context.signal.aborted) return;
        results.push(await sendReport(context, meters, report));
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  return results;
}

async function sendReport(
  { stripe, log }: ReportContext,
  meters: Map<string, Promise<string | null>>,
  report: MeterReport,
): Promise<ReportResult> {
  const { id, identifier, event_name, customer, quantity } = report;
  try {
    if (report.is_doubtful && await isCounted(stripe, meters, report)) return { id, outcome: "sent" };
    await stripe.billing.meterEvents.create({
      event_name,
      identifier,
      payload: { stripe_customer_id: customer, value: String(quantity) },
      timestamp: seconds(report.happened_at),
    }, { idempotencyKey: report.is_doubtful ? `${identifier}:${crypto.randomUUID()}` : identifier });
    return { id, outcome: "sent" };
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeError)) throw error;
    const code = error.code ?? error.type;
    const facts = {
      code,
      message: `Stripe answered ${error.statusCode ?? "nothing"}, request ${error.requestId ?? "-"}`,
    };
    // It has it already: an answer was lost on the way.
    if (code === "duplicate_meter_event" || /already exists with identifier/.test(error.message)) {
      return { id, outcome: "sent" };
    }
    log.warn("metering.report_failed", { ...facts, meter: event_name });
    if (error.statusCode === undefined || error.statusCode >= 500) return { id, outcome: "unsure", error: facts };
    return { id, outcome: FINAL.has(code) ? "refused" : "retry", error: facts };
  }
}

/** Whether Stripe's sum of the hour holds the report, besides those that it surely has. */
async function isCounted(
  stripe: Stripe,
  meters: Map<string, Promise<string | null>>,
  { event_name, customer, hour, quantity, sent }: MeterReport,
): Promise<boolean> {
  let meter = meters.get(event_name);
  if (meter === undefined) {
    meter = findMeter(stripe, event_name);
    meters.set(event_name, meter);
    // One that could not be asked for is asked for again.
    meter.catch(() => meters.delete(event_name));
  }
  const id = await meter;
  if (id === null) return false;
  const start_time = seconds(hour);
  const { data } = await stripe.billing.meters.listEventSummaries(id, {
    customer,
    start_time,
    end_time: start_time + 3_600,
  });
  return data.reduce((sum, { aggregated_value }) => sum + aggregated_value, 0) >= sent + quantity;
}

async function findMeter(stripe: Stripe, eventName: string): Promise<string | null> {
  for await (const meter of stripe.billing.meters.list({ status: "active", limit: 100 })) {
    if (meter.event_name === eventName) return meter.id;
  }
  return null;
}

function seconds(time: string): number {
  return Math.floor(Date.parse(time) / 1_000);
}
