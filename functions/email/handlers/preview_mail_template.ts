import { z } from "zod";
import { defineRoute } from "../../../shared/http/mod.ts";
import { brandOf, renderMail, withOrganizationBrand } from "../../../shared/mail/mod.ts";
import { findTemplate } from "../find_template.ts";
import { templateParams } from "../schemas.ts";
import { findMailSettings } from "../settings_queries.ts";
import { brandName, color, logoUrl } from "../settings_schemas.ts";

/** Nothing of a preview may run, load or be framed by others; inline styles are what a mail is made of. */
const POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; frame-ancestors 'self'";

const query = z.object({
  format: z.enum(["html", "text"]).default("html"),
  brand_name: brandName.optional().meta({ description: "To see what the brand would look like with it" }),
  logo_url: logoUrl.optional().meta({ description: "The same" }),
  color: color.optional().meta({ description: "The same; with `%23` for the number sign" }),
});

/** GET /email/templates/:name/preview */
export const previewMailTemplate = defineRoute({
  method: "get",
  path: "/templates/:name/preview",
  operationId: "previewMailTemplate",
  summary: "Preview a mail template",
  description:
    "The mail of the template's example as it would be sent, as a page (`format=html`) or as the plain text " +
    "(`format=text`), in the brand of the organization where the mail wears one. On a hosted project without a domain of " +
    "its own, Supabase serves pages as text.",
  tags: ["email"],
  access: { user: "mail:read" },
  request: { params: templateParams, query },
  responses: { 200: { description: "The mail", contentType: "text/html" } },
  errors: ["not_found"],
}, async (c, { params, query: { format, brand_name, logo_url, color } }) => {
  const template = await findTemplate(params.name);
  const { env, db, organizationId } = c.var.request;
  const { brand: own, time_zone: timeZone } = await findMailSettings(db, organizationId);
  const tried = { ...own, ...dropUndefined({ name: brand_name, logo_url, color }) };
  const { html, text } = renderMail(template, template.example, {
    brand: withOrganizationBrand(brandOf(env), template.isBranded === true ? tried : undefined),
    timeZone,
    frontendUrl: env.frontendUrl,
  });
  c.header("Content-Type", format === "html" ? "text/html; charset=utf-8" : "text/plain; charset=utf-8");
  c.header("Content-Security-Policy", POLICY);
  c.header("X-Content-Type-Options", "nosniff");
  c.header("Cache-Control", "no-store");
  return c.body(format === "html" ? html : text);
});

function dropUndefined<T extends Record<string, string | undefined>>(values: T) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: string;
  };
}
