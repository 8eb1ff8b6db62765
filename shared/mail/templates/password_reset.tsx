/** @jsxImportSource hono/jsx */
import { z } from "zod";
import { defineTemplate } from "../define_template.ts";
import { data, line, url } from "../fields.ts";
import { Button, Code, Fallback, Remark, Text, Title } from "../kit.tsx";

/** Lets somebody who forgot the password set another one. */
export const passwordReset = defineTemplate({
  name: "password_reset",
  description: "Lets somebody set a new password.",
  category: "transactional",
  schema: data({ url, code: line.nullish(), expires_minutes: z.int().positive().nullish() }),
  example: {
    url: "https://project.supabase.co/auth/v1/verify?token=pkce_77ad&type=recovery&redirect_to=https://app.example.com",
    code: "730164",
    expires_minutes: 60,
  },
  subject: () => "Set a new password",
  preheader: (_, { brand }) => `Somebody asked for a new password for your account at ${brand}.`,
  reason: (_, { brand }) => `You get this because somebody asked for a new password at ${brand} with this address.`,
  Body({ data: { url, code, expires_minutes }, context: { brand } }) {
    return (
      <>
        <Title>Set a new password</Title>
        <Text>Somebody, probably you, asked for a new password for your account at {brand}.</Text>
        <Button href={url}>Set a new password</Button>
        {code ? <Text>Or type this code:</Text> : null}
        {code ? <Code>{code}</Code> : null}
        <Remark>
          It works once{expires_minutes ? `, within ${expires_minutes} minutes` : ""}. If you did not ask for it, do
          nothing: your password stays as it is.
        </Remark>
        <Fallback href={url} />
      </>
    );
  },
});
