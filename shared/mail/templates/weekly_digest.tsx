/** @jsxImportSource hono/jsx */
import { z } from "zod";
import { defineTemplate } from "../define_template.ts";
import { data, line, moment } from "../fields.ts";
import { duration } from "../format.ts";
import { Button, Facts, Figures, Heading, Table, Text, Title } from "../kit.tsx";

const count = z.int().nonnegative();

/** What became of the runs of a week, or of a day. */
export const weeklyDigest = defineTemplate({
  name: "weekly_digest",
  description: "What the flows of an organization did in a week, or in a day.",
  category: "digests",
  isBranded: true,
  schema: data({
    organization: line,
    period: z.enum(["week", "day"]).default("week"),
    from: moment,
    to: moment.meta({ description: "The last day" }),
    runs: count,
    completed: count,
    failed: count,
    cancelled: count,
    unfinished: count,
    steps: count,
    success_rate: z.number().min(0).max(1).nullish(),
    runs_before: count.nullish().meta({ description: "Of the week or day before; null = none was counted" }),
    failing: z.array(z.object({ name: line, runs: count, failed: count })).max(10),
    slowest: z.array(z.object({ name: line, runs: count, p95_ms: z.number() })).max(10),
  }),
  example: {
    organization: "Lovelace & Sons",
    from: "2026-11-09",
    to: "2026-11-15",
    runs: 12_480,
    completed: 12_301,
    failed: 143,
    cancelled: 29,
    unfinished: 7,
    steps: 96_204,
    success_rate: 0.9885,
    runs_before: 11_020,
    failing: [{ name: "Sync invoices", runs: 2_210, failed: 98 }, { name: "Lead to CRM", runs: 640, failed: 45 }],
    slowest: [{ name: "Nightly report", runs: 7, p95_ms: 312_000 }, {
      name: "Sync invoices",
      runs: 2_210,
      p95_ms: 8_400,
    }],
  },
  subject: ({ organization, period, runs, failed }, { number }) =>
    `${organization}: ${number(runs)} ${runs === 1 ? "run" : "runs"} ${period === "day" ? "yesterday" : "last week"}, ${
      failed === 0 ? "none" : number(failed)
    } failed`,
  preheader: ({ success_rate }, { percent }) =>
    success_rate === null || success_rate === undefined ? "" : `${percent(success_rate)} ended well.`,
  reason: ({ organization, period }) => `You get this after each ${period} with runs, as an owner of ${organization}.`,
  Body({ data, context: { date, number, percent, link } }) {
    const isDay = data.period === "day";
    const change = data.runs_before ? data.runs / data.runs_before - 1 : null;
    return (
      <>
        <Title>{data.organization}, {isDay ? "yesterday" : "last week"}</Title>
        <Text>
          What the flows did {isDay ? `on ${date(data.from)}` : `from ${date(data.from)} to ${date(data.to)}`} (UTC).
        </Text>
        <Figures
          figures={[
            { value: number(data.runs), label: "runs" },
            { value: number(data.failed), label: "failed", tone: data.failed === 0 ? "good" : "bad" },
            ...(data.success_rate === null || data.success_rate === undefined
              ? []
              : [{ value: percent(data.success_rate), label: "ended well" }]),
          ]}
        />
        <Facts
          rows={[
            ["Completed", number(data.completed)],
            ["Cancelled", number(data.cancelled)],
            ["Not ended yet", number(data.unfinished)],
            ["Steps", number(data.steps)],
            [
              `Compared with the ${isDay ? "day" : "week"} before`,
              change === null ? null : `${change > 0 ? "+" : ""}${percent(change)} runs`,
            ],
          ]}
        />
        {data.failing.length === 0 ? null : (
          <>
            <Heading>Flows with failures</Heading>
            <Table
              head={["Flow", "Failed", "Runs"]}
              rows={data.failing.map(({ name, failed, runs }) => [name, number(failed), number(runs)])}
            />
          </>
        )}
        {data.slowest.length === 0 ? null : (
          <>
            <Heading>Slowest flows</Heading>
            <Table
              head={["Flow", "95% took at most", "Runs"]}
              rows={data.slowest.map(({ name, p95_ms, runs }) => [name, duration(p95_ms), number(runs)])}
            />
          </>
        )}
        <Button href={link("/analytics")}>Look at the figures</Button>
      </>
    );
  },
});
