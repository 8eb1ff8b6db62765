/**
 * The template gallery: flows to begin with. One file is one template; README.md says how to add one.
 *
 * @module
 */
import { aiTextGeneration } from "./ai_text_generation.ts";
import { approvalRequest } from "./approval_request.ts";
import { conditionalProcessing } from "./conditional_processing.ts";
import { dataLoop } from "./data_loop.ts";
import { errorAlert } from "./error_alert.ts";
import { fanOutFanIn } from "./fan_out_fan_in.ts";
import { sagaOrder } from "./saga_order.ts";
import { scheduledTask } from "./scheduled_task.ts";
import { simpleWebhook } from "./simple_webhook.ts";
import { stripePaymentToEmail } from "./stripe_payment_to_email.ts";
import type { FlowTemplate } from "./types.ts";
import { typeformLeadToCrm } from "./typeform_lead_to_crm.ts";

export { type FlowTemplate, TEMPLATE_CATEGORIES, type TemplateCategory, type TemplateStep } from "./types.ts";

/** Every template, simple ones first. */
const TEMPLATES: readonly FlowTemplate[] = [
  simpleWebhook,
  conditionalProcessing,
  dataLoop,
  scheduledTask,
  stripePaymentToEmail,
  typeformLeadToCrm,
  aiTextGeneration,
  approvalRequest,
  errorAlert,
  fanOutFanIn,
  sagaOrder,
];

/** Every template, simple ones first. */
export function listTemplates(): readonly FlowTemplate[] {
  return TEMPLATES;
}

/**
 * Finds a template.
 *
 * @param id Such as `simple-webhook`.
 * @returns Undefined when there is none.
 */
export function getTemplate(id: string): FlowTemplate | undefined {
  return TEMPLATES.find((template) => template.id === id);
}
