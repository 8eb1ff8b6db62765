import { notFound } from "../../shared/errors/mod.ts";
import { type AnyMailTemplate, findMailTemplate } from "../../shared/mail/mod.ts";

/**
 * The template of a path.
 *
 * @throws {AppError} `not_found`.
 */
export async function findTemplate(name: string): Promise<AnyMailTemplate> {
  const template = await findMailTemplate(name);
  if (template === undefined) throw notFound("mail template");
  return template;
}
