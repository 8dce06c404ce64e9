/** A request of OpenAI's Responses API as one for a chat completion, for providers that have no such API. What cannot be said there is refused by name. Pure. */
import { type ChatRequest, isRecord, type JsonRecord, Untranslatable } from "../providers/provider.ts";

/** What a member comes to. */
type Saying = (value: unknown) => JsonRecord;

const nothing: Saying = () => ({});
const as =
  (name: string): Saying =>
  (value) => ({ [name]: value });

/** Everything that is understood. Members that are null are as if they were not there. */
const MEMBERS: Readonly<Record<string, Saying>> = {
  model: as("model"),
  // Put together with the input.
  instructions: nothing,
  input: nothing,
  max_output_tokens: as("max_completion_tokens"),
  temperature: as("temperature"),
  top_p: as("top_p"),
  parallel_tool_calls: as("parallel_tool_calls"),
  stream: as("stream"),
  user: as("user"),
  safety_identifier: as("user"),
  tools: (value) => ({ tools: toolsOf(value) }),
  tool_choice: (value) => ({ tool_choice: toolChoice(value) }),
  text: (value) => textOf(value),
  include(value) {
    // Reasoning is not given back at all; so its encrypted form is not either.
    if (Array.isArray(value) && value.every((one) => one === "reasoning.encrypted_content")) return {};
    return notThere("include", "only reasoning.encrypted_content can be asked for");
  },
  truncation: only("truncation", "disabled"),
  service_tier: only("service_tier", "auto"),
  top_logprobs: only("top_logprobs", 0),
  // Nothing is kept (a warning says so); a hint; what comes back to the client; what is no matter of the provider's.
  store: nothing,
  reasoning: nothing,
  metadata: nothing,
  background: nothing,
  stream_options: nothing,
  prompt_cache_key: nothing,
  prompt_cache_retention: nothing,
};

/** @throws Untranslatable */
export function chatOfResponses({ body, isStream }: ChatRequest): ChatRequest {
  const chat: Record<string, unknown> = { messages: messagesOf(body) };
  for (const [name, value] of Object.entries(body)) {
    if (value === null) continue;
    const say = Object.hasOwn(MEMBERS, name) ? MEMBERS[name] : undefined;
    if (say === undefined) notThere(name, "it does not speak the Responses API");
    Object.assign(chat, say(value));
  }
  return { body: chat, text: JSON.stringify(chat), isStream, wantsUsage: isStream };
}

/** What a client has to be told about a request that was translated. */
export function lostInTranslation({ input, reasoning }: JsonRecord): readonly string[] {
  const dropped = Array.isArray(input) ? input.filter((item) => isRecord(item) && item.type === "reasoning").length : 0;
  return [
    ...(dropped === 0 ? [] : ["items of reasoning were left out"]),
    ...(isRecord(reasoning) && Object.keys(reasoning).length > 0 ? ["reasoning was left out"] : []),
  ];
}

function wrong(param: string, wanted: string): never {
  throw new Untranslatable(param, `${param} must be ${wanted}.`);
}

function notThere(param: string, why: string): never {
  throw new Untranslatable(
    param,
    `${param} is not supported by this model's provider: ${why}.`,
    "responses-not-supported-for-provider",
  );
}

function noTool(param: string, type: unknown): never {
  throw new Untranslatable(
    param,
    `${param} (${String(type)}) is not supported by this model's provider: only functions are.`,
    "custom-tools-not-supported-for-provider",
  );
}

function only(param: string, allowed: unknown): Saying {
  return (value) => {
    if (value !== allowed) notThere(param, `only ${JSON.stringify(allowed)} can be asked for`);
    return {};
  };
}

type Message = Record<string, unknown>;

function messagesOf({ instructions, input }: JsonRecord): readonly Message[] {
  const messages: Message[] = [];
  if (instructions !== undefined && instructions !== null) {
    if (typeof instructions !== "string") wrong("instructions", "a text");
    messages.push({ role: "system", content: instructions });
  }
  if (typeof input === "string") return [...messages, { role: "user", content: input }];
  if (!Array.isArray(input) || input.length === 0) wrong("input", "a text, or a list with at least one item");
  for (const [index, item] of input.entries()) addItem(messages, item, `input[${index}]`);
  return messages;
}

