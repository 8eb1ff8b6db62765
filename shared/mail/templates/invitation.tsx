/** @jsxImportSource hono/jsx */
import { z } from "zod";
import { defineTemplate } from "../define_template.ts";
import { data, line, moment, url } from "../fields.ts";
import { Button, Facts, Fallback, Mono, Remark, Strong, Text, Title } from "../kit.tsx";

/** Asks somebody to join an organization. */
export const invitation = defineTemplate({
  name: "invitation",
  description: "Asks somebody to join an organization.",
  category: "transactional",
  isBranded: true,
  schema: data({
    organization: line,
    invited_by: line.nullish(),
    role: line,
    expires_at: moment,
    url: url.nullish(),
    token: z.string().max(200).nullish().meta({ description: "Shown when there is no url" }),
  }),
  example: {
    organization: "Lovelace & Sons",
    invited_by: "Ada Lovelace",
    role: "developer",
    expires_at: "2026-11-27T09:00:00Z",
    url: "https://app.example.com/invitations/accept#token=Zm9vYmFyYmF6",
  },
  subject: ({ organization, invited_by }, { brand }) =>
    invited_by ? `${invited_by} invites you to ${organization}` : `Join ${organization} on ${brand}`,
  preheader: ({ role, expires_at }, { date }) => `As ${role}. The invitation is open until ${date(expires_at)}.`,
  reason: ({ organization }) => `You get this because somebody in ${organization} gave your address.`,
  Body({ data: { organization, invited_by, role, expires_at, url, token }, context: { brand, dateTime } }) {
    return (
      <>
        <Title>Join {organization}</Title>
        <Text>
          {invited_by
            ? (
              <>
                <Strong>{invited_by}</Strong> invites you
              </>
            )
            : "You are invited"} to work in <Strong>{organization}</Strong> on {brand}.
        </Text>
        <Facts rows={[["Your role", role], ["Open until", dateTime(expires_at)]]} />
        <Button href={url ?? null}>Accept the invitation</Button>
        {!url && token
          ? (
            <Text>
              Sign in and accept it with this token: <Mono>{token}</Mono>
            </Text>
          )
          : null}
        <Remark>It works once. If you do not know what this is about, do nothing.</Remark>
        <Fallback href={url ?? null} />
      </>
    );
  },
});
