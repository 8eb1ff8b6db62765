import { z } from "zod";
import { defineRoute } from "../../../shared/http/mod.ts";
import { brandOf, renderMail } from "../../../shared/mail/mod.ts";
import { findTemplate } from "../find_template.ts";
import { templateParams } from "../schemas.ts";

/** Nothing of a preview may run, load or be framed by others; inline styles are what a mail is made of. */
const POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; frame-ancestors 'self'";

/** GET /email/templates/:name/preview */
export const previewMailTemplate = defineRoute({
  method: "get",
  path: "/templates/:name/preview",
  operationId: "previewMailTemplate",
  summary: "Preview a mail template",
  description:
    "The mail of the template's example as it would be sent, as a page (`format=html`) or as the plain text " +
    "(`format=text`). On a hosted project without a domain of its own, Supabase serves pages as text.",
  tags: ["email"],
  access: { user: "mail:read" },
  request: { params: templateParams, query: z.object({ format: z.enum(["html", "text"]).default("html") }) },
  responses: { 200: { description: "The mail", contentType: "text/html" } },
  errors: ["not_found"],
}, async (c, { params, query: { format } }) => {
  const template = await findTemplate(params.name);
  const { env } = c.var.request;
  const { html, text } = renderMail(template, template.example, { brand: brandOf(env), frontendUrl: env.frontendUrl });
  c.header("Content-Type", format === "html" ? "text/html; charset=utf-8" : "text/plain; charset=utf-8");
  c.header("Content-Security-Policy", POLICY);
  c.header("X-Content-Type-Options", "nosniff");
  c.header("Cache-Control", "no-store");
  return c.body(format === "html" ? html : text);
});
