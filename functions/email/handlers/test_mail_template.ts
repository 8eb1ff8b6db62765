import { conflict, fromZod, invalidRequest } from "../../../shared/errors/mod.ts";
import { defineRoute } from "../../../shared/http/mod.ts";
import { findTemplate } from "../find_template.ts";
import { findOwnAddress, queueMails } from "../queries.ts";
import { mailTestReplySchema, mailTestSchema, templateParams } from "../schemas.ts";

/** POST /email/templates/:name/test */
export const testMailTemplate = defineRoute({
  method: "post",
  path: "/templates/:name/test",
  operationId: "testMailTemplate",
  summary: "Send yourself a mail",
  description:
    "Sends the template, filled with its example or with what you give, to your own address and to no other.",
  tags: ["email"],
  access: { user: "mail:write" },
  personOnly: true,
  rateLimit: "run",
  admin: "Callers may not write mails; the address is their own, read as they are",
  request: { params: templateParams, body: mailTestSchema },
  responses: { 200: { description: "It is on its way", schema: mailTestReplySchema } },
  errors: ["not_found", "conflict"],
}, async (c, { params, body }) => {
  const context = c.var.request;
  const template = await findTemplate(params.name);
  const data = body.data ?? template.example;
  const parsed = template.schema.safeParse(data);
  if (!parsed.success) throw invalidRequest(fromZod(parsed.error, "data"));
  const to = await findOwnAddress(context);
  if (to === null) throw conflict("Your account has no e-mail address");
  await queueMails(context.env, [{
    organizationId: context.organizationId,
    template: template.name,
    to,
    data,
    key: `test:${context.userId}:${crypto.randomUUID()}`,
  }]);
  return { to, status: "queued" as const };
});
