import { notFound } from "../../shared/errors/mod.ts";
import { type FlowTemplate, getTemplate } from "../../shared/templates/mod.ts";

/**
 * The template of a path.
 *
 * @throws {AppError} `not_found`.
 */
export function findTemplate(id: string): FlowTemplate {
  const template = getTemplate(id);
  if (template === undefined) throw notFound("template");
  return template;
}
