/** @jsxImportSource hono/jsx */
import { z } from "zod";
import { defineTemplate } from "../define_template.ts";
import { amount, currency, data, line, link, moment } from "../fields.ts";
import { Badge, Button, Facts, Remark, Strong, Text, Title } from "../kit.tsx";

/** Says that a payment did not come through, and what to do. */
export const paymentFailed = defineTemplate({
  name: "payment_failed",
  description: "Says that a payment failed, when it is tried again and what to do.",
  category: "transactional",
  schema: data({
    organization: line,
    amount,
    currency,
    reason: line.nullish(),
    payment_method: line.nullish(),
    attempt: z.int().positive().nullish(),
    next_attempt_at: moment.nullish().meta({ description: "Null = it is not tried again" }),
    ends_at: moment.nullish().meta({ description: "When the plan ends if nothing is paid" }),
    link: link.meta({ description: "Where the means of payment is changed" }),
  }),
  example: {
    organization: "Lovelace & Sons",
    amount: 18_612,
    currency: "EUR",
    reason: "The card has expired",
    payment_method: "Visa ending in 4242",
    attempt: 1,
    next_attempt_at: "2026-11-23T08:00:00Z",
    ends_at: "2026-12-04T08:00:00Z",
    link: "/billing",
  },
  subject: ({ organization, amount, currency }, { money }) =>
    `The payment of ${money(amount, currency)} for ${organization} failed`,
  preheader: ({ next_attempt_at }, { date }) =>
    next_attempt_at ? `It is tried again on ${date(next_attempt_at)}.` : "It is not tried again by itself.",
  reason: ({ organization }) => `You get this because you look after the payments of ${organization}.`,
  Body({ data, context: { dateTime, money, link } }) {
    return (
      <>
        <Badge tone="bad">Payment failed</Badge>
        <Title>We could not collect {money(data.amount, data.currency)}</Title>
        <Text>
          The payment for <Strong>{data.organization}</Strong> did not come through.{" "}
          {data.next_attempt_at ? "Nothing stops for now: it is tried again." : "It is not tried again by itself."}
        </Text>
        <Facts
          rows={[
            ["What the bank says", data.reason ?? null],
            ["Paid with", data.payment_method ?? null],
            ["Next attempt", data.next_attempt_at ? dateTime(data.next_attempt_at) : null],
            ["The plan ends", data.ends_at ? dateTime(data.ends_at) : null],
          ]}
        />
        <Button href={link(data.link)}>Change how you pay</Button>
        <Remark>If you have changed it already, there is nothing left to do.</Remark>
      </>
    );
  },
});
