/** @jsxImportSource hono/jsx */
import { z } from "zod";
import { defineTemplate } from "../define_template.ts";
import { data, line } from "../fields.ts";
import { Badge, Facts, Strong, Text, Title } from "../kit.tsx";

const CHANGES = {
  password_changed: "Your password was changed",
  email_changed: "Your e-mail address was changed",
  phone_changed: "Your phone number was changed",
  identity_linked: "Another way to sign in was added",
  identity_unlinked: "A way to sign in was removed",
  mfa_factor_enrolled: "A second factor was added",
  mfa_factor_unenrolled: "A second factor was removed",
} as const;

/** Tells somebody what was changed of their account. */
export const securityNotice = defineTemplate({
  name: "security_notice",
  description: "Says what was changed of an account, so that its owner notices what they did not do.",
  category: "transactional",
  schema: data({
    change: z.enum(Object.keys(CHANGES) as [keyof typeof CHANGES, ...(keyof typeof CHANGES)[]]),
    account: line,
    detail: line.nullish().meta({ description: "The address before, the service, the kind of factor" }),
  }),
  example: { change: "password_changed", account: "ada@example.com" },
  subject: ({ change }) => CHANGES[change],
  preheader: () => "If this was you, there is nothing to do.",
  reason: (_, { brand }) => `You get this about the security of your account at ${brand}.`,
  Body({ data: { change, account, detail }, context: { brand } }) {
    return (
      <>
        <Badge tone="warning">Security</Badge>
        <Title>{CHANGES[change]}</Title>
        <Text>If this was you, there is nothing to do.</Text>
        <Facts rows={[["Account", account], ["At", brand], ["Detail", detail ?? null]]} />
        <Text>
          <Strong>If it was not you</Strong>, set a new password now and answer this mail: somebody else may be in your
          account.
        </Text>
      </>
    );
  },
});
