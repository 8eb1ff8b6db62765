/** @jsxImportSource hono/jsx */
import { z } from "zod";
import { defineTemplate } from "../define_template.ts";
import { data, line, url } from "../fields.ts";
import { Button, Code, Fallback, Remark, Text, Title } from "../kit.tsx";

/** Signs in without a password. */
export const magicLink = defineTemplate({
  name: "magic_link",
  description: "Signs somebody in with a link or a code.",
  category: "transactional",
  schema: data({ url, code: line.nullish(), expires_minutes: z.int().positive().nullish() }),
  example: {
    url:
      "https://project.supabase.co/auth/v1/verify?token=pkce_9b2e&type=magiclink&redirect_to=https://app.example.com",
    code: "482913",
    expires_minutes: 60,
  },
  subject: (_, { brand }) => `Sign in to ${brand}`,
  preheader: ({ code }) => code ? `Your code is ${code}.` : "Your link to sign in.",
  reason: (_, { brand }) => `You get this because somebody wants to sign in to ${brand} with this address.`,
  Body({ data: { url, code, expires_minutes }, context: { brand } }) {
    return (
      <>
        <Title>Sign in to {brand}</Title>
        <Text>Open this on the device where you want to be signed in.</Text>
        <Button href={url}>Sign in</Button>
        {code ? <Text>Or type this code:</Text> : null}
        {code ? <Code>{code}</Code> : null}
        <Remark>
          It works once{expires_minutes ? `, within ${expires_minutes} minutes` : ""}. If you did not ask for it, do
          nothing: nobody can sign in without it.
        </Remark>
        <Fallback href={url} />
      </>
    );
  },
});
