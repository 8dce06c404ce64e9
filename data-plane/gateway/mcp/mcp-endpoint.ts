/** The Model Context Protocol over HTTP ("Streamable HTTP"): what is asked of a request before its messages are looked at. */
import type { Answer } from "../message/answer.ts";
import type { GatewayExchange } from "../message/gateway-exchange.ts";
import { HeaderFields } from "../message/header-fields.ts";
import type { Dispatcher } from "../plugins/plugin.ts";
import { problem } from "../problems.ts";
import { mediaTypeOf } from "../validation/media-types.ts";
import {
  BATCH_MAX,
  errorOf,
  INVALID_PARAMS,
  INVALID_REQUEST,
  isObject,
  METHOD_NOT_FOUND,
  type Message,
  PARSE_ERROR,
  parsedJson,
  type RpcError,
  readMessage,
  resultOf,
} from "./json-rpc.ts";
import type { McpServer, Reply } from "./mcp-server.ts";
import { isLegacy, MODERN_VERSION, UNSAID_VERSION, VERSIONS } from "./versions.ts";

const HEADER_MISMATCH = -32020;
const UNSUPPORTED_VERSION = -32022;
const META_VERSION = "io.modelcontextprotocol/protocolVersion";
const META_ABILITIES = "io.modelcontextprotocol/clientCapabilities";

type RequestMessage = Extract<Message, { kind: "request" }>;

export class McpEndpoint implements Dispatcher {
  readonly readsRequestBody = true;

  constructor(private readonly server: McpServer) {}

  async dispatch(exchange: GatewayExchange): Promise<Answer> {
    const { method, headers } = exchange.request;
    const origin = headers.get("origin");
    // Web pages may not, unless the document names them: a name that leads here is no proof of anything (DNS rebinding).
    if (origin !== undefined && !(this.server.server.allowedOrigins ?? []).includes(origin)) {
      return problem("cors-not-allowed", { detail: "Pages of this origin may not use the tools." });
    }
    const answer = method === "OPTIONS" ? preflight(headers) : await this.#answer(exchange);
    if (origin !== undefined) {
      answer.headers.set("Access-Control-Allow-Origin", origin);
      answer.headers.append("Vary", "Origin");
    }
    return answer;
  }

  async #answer(exchange: GatewayExchange): Promise<Answer> {
    const { method, headers, body } = exchange.request;
    if (method !== "POST") {
      const detail = "There is no stream to listen to, and no session to end.";
      return problem("method-not-allowed", { detail, headers: ["Allow", "POST, OPTIONS"] });
    }
    if (mediaTypeOf(headers.get("content-type")) !== "application/json") {
      return problem("unsupported-media-type", { detail: "Messages are application/json." });
    }
    if (!takesJson(headers.get("accept"))) {
      return problem("bad-request", { status: 406, detail: "Answers are application/json." });
    }
    const parsed = parsedJson(body.bytes ?? new Uint8Array());
    if (parsed === undefined)
      return refused(400, undefined, { code: PARSE_ERROR, message: "The body is no JSON, or too deep." });
    const version = headers.get("mcp-protocol-version");
    return Array.isArray(parsed.value)
      ? this.#batch(parsed.value, version, exchange)
      : this.#single(readMessage(parsed.value), version, exchange);
  }

  async #single(message: Message, version: string | undefined, exchange: GatewayExchange): Promise<Answer> {
    if (message.kind === "invalid") {
      return refused(400, message.id, { code: INVALID_REQUEST, message: message.message });
    }
    if (message.kind === "request" && isModern(message, version)) return this.#modern(message, version, exchange);
    const isFirst = message.kind === "request" && message.method === "initialize";
    if (version !== undefined && !isLegacy(version) && version !== MODERN_VERSION && !isFirst) {
      return refused(400, message.kind === "request" ? message.id : undefined, unsupported(version));
    }
    if (message.kind !== "request") return accepted();
    const reply = await this.#legacy(message, exchange);
    return "refused" in reply ? reply.refused : written(200, replied(message.id, reply));
  }

  /** Only one version has them. */
  async #batch(values: readonly unknown[], version = UNSAID_VERSION, exchange: GatewayExchange): Promise<Answer> {
    const refuse = (message: string): Answer => refused(400, undefined, { code: INVALID_REQUEST, message });
    if (version !== UNSAID_VERSION) return refuse(`There are no batches in version ${version.slice(0, 32)}.`);
    if (values.length === 0 || values.length > BATCH_MAX) return refuse(`A batch has 1 to ${BATCH_MAX} messages.`);
    const messages = values.map(readMessage);
    if (messages.some((one) => one.kind === "request" && (one.method === "initialize" || isModern(one, undefined)))) {
      return refuse("This message stands in no batch.");
    }
    const answers: unknown[] = [];
    for (const message of messages) {
      if (message.kind === "invalid") {
        answers.push(errorOf(message.id, { code: INVALID_REQUEST, message: message.message }));
      } else if (message.kind === "request") answers.push(replied(message.id, await this.#legacy(message, exchange)));
    }
    return answers.length === 0 ? accepted() : written(200, answers);
  }

  #legacy({ method, params }: RequestMessage, exchange: GatewayExchange): Promise<Reply> {
    return this.server.legacy(method, params, exchange);
  }

  async #modern(message: RequestMessage, version: string | undefined, exchange: GatewayExchange): Promise<Answer> {
    const { id, method, params } = message;
    const wrong = modernFault(message, version, exchange.request.headers);
    if (wrong !== undefined) return refused(400, id, wrong);
    const reply = await this.server.modern(method, params, exchange);
    if ("refused" in reply) return reply.refused;
    const isUnknown = "error" in reply && reply.error.code === METHOD_NOT_FOUND;
    return written(isUnknown ? 404 : 200, replied(id, reply));
  }
}

