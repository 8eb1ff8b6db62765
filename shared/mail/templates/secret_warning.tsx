/** @jsxImportSource hono/jsx */
import { z } from "zod";
import { defineTemplate } from "../define_template.ts";
import { data, line, moment } from "../fields.ts";
import { Badge, Button, Facts, Mono, Text, Title } from "../kit.tsx";

/** A secret expires, has expired, or should get a new value. */
export const secretWarning = defineTemplate({
  name: "secret_warning",
  description: "Says that a secret expires, has expired or should be rotated, and which flows use it.",
  category: "alerts",
  isBranded: true,
  schema: data({
    organization: line,
    name: line,
    kind: z.enum(["expiry", "rotation"]),
    due_at: moment,
    expired: z.boolean().default(false),
    flows: z.array(z.object({ name: line })).max(200).default([]),
  }),
  example: {
    organization: "Lovelace & Sons",
    name: "CRM_KEY",
    kind: "expiry",
    due_at: "2026-12-01T00:00:00Z",
    expired: false,
    flows: [{ name: "Lead to CRM" }, { name: "Sync invoices" }],
  },
  subject: ({ name, kind, expired, due_at, organization }, { date }) =>
    `${organization}: ${
      kind === "rotation"
        ? `the secret ${name} should get a new value`
        : expired
        ? `the secret ${name} has expired`
        : `the secret ${name} expires on ${date(due_at)}`
    }`,
  preheader: ({ flows }) =>
    flows.length === 0 ? "No flow uses it." : `Used by ${flows.map(({ name }) => name).join(", ")}.`,
  reason: ({ organization }) => `You get this as an owner of ${organization}.`,
  Body({ data: { organization, name, kind, due_at, expired, flows }, context: { date, link } }) {
    const rest = flows.length - 8;
    return (
      <>
        <Badge tone={expired ? "bad" : "warning"}>
          {kind === "rotation" ? "Rotation due" : expired ? "Expired" : "Expires soon"}
        </Badge>
        <Title>
          {kind === "rotation"
            ? "A secret should get a new value"
            : expired
            ? "A secret has expired"
            : "A secret expires"}
        </Title>
        <Text>
          {kind === "rotation"
            ? (
              <>
                The value of <Mono>{name}</Mono> was to be changed by {date(due_at)}. Flows go on with the present one.
              </>
            )
            : expired
            ? (
              <>
                Steps that use <Mono>{name}</Mono> fail with secret_expired until it gets a new value and another date.
              </>
            )
            : (
              <>
                From {date(due_at)} on, steps that use <Mono>{name}</Mono>{" "}
                fail with secret_expired. Give it a new value and another date before.
              </>
            )}
        </Text>
        <Facts
          rows={[
            ["Organization", organization],
            [
              "Flows that use it",
              flows.length === 0 ? "None at the moment" : [
                flows.slice(0, 8).map((flow) => flow.name).join(", "),
                rest > 0 ? ` and ${rest} more` : "",
              ].join(""),
            ],
          ]}
        />
        <Button href={link("/secrets")}>Go to the secrets</Button>
      </>
    );
  },
});
