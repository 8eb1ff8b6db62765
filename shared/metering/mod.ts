/**
 * Usage that is paid for: seats and meters at Stripe.
 *
 * @module
 */
export { type ReportContext, type ReportCounts, reportMeters } from "./report_meters.ts";
export { type SeatsContext, type SeatsReport, syncSeats } from "./sync_seats.ts";