/** Which versions stand alone: those that say so in the message, or say so in front of it. */
function isModern({ params, method }: RequestMessage, version: string | undefined): boolean {
  const meta = isObject(params._meta) ? params._meta : {};
  return META_VERSION in meta || (version === MODERN_VERSION && method !== "initialize");
}

/** What is said in front has to be what is said in the message (2026-07-28, "Server Validation"). */
function modernFault(
  { method, params }: RequestMessage,
  version: string | undefined,
  headers: HeaderFields,
): RpcError | undefined {
  const meta = isObject(params._meta) ? params._meta : {};
  const said = meta[META_VERSION];
  const mismatch = (name: string): RpcError => ({ code: HEADER_MISMATCH, message: `Header mismatch: ${name}` });
  if (version === undefined) return mismatch("MCP-Protocol-Version is missing.");
  if (typeof said !== "string") return { code: INVALID_PARAMS, message: `_meta has no ${META_VERSION}.` };
  if (said !== version) return mismatch("MCP-Protocol-Version is not that of the message.");
  if (version !== MODERN_VERSION) return unsupported(version);
  if (!isObject(meta[META_ABILITIES])) return { code: INVALID_PARAMS, message: `_meta has no ${META_ABILITIES}.` };
  if (headers.get("mcp-method") !== method) return mismatch("Mcp-Method is not that of the message.");
  if (method === "tools/call" && decodedName(headers.get("mcp-name")) !== params.name) {
    return mismatch("Mcp-Name is not that of the message.");
  }
  return undefined;
}

function decodedName(value: string | undefined): string | undefined {
  const encoded = value === undefined ? null : /^=\?base64\?(.*)\?=$/.exec(value);
  return encoded === null ? value : Buffer.from(encoded[1]!, "base64").toString();
}

const unsupported = (requested: string): RpcError => ({
  code: UNSUPPORTED_VERSION,
  message: "Unsupported protocol version",
  data: { supported: VERSIONS, requested: requested.slice(0, 64) },
});

function replied(id: RequestMessage["id"], reply: Reply): unknown {
  if ("result" in reply) return resultOf(id, reply.result);
  // One of several messages has no status of its own.
  const error = "error" in reply ? reply.error : { code: INVALID_REQUEST, message: "Nothing is open to this caller." };
  return errorOf(id, error);
}

const refused = (status: number, id: RequestMessage["id"] | undefined, error: RpcError): Answer =>
  written(status, errorOf(id, error));

function written(status: number, value: unknown): Answer {
  return {
    status,
    headers: HeaderFields.of(["Content-Type", "application/json", "Cache-Control", "no-store"]),
    body: Buffer.from(JSON.stringify(value)),
  };
}

const accepted = (): Answer => ({ status: 202, headers: HeaderFields.of(), body: null });

function takesJson(accept: string | undefined): boolean {
  if (accept === undefined) return true;
  return accept.split(",").some((range) => {
    const [type, ...rest] = range.toLowerCase().split(";");
    const isNone = rest.some((one) => /^\s*q=0(?:\.0*)?\s*$/.test(one));
    return !isNone && ["application/json", "application/*", "*/*"].includes(type!.trim());
  });
}

function preflight(headers: HeaderFields): Answer {
  if (!headers.has("origin")) return { status: 204, headers: HeaderFields.of(["Allow", "POST, OPTIONS"]), body: null };
  const asked = headers.get("access-control-request-headers");
  return {
    status: 204,
    headers: HeaderFields.of([
      ...["Access-Control-Allow-Methods", "POST", "Access-Control-Max-Age", "600"],
      ...(asked === undefined ? [] : ["Access-Control-Allow-Headers", asked]),
    ]),
    body: null,
  };
}
