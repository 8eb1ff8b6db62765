/** @jsxImportSource hono/jsx */
import { z } from "zod";
import { defineTemplate } from "../define_template.ts";
import { data, line, link, moment } from "../fields.ts";
import { Badge, Button, Facts, Meter, Remark, Strong, Text, Title } from "../kit.tsx";

/** Says that much, or all, of what a plan or budget allows is used. */
export const usageAlert = defineTemplate({
  name: "usage_alert",
  description: "Says how much of a limit or budget is used.",
  category: "alerts",
  isBranded: true,
  schema: data({
    organization: line,
    metric: line.meta({ description: "What is counted, in words: runs, the budget of Invoices" }),
    used: z.number(),
    limit: z.number().positive(),
    currency: z.string().regex(/^[A-Za-z]{3}$/).nullish().meta({
      description: "Then used and limit are in its minor unit",
    }),
    resets_at: moment.nullish(),
    effect: line.nullish().meta({ description: "What happens at the limit" }),
    link,
  }),
  example: {
    organization: "Lovelace & Sons",
    metric: "runs this month",
    used: 8_214,
    limit: 10_000,
    resets_at: "2026-12-01T00:00:00Z",
    effect: "New runs are refused until the month is over or the plan is changed.",
    link: "/billing",
  },
  subject: ({ organization, metric, used, limit }) =>
    used >= limit
      ? `${organization}: the limit of ${metric} is reached`
      : `${organization}: ${Math.floor(used / limit * 100)}% of ${metric} used`,
  preheader: ({ effect }) => effect ?? "",
  reason: ({ organization }) => `You get this because you look after ${organization}.`,
  Body({ data: { organization, metric, used, limit, currency, resets_at, effect, link }, context }) {
    const write = (value: number) => currency ? context.money(value, currency) : context.number(value);
    const isOver = used >= limit;
    const tone = isOver ? "bad" : "warning";
    return (
      <>
        <Badge tone={tone}>{isOver ? "Limit reached" : "Close to the limit"}</Badge>
        <Title>{Math.floor(used / limit * 100)}% of {metric}</Title>
        <Text>
          <Strong>{organization}</Strong> has used {write(used)} of {write(limit)}.
        </Text>
        <Meter share={used / limit} tone={tone} />
        <Facts
          rows={[
            ["Used", write(used)],
            ["Limit", write(limit)],
            ["Left", write(Math.max(0, limit - used))],
            ["Begins anew", resets_at ? context.dateTime(resets_at) : null],
          ]}
        />
        <Button href={context.link(link)}>{isOver ? "Raise the limit" : "Look at the usage"}</Button>
        {effect ? <Remark>{isOver ? "" : "At the limit: "}{effect}</Remark> : null}
      </>
    );
  },
});
