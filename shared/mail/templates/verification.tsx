/** @jsxImportSource hono/jsx */
import { z } from "zod";
import { defineTemplate } from "../define_template.ts";
import { data, line, url } from "../fields.ts";
import { Button, Code, Fallback, Remark, Strong, Text, Title } from "../kit.tsx";

const WORDS = {
  signup: {
    subject: "Confirm your e-mail address",
    text: "You signed up with this address. Confirm that it is yours, and your account is ready.",
    button: "Confirm the address",
  },
  email_change: {
    subject: "Confirm the change of your e-mail address",
    text: "Somebody who is signed in to your account asked for another e-mail address. It changes when you confirm it.",
    button: "Confirm the change",
  },
  invite: {
    subject: "You are invited",
    text: "Somebody made an account for this address. Accept it, and it is yours.",
    button: "Accept the invitation",
  },
  reauthentication: {
    subject: "Your code to go on",
    text: "Type this code where you were asked for it. It confirms that it is you who changes your account.",
    button: "Go on",
  },
} as const;

/** Whether an address is somebody's, or somebody who they say. */
export const verification = defineTemplate({
  name: "verification",
  description: "Confirms an address after a sign-up or a change of it, or a person before a sensitive change.",
  category: "transactional",
  schema: data({
    action: z.enum(["signup", "invite", "email_change", "reauthentication"]),
    url: url.nullish(),
    code: line.nullish(),
    new_email: line.nullish(),
  }).refine((fields) => (fields.url ?? fields.code ?? "") !== "", "Give url, code or both"),
  example: {
    action: "signup",
    url: "https://project.supabase.co/auth/v1/verify?token=pkce_4f1c&type=signup&redirect_to=https://app.example.com",
    code: "305805",
  },
  subject: ({ action, code }) => action === "reauthentication" && code ? `${code} is your code` : WORDS[action].subject,
  preheader: ({ action }) => WORDS[action].text,
  reason: (_, { brand }) => `You get this because this address was given to ${brand}.`,
  Body({ data: { action, url, code, new_email } }) {
    const words = WORDS[action];
    return (
      <>
        <Title>{words.subject}</Title>
        <Text>{words.text}</Text>
        {new_email
          ? (
            <Text>
              The new address is <Strong>{new_email}</Strong>.
            </Text>
          )
          : null}
        <Button href={url ?? null}>{words.button}</Button>
        {code ? <Text>{url ? "Or type this code:" : "The code is:"}</Text> : null}
        {code ? <Code>{code}</Code> : null}
        <Remark>
          It works once and for a short time. If this was not you, do nothing: without it nothing changes.
        </Remark>
        <Fallback href={url ?? null} />
      </>
    );
  },
});
