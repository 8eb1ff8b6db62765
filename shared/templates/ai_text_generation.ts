import { answered, edge, node } from "./_draw.ts";
import type { FlowTemplate } from "./types.ts";

const URL = "https://api.openai.com/v1/chat/completions";
const INPUT = { topic: "a workflow that never forgets a step", tone: "friendly" };

/** Text from a language model, by a plain HTTP request. */
export const aiTextGeneration: FlowTemplate = {
  id: "ai-text-generation",
  name: "AI text generation",
  description:
    "Asks a language model for a short text about a topic and gives the text and what it cost in tokens. It calls the " +
    "chat completions of OpenAI with an HTTP request, so it needs a key of yours and works with every service that " +
    "speaks the same protocol. The key is kept in the graph, where members of your organization can read it; exports " +
    "leave it out.",
  category: "ai",
  icon: "sparkles",
  tags: ["ai", "llm", "http", "openai"],
  graph: {
    nodes: [
      node("start", "trigger.manual", [0, 0], "Start with a topic", { sampleInput: INPUT }),
      node("generate", "action.http", [1, 0], "Ask the model", {
        method: "POST",
        url: URL,
        auth: { type: "bearer", token: "YOUR_OPENAI_API_KEY" },
        body: {
          type: "json",
          value: {
            model: "gpt-4o-mini",
            max_tokens: 300,
            messages: [
              { role: "system", content: 'You write short texts in a {{ trigger.tone ?? "neutral" }} tone.' },
              { role: "user", content: "Write three sentences about {{ trigger.topic }}." },
            ],
          },
        },
        response: "json",
        timeoutSeconds: 90,
      }, { timeoutSeconds: 100 }),
      node("done", "logic.stop", [2, 0], "Give the text", {
        output: {
          text: "{{ steps.generate.output.body.choices[0].message.content }}",
          tokens: "{{ steps.generate.output.body.usage.total_tokens }}",
        },
      }),
    ],
    edges: [edge("start", "generate"), edge("generate", "done")],
  },
  configure: [
    { node_id: "generate", setting: "auth.token", what: "Put your API key here; without one the service answers 401." },
    { node_id: "generate", setting: "body.value.model", what: "Choose a model that your key may use." },
    {
      node_id: "generate",
      setting: "url",
      what: "Only for another service: write the address of its chat completions.",
    },
  ],
  sample_input: INPUT,
  sample_outputs: {
    generate: answered(URL, {
      choices: [{ index: 0, message: { role: "assistant", content: "It remembers. It goes on. It ends." } }],
      usage: { prompt_tokens: 34, completion_tokens: 11, total_tokens: 45 },
    }),
  },
};
