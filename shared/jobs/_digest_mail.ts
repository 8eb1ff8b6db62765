import { duration, escapeHtml, htmlTable, oneLine } from "./_mail.ts";

/** What the digest of an organization says: what `engine.get_digest` gives. */
export interface Digest {
  /** Name of the organization. */
  readonly organization: string;
  /** The day, UTC, as `2026-11-20`. */
  readonly day: string;
  readonly runs: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly unfinished: number;
  /** 0 to 1; null = no run was judged. */
  readonly success_rate: number | null;
  readonly steps: number;
  /** Flows with the most failures, five at most. */
  readonly failing: readonly { readonly name: string; readonly runs: number; readonly failed: number }[];
  /** Flows with the longest durations, five at most. */
  readonly slowest: readonly { readonly name: string; readonly runs: number; readonly p95_ms: number }[];
  /** Addresses of the owners. */
  readonly to: readonly string[];
}

/** A mail without its receivers. */
export interface Mail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Composes the digest of a day, plain and as HTML with the same words. */
export function composeDigest(digest: Digest): Mail {
  const { runs, failed, day } = digest;
  const organization = oneLine(digest.organization);
  const counts = [
    ["Runs", runs],
    ["Completed", digest.completed],
    ["Failed", failed],
    ["Cancelled", digest.cancelled],
    ["Not ended yet", digest.unfinished],
    ["Steps", digest.steps],
  ].map(([name, count]) => [String(name), String(count)]);
  if (digest.success_rate !== null) counts.push(["Success rate", `${Math.round(digest.success_rate * 1000) / 10} %`]);
  const failing = digest.failing.map((flow) => [oneLine(flow.name), `${flow.failed} of ${flow.runs}`]);
  const slowest = digest.slowest.map((flow) => [oneLine(flow.name), duration(flow.p95_ms), String(flow.runs)]);

  const lead = `What the flows of ${organization} did on ${day} (UTC).`;
  const end = "The owners of the organization get this after each day with runs. One of them can stop it: call " +
    "set_daily_digest with p_wanted = false.";
  const sections = [
    { title: "", head: ["", ""], rows: counts },
    { title: "Flows with failures", head: ["Flow", "Failed"], rows: failing },
    { title: "Slowest flows", head: ["Flow", "95 % took at most", "Runs"], rows: slowest },
  ].filter(({ rows }) => rows.length > 0);
  return {
    subject: oneLine(
      `${organization}: ${runs} ${runs === 1 ? "run" : "runs"} on ${day}, ${failed === 0 ? "none" : failed} failed`,
      200,
    ),
    text: [
      lead,
      ...sections.map(({ title, rows }) =>
        `${title === "" ? "" : `${title}\n`}${
          rows.map(([name, ...rest]) => `- ${name}: ${rest.join(", ")}`).join("\n")
        }`
      ),
      end,
    ].join("\n\n"),
    html: [
      `<p>${escapeHtml(lead)}</p>`,
      ...sections.map(({ title, head, rows }) =>
        `${title === "" ? "" : `<h3>${escapeHtml(title)}</h3>`}${htmlTable(head, rows)}`
      ),
      `<p style="color:#666">${escapeHtml(end)}</p>`,
    ].join("\n"),
  };
}
