import type { ApiVersion } from "./types.ts";

/** Every list alike. */
export const v2026_11_21: ApiVersion = {
  version: "2026-11-21",
  title: "Every list alike",
  changes: [
    {
      description: "Jobs, dead letters, archives, bulk operations, waiting steps and the runs of tasks are sorted by " +
        "`created_at` like everything else; it was `id` before, which meant the same.",
      operations: [
        "listJobs",
        "listDeadLetters",
        "listRunArchives",
        "listBulkOperations",
        "listWaitingSteps",
        "listTaskHistory",
      ],
      query: (query) => {
        const sort = query.get("sort");
        if (sort === "id" || sort === "-id") query.set("sort", sort.replace("id", "created_at"));
      },
    },
    {
      description:
        "System tasks and providers of webhooks come in pages, with `next_cursor`; before, all of them came " +
        "at once and without it.",
      operations: ["listTasks", "listWebhookProviders"],
      query: (query) => {
        if (!query.has("limit")) query.set("limit", "100");
      },
      reply: (body) => {
        const { next_cursor: _, ...rest } = body as Record<string, unknown>;
        return rest;
      },
    },
  ],
};
