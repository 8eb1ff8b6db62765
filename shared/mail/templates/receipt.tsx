/** @jsxImportSource hono/jsx */
import { z } from "zod";
import { defineTemplate } from "../define_template.ts";
import { amount, currency, data, line, moment, url } from "../fields.ts";
import { Button, Facts, Strong, Table, Text, Title } from "../kit.tsx";

/** What was paid. Amounts are in the currency's minor unit. */
export const receipt = defineTemplate({
  name: "receipt",
  description: "What was paid, line by line.",
  category: "transactional",
  schema: data({
    organization: line,
    number: line,
    paid_at: moment,
    currency,
    lines: z.array(z.object({ description: line, quantity: z.number().nullish(), amount })).max(100),
    subtotal: amount.nullish(),
    tax: amount.nullish(),
    total: amount,
    period_start: moment.nullish(),
    period_end: moment.nullish(),
    payment_method: line.nullish(),
    invoice_url: url.nullish(),
  }),
  example: {
    organization: "Lovelace & Sons",
    number: "MR-2026-0042",
    paid_at: "2026-11-20T08:12:00Z",
    currency: "EUR",
    lines: [
      { description: "Team plan", quantity: 1, amount: 9_900 },
      { description: "Further seats", quantity: 3, amount: 4_500 },
      { description: "Runs beyond the plan (12,400)", amount: 1_240 },
    ],
    subtotal: 15_640,
    tax: 2_972,
    total: 18_612,
    period_start: "2026-11-20",
    period_end: "2026-12-20",
    payment_method: "Visa ending in 4242",
    invoice_url: "https://invoice.stripe.com/i/acct_1/test",
  },
  subject: ({ number, total, currency }, { money, brand }) =>
    `Receipt ${number} from ${brand}: ${money(total, currency)}`,
  preheader: ({ paid_at }, { date }) => `Paid on ${date(paid_at)}. Thank you.`,
  reason: ({ organization }) => `You get this because you look after the payments of ${organization}.`,
  Body({ data, context: { date, money, number } }) {
    const write = (value: number) => money(value, data.currency);
    const period = data.period_start && data.period_end
      ? `${date(data.period_start)} to ${date(data.period_end)}`
      : null;
    return (
      <>
        <Title>Thank you for your payment</Title>
        <Text>
          <Strong>{write(data.total)}</Strong> from {data.organization}, paid on {date(data.paid_at)}.
        </Text>
        <Facts rows={[["Receipt", data.number], ["Period", period], ["Paid with", data.payment_method ?? null]]} />
        <Table
          head={["For", "Quantity", "Amount"]}
          rows={data.lines.map(({ description, quantity, amount }) => [
            description,
            quantity === null || quantity === undefined ? "" : number(quantity),
            write(amount),
          ])}
          foot={[
            ...(data.subtotal === null || data.subtotal === undefined ? [] : [["Subtotal", "", write(data.subtotal)]]),
            ...(data.tax === null || data.tax === undefined ? [] : [["Tax", "", write(data.tax)]]),
            ["Total", "", write(data.total)],
          ]}
        />
        <Button href={data.invoice_url ?? null}>Open the invoice</Button>
      </>
    );
  },
});
