/** A request for a chat completion in the words of Anthropic's Messages API. What has no words there is refused by name. Pure. */
import { anthropicMessages } from "./anthropic-messages.ts";
import { type ChatRequest, isRecord, type JsonRecord, Untranslatable } from "./provider.ts";

/** `max_tokens` is required there; this is what is asked for when neither client nor configuration say. */
const MAX_TOKENS = 4096;

/** What a member comes to. */
type Saying = (value: unknown, body: JsonRecord) => JsonRecord;

/** Everything that is understood. Members that are null are as if they were not there. */
const MEMBERS: Readonly<Record<string, Saying>> = {
  model: () => ({}),
  messages: (value) => ({ ...anthropicMessages(value) }),
  max_completion_tokens: (value) => ({ max_tokens: count(value, "max_completion_tokens") }),
  // Its old name.
  max_tokens: (value, body) =>
    (body.max_completion_tokens ?? null) === null ? { max_tokens: count(value, "max_tokens") } : {},
  temperature: (value) => ({ temperature: between(value, 0, 1, "temperature") }),
  top_p: (value) => ({ top_p: between(value, 0, 1, "top_p") }),
  stop(value) {
    const all = typeof value === "string" ? [value] : value;
    if (!Array.isArray(all) || !all.every((one) => typeof one === "string")) wrong("stop", "a text or texts");
    return { stop_sequences: all };
  },
  stream: (value) => (value === true ? { stream: true } : {}),
  stream_options: onlyMembers("stream_options", ["include_usage", "include_obfuscation"]),
  tools: (value) => ({ tools: toolsOf(value) }),
  tool_choice: (value, body) => ({ tool_choice: toolChoice(value, body.parallel_tool_calls === false) }),
  // There it is a part of the choice.
  parallel_tool_calls: (value, body) =>
    value === false && Array.isArray(body.tools) && (body.tool_choice ?? null) === null
      ? { tool_choice: toolChoice("auto", true) }
      : {},
  user(value) {
    if (typeof value !== "string") wrong("user", "a text");
    return { metadata: { user_id: value } };
  },
  n: only("n", 1),
  store: only("store", false),
  logprobs: only("logprobs", false),
  presence_penalty: only("presence_penalty", 0),
  frequency_penalty: only("frequency_penalty", 0),
  service_tier: only("service_tier", "auto"),
  response_format(value) {
    if (!isRecord(value) || value.type !== "text") notThere("response_format", "Anthropic is asked for texts only");
    return {};
  },
  modalities(value) {
    if (!Array.isArray(value) || value.some((one) => one !== "text"))
      notThere("modalities", "it answers with text only");
    return {};
  },
};

/** @param usualMaxTokens of the configuration @throws Untranslatable */
export function anthropicRequest({ body }: ChatRequest, model: string, usualMaxTokens?: number): string {
  const said: Record<string, unknown> = { model };
  for (const [name, value] of Object.entries(body)) {
    if (value === null) continue;
    const say = Object.hasOwn(MEMBERS, name) ? MEMBERS[name] : undefined;
    if (say === undefined) notThere(name, "Anthropic has no such thing");
    Object.assign(said, say(value, body));
  }
  if (said.messages === undefined) wrong("messages", "a list of messages");
  said.max_tokens ??= usualMaxTokens ?? MAX_TOKENS;
  return JSON.stringify(said);
}

function wrong(param: string, wanted: string): never {
  throw new Untranslatable(param, `${param} must be ${wanted}.`);
}

function notThere(param: string, why: string): never {
  throw new Untranslatable(param, `${param} is not supported by this model's provider: ${why}.`);
}

function only(param: string, allowed: unknown): Saying {
  return (value) => {
    if (value !== allowed) notThere(param, `only ${JSON.stringify(allowed)} can be asked for`);
    return {};
  };
}

function onlyMembers(param: string, allowed: readonly string[]): Saying {
  return (value) => {
    if (!isRecord(value)) wrong(param, "an object");
    for (const name of Object.keys(value)) {
      if (!allowed.includes(name)) notThere(`${param}.${name}`, "Anthropic has no such thing");
    }
    return {};
  };
}

function count(value: unknown, param: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 1) wrong(param, "a whole number, 1 or more");
  return value as number;
}

function between(value: unknown, low: number, high: number, param: string): number {
  if (typeof value !== "number" || !(value >= low && value <= high)) {
    throw new Untranslatable(param, `${param} must be a number from ${low} to ${high} for this model's provider.`);
  }
  return value;
}

function toolsOf(value: unknown): readonly JsonRecord[] {
  if (!Array.isArray(value)) wrong("tools", "a list");
  return value.map((tool: unknown, index) => {
    const at = `tools[${index}]`;
    if (!isRecord(tool) || tool.type !== "function") notThere(at, "only functions are passed on");
    const { function: described } = tool;
    if (!isRecord(described) || typeof described.name !== "string") wrong(`${at}.function`, "an object with a name");
    // Strictness is the provider's own matter; a function without parameters takes none.
    const { name, description, parameters } = described;
    return {
      name,
      ...(typeof description === "string" ? { description } : {}),
      input_schema: isRecord(parameters) ? parameters : { type: "object", properties: {} },
    };
  });
}

function toolChoice(value: unknown, onlyOne: boolean): JsonRecord {
  const one = onlyOne ? { disable_parallel_tool_use: true } : {};
  if (value === "none") return { type: "none" };
  if (value === "auto") return { type: "auto", ...one };
  if (value === "required") return { type: "any", ...one };
  if (isRecord(value) && value.type === "function" && isRecord(value.function)) {
    return { type: "tool", name: value.function.name, ...one };
  }
  return notThere("tool_choice", "none, auto, required or one function can be asked for");
}
