/** A request for a chat completion in the words of Ollama's own API. What has no words there is refused by name. Pure. */
import { type ChatRequest, isRecord, type JsonRecord, Untranslatable } from "./provider.ts";

/** A member of OpenAI's. @param options Ollama's, of the model that runs */
type Saying = (value: unknown, said: Record<string, unknown>, options: Record<string, unknown>) => void;

const option =
  (name: string): Saying =>
  (value, _said, options) => {
    options[name] = value;
  };

const nothing: Saying = () => undefined;

function only(param: string, allowed: unknown): Saying {
  return (value) => {
    if (value !== allowed) notThere(param, `only ${JSON.stringify(allowed)} can be asked for`);
  };
}

/** Everything that is understood. Members that are null are as if they were not there. */
const MEMBERS: Readonly<Record<string, Saying>> = {
  model: nothing,
  stream: nothing,
  stream_options: nothing,
  messages(value, said) {
    if (!Array.isArray(value) || value.length === 0) wrong("messages", "a list with at least one message");
    said.messages = messagesOf(value);
  },
  tools(value, said) {
    if (!Array.isArray(value)) wrong("tools", "a list");
    for (const [index, tool] of value.entries()) {
      if (!isRecord(tool) || tool.type !== "function") notThere(`tools[${index}]`, "only functions are passed on");
    }
    said.tools = value;
  },
  // It always decides by itself, and about as many as it likes.
  tool_choice(value, said) {
    if (value === "none") said.tools = undefined;
    else if (value !== "auto") notThere("tool_choice", "none or auto can be asked for");
  },
  parallel_tool_calls: only("parallel_tool_calls", true),
  max_tokens: option("num_predict"),
  max_completion_tokens: option("num_predict"),
  temperature: option("temperature"),
  top_p: option("top_p"),
  seed: option("seed"),
  presence_penalty: option("presence_penalty"),
  frequency_penalty: option("frequency_penalty"),
  stop(value, _said, options) {
    const all = typeof value === "string" ? [value] : value;
    if (!Array.isArray(all) || !all.every((one) => typeof one === "string")) wrong("stop", "a text or texts");
    options.stop = all;
  },
  reasoning_effort(value, said) {
    said.think = value === "none" ? false : value;
  },
  response_format(value, said) {
    if (!isRecord(value)) wrong("response_format", "an object");
    if (value.type === "json_object") said.format = "json";
    else if (value.type === "json_schema" && isRecord(value.json_schema) && isRecord(value.json_schema.schema)) {
      said.format = value.json_schema.schema;
    } else if (value.type !== "text") wrong("response_format", "text, json_object, or json_schema with a schema");
  },
  user: nothing,
  n: only("n", 1),
  store: only("store", false),
  logprobs: only("logprobs", false),
  service_tier: only("service_tier", "auto"),
};

/** Numbers there, each a number here too. */
const NUMBERS = ["num_predict", "temperature", "top_p", "seed", "presence_penalty", "frequency_penalty"];

/** @throws Untranslatable */
export function ollamaRequest({ body, isStream }: ChatRequest, model: string): string {
  const said: Record<string, unknown> = { model, stream: isStream };
  const options: Record<string, unknown> = {};
  // The choice of tools may take them away.
  const names = Object.keys(body).sort((a, b) => Number(a === "tool_choice") - Number(b === "tool_choice"));
  for (const name of names) {
    const value = body[name];
    if (value === null || value === undefined) continue;
    const say = Object.hasOwn(MEMBERS, name) ? MEMBERS[name] : undefined;
    if (say === undefined) notThere(name, "Ollama has no such thing");
    say(value, said, options);
    for (const one of NUMBERS) if (one in options && typeof options[one] !== "number") wrong(name, "a number");
  }
  if (said.messages === undefined) wrong("messages", "a list of messages");
  return JSON.stringify({ ...said, ...(Object.keys(options).length === 0 ? {} : { options }) });
}

function wrong(param: string, wanted: string): never {
  throw new Untranslatable(param, `${param} must be ${wanted}.`);
}

function notThere(param: string, why: string): never {
  throw new Untranslatable(param, `${param} is not supported by this model's provider: ${why}.`);
}

const ROLES: ReadonlyMap<unknown, string> = new Map([
  ["system", "system"],
  ["developer", "system"],
  ["user", "user"],
  ["assistant", "assistant"],
  ["tool", "tool"],
]);

const IMAGE = /^data:image\/[a-z0-9.+-]+;base64,([A-Za-z0-9+/=]*)$/;

function messagesOf(messages: readonly unknown[]): readonly JsonRecord[] {
  /** Results name the function there, not the call. */
  const called = new Map<unknown, unknown>();
  return messages.map((message, index) => {
    const at = `messages[${index}]`;
    if (!isRecord(message)) wrong(at, "an object");
    const role = ROLES.get(message.role);
    if (role === undefined) wrong(`${at}.role`, "system, developer, user, assistant or tool");
    const { text, images } = contentOf(message.content, `${at}.content`);
    const calls = (message.tool_calls ?? null) === null ? [] : callsOf(message.tool_calls, `${at}.tool_calls`, called);
    const name = role === "tool" ? called.get(message.tool_call_id) : undefined;
    return {
      role,
      content: text,
      ...(images.length === 0 ? {} : { images }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
      ...(typeof name === "string" ? { tool_name: name } : {}),
    };
  });
}

function contentOf(content: unknown, at: string): { readonly text: string; readonly images: readonly string[] } {
  if (typeof content === "string") return { text: content, images: [] };
  if (content === undefined || content === null) return { text: "", images: [] };
  if (!Array.isArray(content)) wrong(at, "a text or a list of parts");
  const texts: string[] = [];
  const images: string[] = [];
  for (const [index, part] of content.entries()) {
    const place = `${at}[${index}]`;
    if (!isRecord(part)) wrong(place, "an object");
    if (part.type === "text" && typeof part.text === "string") texts.push(part.text);
    else if (part.type === "image_url") images.push(imageOf(part.image_url, `${place}.image_url`));
    else notThere(place, `it takes no ${String(part.type)}`);
  }
  return { text: texts.join("\n"), images };
}

/** It fetches nothing: an image has to come along. */
function imageOf(value: unknown, at: string): string {
  const [, data] = IMAGE.exec(isRecord(value) ? String(value.url) : "") ?? [];
  if (data === undefined) wrong(`${at}.url`, "data of an image in base64");
  return data;
}

function callsOf(calls: unknown, at: string, called: Map<unknown, unknown>): readonly JsonRecord[] {
  if (!Array.isArray(calls)) wrong(at, "a list");
  return calls.map((call: unknown, index) => {
    const place = `${at}[${index}]`;
    if (!isRecord(call) || !isRecord(call.function)) wrong(place, "the call of a function");
    const { name, arguments: text } = call.function;
    called.set(call.id, name);
    return { function: { name, arguments: argumentsOf(text, `${place}.function.arguments`) } };
  });
}

function argumentsOf(text: unknown, at: string): JsonRecord {
  let value: unknown;
  try {
    value = text === "" ? {} : JSON.parse(String(text));
  } catch {
    value = undefined;
  }
  if (!isRecord(value)) wrong(at, "a JSON object");
  return value;
}
