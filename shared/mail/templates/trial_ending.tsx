/** @jsxImportSource hono/jsx */
import { z } from "zod";
import { defineTemplate } from "../define_template.ts";
import { amount, currency, data, line, link, moment } from "../fields.ts";
import { Button, Facts, Remark, Strong, Text, Title } from "../kit.tsx";

/** Says when a trial ends and what happens then. */
export const trialEnding = defineTemplate({
  name: "trial_ending",
  description: "Says when a trial ends and what happens then.",
  category: "transactional",
  schema: data({
    organization: line,
    plan: line,
    ends_at: moment,
    price: z.object({ amount, currency, interval: z.enum(["month", "year"]) }).nullish(),
    has_payment_method: z.boolean(),
    link,
  }),
  example: {
    organization: "Lovelace & Sons",
    plan: "Team",
    ends_at: "2026-11-24T09:00:00Z",
    price: { amount: 9_900, currency: "EUR", interval: "month" },
    has_payment_method: false,
    link: "/billing",
  },
  subject: ({ plan, ends_at }, { date }) => `Your trial of ${plan} ends on ${date(ends_at)}`,
  preheader: ({ has_payment_method }) =>
    has_payment_method ? "It goes on by itself." : "Say how you pay to keep the plan.",
  reason: ({ organization }) => `You get this because you look after the payments of ${organization}.`,
  Body({ data: { organization, plan, ends_at, price, has_payment_method, link }, context }) {
    return (
      <>
        <Title>Your trial ends soon</Title>
        <Text>
          <Strong>{organization}</Strong> tries the plan {plan} until {context.dateTime(ends_at)}. {has_payment_method
            ? "Then it goes on by itself; you need do nothing."
            : "To keep it, say how you pay. Otherwise the organization goes on with the free plan; nothing is deleted."}
        </Text>
        <Facts
          rows={[
            ["Plan", plan],
            ["Price", price ? `${context.money(price.amount, price.currency)} a ${price.interval}, plus tax` : null],
            ["Trial ends", context.dateTime(ends_at)],
          ]}
        />
        <Button href={context.link(link)}>{has_payment_method ? "Look at the plan" : "Keep the plan"}</Button>
        {has_payment_method ? <Remark>You can cancel until then and pay nothing.</Remark> : null}
      </>
    );
  },
});
