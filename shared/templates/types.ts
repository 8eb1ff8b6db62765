import type { Graph, Json } from "../graph/mod.ts";

/** The shelves of the gallery. */
export const TEMPLATE_CATEGORIES = ["starter", "data", "ai", "payments", "sales", "people", "operations"] as const;

/** A shelf of the gallery. */
export type TemplateCategory = typeof TEMPLATE_CATEGORIES[number];

/** One thing to fill in before a flow made of a template is switched on. */
export interface TemplateStep {
  /** The node; null = something outside of the graph. */
  readonly node_id: string | null;
  /** Where in the node's config, such as `auth.token`; null = the node as a whole. */
  readonly setting: string | null;
  /** What to do, as a sentence. */
  readonly what: string;
}

/** A flow to begin with. */
export interface FlowTemplate {
  /** Its name in addresses; never changes. */
  readonly id: string;
  readonly name: string;
  /** What it does, and what it is good for. */
  readonly description: string;
  readonly category: TemplateCategory;
  /** Name of an icon of Lucide (https://lucide.dev/icons). */
  readonly icon: string;
  readonly tags: readonly string[];
  readonly graph: Graph;
  readonly configure: readonly TemplateStep[];
  /** What its trigger may give, for a first try. */
  readonly sample_input: Json;
  /** Node id → what it might answer: for a dry run in which nothing outside happens. */
  readonly sample_outputs: { readonly [nodeId: string]: Json };
}
