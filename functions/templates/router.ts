import { createRouter } from "../../shared/http/mod.ts";
import { getFlowTemplate } from "./handlers/get_flow_template.ts";
import { listFlowTemplates } from "./handlers/list_flow_templates.ts";
import { applyTemplate } from "./handlers/apply_template.ts";

/** The template gallery. */
export const router = createRouter("templates", [listFlowTemplates, getFlowTemplate, applyTemplate]);
