/** @jsxImportSource hono/jsx */
import { z } from "zod";
import { defineTemplate } from "../define_template.ts";
import { data, line, link, moment, paragraph } from "../fields.ts";
import { Badge, Button, Facts, Mono, Quote, Remark, Text, Title } from "../kit.tsx";

/** A receiver of webhooks is sent nothing any more. */
export const endpointDisabled = defineTemplate({
  name: "endpoint_disabled",
  description: "Says that events are not delivered to an endpoint any more, and why.",
  category: "alerts",
  isBranded: true,
  schema: data({
    organization: line,
    url: z.string().max(2_000).meta({ description: "The endpoint's address, shown and not linked" }),
    reason: z.enum(["failing", "gone", "person"]).default("failing"),
    failures: z.int().nonnegative().nullish(),
    failing_since: moment.nullish(),
    last_error: paragraph.nullish(),
    waiting: z.int().nonnegative().nullish().meta({ description: "Deliveries that were not made" }),
    link,
  }),
  example: {
    organization: "Lovelace & Sons",
    url: "https://hooks.example.com/millrace",
    reason: "failing",
    failures: 124,
    failing_since: "2026-11-15T02:10:00Z",
    last_error: "The server answered 500 Internal Server Error",
    waiting: 31,
    link: "/webhooks/out/0199f3a2-6f2e-7c10-8e55-3b1f0c9d2a11",
  },
  subject: ({ organization }) => `${organization}: a webhook endpoint was switched off`,
  preheader: ({ reason }) => reason === "gone" ? "It said that it is gone for good." : "Deliveries to it kept failing.",
  reason: ({ organization }) => `You get this because you look after ${organization}.`,
  Body({ data, context: { dateTime, number, link } }) {
    return (
      <>
        <Badge tone="bad">Switched off</Badge>
        <Title>An endpoint gets no more events</Title>
        <Text>
          <Mono>{data.url}</Mono> {data.reason === "gone"
            ? "answered 410 Gone: it wants nothing any more."
            : data.reason === "person"
            ? "was switched off by somebody of the organization."
            : "kept failing, so that nothing is sent to it any more."}
        </Text>
        {data.last_error ? <Quote text={data.last_error} /> : null}
        <Facts
          rows={[
            ["Organization", data.organization],
            ["Failing since", data.failing_since ? dateTime(data.failing_since) : null],
            ["Failures in a row", data.failures === null || data.failures === undefined ? null : number(data.failures)],
            ["Not delivered", data.waiting === null || data.waiting === undefined ? null : number(data.waiting)],
          ]}
        />
        <Button href={link(data.link)}>Look at the endpoint</Button>
        <Remark>When it works again, switch it on and send again what it missed: deliveries are kept.</Remark>
      </>
    );
  },
});
