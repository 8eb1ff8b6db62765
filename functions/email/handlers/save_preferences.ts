import { fromZod, invalidJson, invalidRequest } from "../../../shared/errors/mod.ts";
import { defineRawRoute, parseJson } from "../../../shared/http/mod.ts";
import { OPTIONAL_CATEGORIES } from "../../../shared/mail/mod.ts";
import { answerReceiver } from "../answer_receiver.ts";
import { mailWishChangesSchema, receiverSchema } from "../preferences_schemas.ts";
import { saveReceiver } from "../receiver_queries.ts";

/** POST /email/preferences/:token */
export const savePreferences = defineRawRoute({
  methods: ["POST"],
  path: "/preferences/:token",
  operationId: "saveMailPreferences",
  summary: "Choose which mails a receiver gets",
  description:
    "JSON `{alerts, digests, product}`, each true or false, what is left out stays as it is; or the form of " +
    "the page, in which `on` names those that are wanted. Concerns the mails of one organization to one address.",
  tags: ["email"],
  admin: "Receivers of mails are no users: the signature of the link decides",
  bodyLimitBytes: 262_144,
  responses: { 200: { description: "What the receiver has chosen now", schema: receiverSchema } },
  errors: ["not_found", "invalid_json", "invalid_request", "payload_too_large"],
}, async (c, rawBody) => {
  const token = c.req.param("token") ?? "";
  const parsed = mailWishChangesSchema.safeParse(readWishes(c.req.header("content-type") ?? "", rawBody));
  if (!parsed.success) throw invalidRequest(fromZod(parsed.error, "body"));
  return await answerReceiver(c, token, await saveReceiver(c.var.request.env, token, parsed.data), "saved");
});

/** Of a form each box that is not ticked is absent; what it names besides ours is refused, as of JSON. */
function readWishes(contentType: string, rawBody: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(rawBody);
  } catch (cause) {
    throw invalidJson("invalid_utf8", "The body is not valid UTF-8", "body", cause);
  }
  if (!contentType.toLowerCase().startsWith("application/x-www-form-urlencoded")) {
    return parseJson(text, { uniqueKeys: true });
  }
  const on = new URLSearchParams(text).getAll("on");
  return Object.fromEntries([...OPTIONAL_CATEGORIES, ...on].map((name) => [name, on.includes(name)]));
}
