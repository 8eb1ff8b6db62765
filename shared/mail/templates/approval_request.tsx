/** @jsxImportSource hono/jsx */
import { z } from "zod";
import { defineTemplate } from "../define_template.ts";
import { data, line, link, moment, paragraph } from "../fields.ts";
import { Badge, Button, Facts, Quote, Remark, Text, Title } from "../kit.tsx";

/** A run waits for somebody's yes or no. */
export const approvalRequest = defineTemplate({
  name: "approval_request",
  description: "Asks somebody to approve what a run is about to do.",
  category: "alerts",
  isBranded: true,
  schema: data({
    organization: line,
    flow: line,
    step: line.nullish(),
    question: paragraph,
    asked_by: line.nullish(),
    run_id: z.uuid().nullish(),
    expires_at: moment.nullish(),
    on_expiry: line.nullish().meta({ description: "What the run does when nobody answers" }),
    link,
  }),
  example: {
    organization: "Lovelace & Sons",
    flow: "Refunds",
    step: "Ask the accountant",
    question: "Refund EUR 1,240.00 to Grace Hopper for order 4711?\nThe goods came back on Tuesday.",
    asked_by: "Charles Babbage",
    run_id: "0199f3a2-6f2e-7c10-8e55-3b1f0c9d2a11",
    expires_at: "2026-11-22T12:00:00Z",
    on_expiry: "The run goes on as if it was refused.",
    link: "/approvals/0199f3a2-6f2e-7c10-8e55-3b1f0c9d2a11",
  },
  subject: ({ flow, organization }) => `${organization}: ${flow} waits for your approval`,
  preheader: ({ question }) => question,
  reason: ({ organization }) => `You get this because you may approve for ${organization}.`,
  Body({ data, context: { dateTime, link } }) {
    return (
      <>
        <Badge tone="warning">Waits for you</Badge>
        <Title>{data.flow} asks for approval</Title>
        <Quote text={data.question} />
        <Facts
          rows={[
            ["Organization", data.organization],
            ["Step", data.step ?? null],
            ["Started by", data.asked_by ?? null],
            ["Open until", data.expires_at ? dateTime(data.expires_at) : null],
          ]}
        />
        <Button href={link(data.link)}>Decide</Button>
        <Text>Opening the page decides nothing: there you approve or refuse.</Text>
        {data.expires_at && data.on_expiry ? <Remark>If nobody answers: {data.on_expiry}</Remark> : null}
      </>
    );
  },
});
