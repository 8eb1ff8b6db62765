/** @jsxImportSource hono/jsx */
import { z } from "zod";
import { defineTemplate } from "../define_template.ts";
import { data, line, link, moment, paragraph } from "../fields.ts";
import { Badge, Button, Facts, Quote, Text, Title, type Tone } from "../kit.tsx";

const TONES: Record<"failed" | "warning" | "recovered" | "notice", [Tone, string]> = {
  failed: ["bad", "Failure"],
  warning: ["warning", "Warning"],
  recovered: ["good", "Recovered"],
  notice: ["neutral", "Notice"],
};

/** Something needs somebody's eyes, or does not any more. */
export const alert = defineTemplate({
  name: "alert",
  description: "Something failed, is about to, or works again.",
  category: "alerts",
  isBranded: true,
  schema: data({
    title: line,
    level: z.enum(["failed", "warning", "recovered", "notice"]).default("failed"),
    organization: line.nullish(),
    message: paragraph.nullish(),
    detail: paragraph.nullish().meta({ description: "What a service or program said, word by word" }),
    facts: z.array(z.object({ name: line, value: line })).max(20).default([]),
    at: moment.nullish(),
    link,
    reason: line.nullish().meta({ description: "Why the receiver gets it" }),
  }),
  example: {
    title: "Sync invoices fails",
    level: "failed",
    organization: "Lovelace & Sons",
    message: "12 of the last 20 runs failed. The alert was set to more than a quarter in ten minutes.",
    detail: "http_error: The server answered 503 Service Unavailable",
    facts: [{ name: "Flow", value: "Sync invoices" }, { name: "Failed", value: "12 of 20" }],
    at: "2026-11-20T14:05:00Z",
    link: "/runs?status=failed",
  },
  subject: ({ title, level, organization }) =>
    `${organization ? `${organization}: ` : ""}${level === "recovered" ? "Recovered: " : ""}${title}`,
  preheader: ({ message, detail }) => message ?? detail ?? "",
  reason: ({ organization, reason }, { brand }) =>
    reason ?? `You get this because you look after ${organization ?? brand}.`,
  Body({ data: { title, level, message, detail, facts, at, link, organization }, context }) {
    const [tone, word] = TONES[level];
    const rows: [string, string | null][] = [
      ["Organization", organization ?? null],
      ...facts.map(({ name, value }): [string, string] => [name, value]),
      ["Since", at ? context.dateTime(at) : null],
    ];
    return (
      <>
        <Badge tone={tone}>{word}</Badge>
        <Title>{title}</Title>
        {message ? <Text>{message}</Text> : null}
        {detail ? <Quote text={detail} /> : null}
        {rows.some(([, value]) => value !== null) ? <Facts rows={rows} /> : null}
        <Button href={context.link(link)}>Have a look</Button>
      </>
    );
  },
});
