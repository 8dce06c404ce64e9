/** The messages of a chat in the words of Anthropic's Messages API. Pure. */
import { isRecord, type JsonRecord, Untranslatable } from "./provider.ts";

interface Turn {
  readonly role: "user" | "assistant";
  readonly content: JsonRecord[];
}

const IMAGE_TYPES = /^data:(image\/(?:jpeg|png|gif|webp));base64,([A-Za-z0-9+/=]*)$/;

/** What stands before the talk is the system's; results of tools are the user's, and neighbours of one role are one turn. @throws Untranslatable */
export function anthropicMessages(value: unknown): {
  readonly messages: readonly Turn[];
  readonly system?: readonly JsonRecord[];
} {
  if (!Array.isArray(value) || value.length === 0) refuse("messages", "must be a list with at least one message.");
  const system: JsonRecord[] = [];
  const turns: Turn[] = [];
  const add = (role: Turn["role"], content: readonly JsonRecord[]): void => {
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(...content);
    else if (content.length > 0) turns.push({ role, content: [...content] });
  };
  for (const [index, message] of value.entries()) {
    const at = `messages[${index}]`;
    if (!isRecord(message)) refuse(at, "must be an object.");
    if (present(message.name)) refuse(`${at}.name`, "is not supported by this model's provider.");
    switch (message.role) {
      case "system":
      case "developer":
        if (turns.length > 0)
          refuse(at, "is an instruction in the middle of the talk, which this model's provider does not take.");
        system.push(...texts(message.content, `${at}.content`));
        break;
      case "user":
        add("user", parts(message.content, `${at}.content`));
        break;
      case "assistant":
        add("assistant", assistant(message, at));
        break;
      case "tool":
        add("user", [toolResult(message, at)]);
        break;
      default:
        refuse(`${at}.role`, "must be system, developer, user, assistant or tool for this model's provider.");
    }
  }
  return { messages: turns, ...(system.length === 0 ? {} : { system }) };
}

function refuse(param: string, what: string): never {
  throw new Untranslatable(param, `${param} ${what}`);
}

const present = (value: unknown): boolean => value !== undefined && value !== null;

/** Empty texts are refused there, and say nothing. */
const textBlock = (text: string): readonly JsonRecord[] => (text === "" ? [] : [{ type: "text", text }]);

function texts(content: unknown, at: string): readonly JsonRecord[] {
  return parts(content, at, false);
}

function parts(content: unknown, at: string, imagesToo = true): readonly JsonRecord[] {
  if (typeof content === "string") return textBlock(content);
  if (!Array.isArray(content)) refuse(at, "must be a text or a list of parts.");
  return content.flatMap((part: unknown, index): readonly JsonRecord[] => {
    const place = `${at}[${index}]`;
    if (!isRecord(part)) refuse(place, "must be an object.");
    if (part.type === "text" && typeof part.text === "string") return textBlock(part.text);
    if (imagesToo && part.type === "image_url") return [image(part.image_url, `${place}.image_url`)];
    return refuse(place, `(${String(part.type)}) is not supported by this model's provider here.`);
  });
}

function image(value: unknown, at: string): JsonRecord {
  if (!isRecord(value) || typeof value.url !== "string") refuse(at, "must have a url.");
  const { url } = value;
  if (/^https?:\/\//i.test(url)) return { type: "image", source: { type: "url", url } };
  const [, mediaType, data] = IMAGE_TYPES.exec(url) ?? [];
  if (mediaType === undefined) refuse(`${at}.url`, "must be http(s), or data of JPEG, PNG, GIF or WebP in base64.");
  return { type: "image", source: { type: "base64", media_type: mediaType, data } };
}

function assistant(message: JsonRecord, at: string): readonly JsonRecord[] {
  for (const name of ["audio", "function_call", "refusal"]) {
    if (present(message[name])) refuse(`${at}.${name}`, "is not supported by this model's provider.");
  }
  const said = present(message.content) ? texts(message.content, `${at}.content`) : [];
  if (!present(message.tool_calls)) return said;
  if (!Array.isArray(message.tool_calls)) refuse(`${at}.tool_calls`, "must be a list.");
  return [...said, ...message.tool_calls.map((call: unknown, index) => toolUse(call, `${at}.tool_calls[${index}]`))];
}

function toolUse(call: unknown, at: string): JsonRecord {
  if (!isRecord(call) || typeof call.id !== "string" || !isRecord(call.function)) {
    refuse(at, "must be the call of a function, with an id.");
  }
  const { name, arguments: text } = call.function;
  let input: unknown;
  try {
    input = text === "" ? {} : JSON.parse(String(text));
  } catch {
    input = undefined;
  }
  if (!isRecord(input)) refuse(`${at}.function.arguments`, "must be a JSON object for this model's provider.");
  return { type: "tool_use", id: call.id, name, input };
}

function toolResult({ tool_call_id: id, content }: JsonRecord, at: string): JsonRecord {
  if (typeof id !== "string") refuse(`${at}.tool_call_id`, "must be a text.");
  return { type: "tool_result", tool_use_id: id, content: texts(content, `${at}.content`) };
}