function addItem(messages: Message[], item: unknown, at: string): void {
  if (!isRecord(item)) wrong(at, "an object");
  switch (item.type ?? "message") {
    case "message":
      messages.push(messageOf(item, at));
      break;
    case "function_call":
      addCall(messages, item, at);
      break;
    case "function_call_output":
      if (typeof item.call_id !== "string") wrong(`${at}.call_id`, "a text");
      messages.push({ role: "tool", tool_call_id: item.call_id, content: contentOf(item.output, `${at}.output`) });
      break;
    case "reasoning":
      break;
    case "item_reference":
      throw new Untranslatable(
        at,
        `${at} refers to what was said before, and nothing is kept: send the item itself.`,
        "previous-response-id-not-supported",
      );
    default:
      noTool(at, item.type);
  }
}

const ROLES: ReadonlySet<unknown> = new Set(["system", "developer", "user", "assistant"]);

function messageOf({ role, content }: JsonRecord, at: string): Message {
  if (!ROLES.has(role)) wrong(`${at}.role`, "system, developer, user or assistant");
  return { role, content: contentOf(content, `${at}.content`) };
}

/** Calls are part of what the assistant has said. */
function addCall(messages: Message[], { call_id: id, name, arguments: text }: JsonRecord, at: string): void {
  if (typeof id !== "string" || typeof name !== "string" || typeof text !== "string") {
    wrong(at, "a call with call_id, name and arguments");
  }
  const call = { id, type: "function", function: { name, arguments: text } };
  const last = messages.at(-1);
  if (last?.role !== "assistant") messages.push({ role: "assistant", content: null, tool_calls: [call] });
  else last.tool_calls = [...(Array.isArray(last.tool_calls) ? last.tool_calls : []), call];
}

function contentOf(content: unknown, at: string): string | readonly JsonRecord[] {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) wrong(at, "a text or a list of parts");
  return content.map((part: unknown, index) => partOf(part, `${at}[${index}]`));
}

function partOf(part: unknown, at: string): JsonRecord {
  if (!isRecord(part)) wrong(at, "an object");
  switch (part.type) {
    case "input_text":
    case "output_text":
    case "text":
      if (typeof part.text !== "string") wrong(`${at}.text`, "a text");
      return { type: "text", text: part.text };
    case "refusal":
      if (typeof part.refusal !== "string") wrong(`${at}.refusal`, "a text");
      return { type: "text", text: part.refusal };
    case "input_image": {
      const { image_url: url, detail } = part;
      if (typeof url !== "string") notThere(`${at}.image_url`, "an image needs a URL");
      return { type: "image_url", image_url: { url, ...(typeof detail === "string" ? { detail } : {}) } };
    }
    default:
      return notThere(at, `there is no ${String(part.type)}`);
  }
}

function toolsOf(value: unknown): readonly JsonRecord[] {
  if (!Array.isArray(value)) wrong("tools", "a list");
  return value.map((tool: unknown, index) => {
    const at = `tools[${index}]`;
    if (!isRecord(tool)) wrong(at, "an object");
    if (tool.type !== "function") noTool(at, tool.type);
    const { type: _, ...described } = tool;
    const known = Object.entries(described).filter(([, member]) => member !== null);
    return { type: "function", function: Object.fromEntries(known) };
  });
}

function toolChoice(value: unknown): unknown {
  if (typeof value === "string") return value;
  if (!isRecord(value)) wrong("tool_choice", "a text or an object");
  if (value.type !== "function") noTool("tool_choice", value.type);
  return { type: "function", function: { name: value.name } };
}

function textOf(value: unknown): JsonRecord {
  if (!isRecord(value)) wrong("text", "an object");
  const { format, verbosity } = value;
  const said = (verbosity ?? "medium") === "medium" ? {} : { verbosity };
  if (format === undefined || format === null) return said;
  if (!isRecord(format)) wrong("text.format", "an object");
  if (format.type === "text") return said;
  const { type, ...schema } = format;
  return { ...said, response_format: type === "json_schema" ? { type, json_schema: schema } : format };
}
