import { z } from "zod";
import { defineRoute } from "../../../shared/http/mod.ts";
import { renderMail, TEMPLATE_NAMES } from "../../../shared/mail/mod.ts";
import { findTemplate } from "../find_template.ts";
import { MAIL_TEMPLATES } from "../lists.ts";
import type { MailTemplateFacts } from "../schemas.ts";

/** GET /email/templates */
export const listMailTemplates = defineRoute({
  method: "get",
  path: "/templates",
  operationId: "listMailTemplates",
  summary: "List mail templates",
  description: "The mails that the platform can send, with the JSON Schema of their data and an example.",
  tags: ["email"],
  access: { user: "mail:read" },
  list: MAIL_TEMPLATES,
  responses: { 200: { description: "A page of templates", schema: MAIL_TEMPLATES.page() } },
}, async (c, { query }) => {
  const rows = await Promise.all(TEMPLATE_NAMES.map(toFacts));
  return await MAIL_TEMPLATES.pageOf(rows, c.var.request, query);
});

async function toFacts(name: string): Promise<MailTemplateFacts> {
  const template = await findTemplate(name);
  return {
    name,
    description: template.description,
    category: template.category,
    subject: renderMail(template, template.example).subject,
    schema: z.toJSONSchema(template.schema, { io: "input", unrepresentable: "any" }) as Record<string, unknown>,
    example: template.example,
  };
}
