/** What the gateway answers to messages of the Model Context Protocol. It remembers nothing between them, so that several gateways are as one. */
import type { PlannedMcpServer, PlannedTool } from "#foundation/gateway-artifact";
import { createValidator, type Validator } from "#foundation/json-schema";
import type { Answer } from "../message/answer.ts";
import type { GatewayExchange } from "../message/gateway-exchange.ts";
import { problem } from "../problems.ts";
import type { Router } from "../routing/router.ts";
import type { InnerCalls } from "../running/inner-call.ts";
import { callOperation } from "../running/inner-call.ts";
import type { RunningOperation } from "../running/running-operation.ts";
import { splitTarget } from "../running/target.ts";
import { discard } from "../running/write-answer.ts";
import { INVALID_PARAMS, isObject, METHOD_NOT_FOUND, type Params, type RpcError } from "./json-rpc.ts";
import { toolRequest } from "./tool-request.ts";
import { errorResult, type ToolResult, toolResult } from "./tool-result.ts";
import { isLegacy, LEGACY_VERSIONS, VERSIONS } from "./versions.ts";
import { visibleTo } from "./visible-tools.ts";

/** Tools of one page. */
const PAGE = 50;
/** Of what an operation answers. A model reads all of it. */
export const RESULT_MAX_BYTES = 1024 * 1024;
/** For how long a client may keep what it was told of the tools. */
const TTL_MS = 60_000;

interface ReadyTool {
  readonly planned: PlannedTool;
  readonly operation: RunningOperation;
  fits: Validator | undefined;
}

export interface McpServerOptions {
  readonly server: PlannedMcpServer;
  readonly operations: readonly RunningOperation[];
  readonly router: Router<RunningOperation>;
  readonly calls: InnerCalls;
  /** Of a target, in octets. */
  readonly maxTargetBytes: number;
  readonly maxHeadBytes: number;
  /** Names of plugins of the artifact that enforce security. */
  readonly enforcing: ReadonlySet<string>;
}

export type Reply =
  | { readonly result: unknown }
  | { readonly error: RpcError }
  /** Nobody is let in who shows what this caller shows: the answer of whoever says so. */
  | { readonly refused: Answer };

const failed = (code: number, message: string): Reply => ({ error: { code, message } });

export class McpServer {
  readonly #options: McpServerOptions;
  /** Sorted by name. */
  readonly #tools: readonly ReadyTool[];
  readonly #byName: ReadonlyMap<string, ReadyTool>;

  constructor(options: McpServerOptions) {
    this.#options = options;
    this.#tools = options.operations
      .flatMap((operation) => {
        const { tool } = operation.planned;
        return tool === undefined ? [] : [{ planned: tool, operation, fits: undefined }];
      })
      .toSorted((left, right) => (left.planned.name < right.planned.name ? -1 : 1));
    this.#byName = new Map(this.#tools.map((tool) => [tool.planned.name, tool]));
  }

  get server(): PlannedMcpServer {
    return this.#options.server;
  }

  /** Of a version that begins with `initialize`. */
  async legacy(method: string, params: Params, exchange: GatewayExchange): Promise<Reply> {
    switch (method) {
      case "initialize":
        return this.#initialize(params);
      case "ping":
        return { result: {} };
      case "tools/list":
        return await this.#list(params, exchange);
      case "tools/call":
        return this.#call(params, exchange);
      default:
        return failed(METHOD_NOT_FOUND, "There is no such method here.");
    }
  }

  /** Of a version whose requests stand alone. */
  async modern(method: string, params: Params, exchange: GatewayExchange): Promise<Reply> {
    const complete = (reply: Reply, more: object = {}): Reply =>
      !("result" in reply)
        ? reply
        : { result: { resultType: "complete", ...(reply.result as object), ...more, _meta: this.#identity() } };
    const cached = { ttlMs: TTL_MS, cacheScope: "private" };
    switch (method) {
      case "server/discover":
        return complete({ result: { supportedVersions: VERSIONS, ...this.#abilities() } }, cached);
      case "tools/list":
        return complete(await this.#list(params, exchange), cached);
      case "tools/call":
        return complete(await this.#call(params, exchange));
      default:
        return failed(METHOD_NOT_FOUND, "There is no such method here.");
    }
  }

  #initialize({ protocolVersion }: Params): Reply {
    if (typeof protocolVersion !== "string") return failed(INVALID_PARAMS, "protocolVersion is a text.");
    const version = isLegacy(protocolVersion) ? protocolVersion : LEGACY_VERSIONS[0];
    return { result: { protocolVersion: version, ...this.#abilities(), serverInfo: this.#info() } };
  }

  #abilities(): object {
    const { instructions } = this.#options.server;
    return { capabilities: { tools: {} }, ...(instructions === undefined ? {} : { instructions }) };
  }

  #info(): object {
    const { serverName, serverVersion } = this.#options.server;
    return { name: serverName, version: serverVersion };
  }

  #identity(): object {
    return { "io.modelcontextprotocol/serverInfo": this.#info() };
  }

  /** A cursor is the name of the last tool before: it means the same to every gateway with these tools. */
  async #list({ cursor }: Params, exchange: GatewayExchange): Promise<Reply> {
    const operations = this.#tools.map(({ operation }) => operation);
    const visible = await visibleTo(exchange, operations, this.#options.enforcing);
    const tools = this.#tools.filter(({ operation }) => visible.has(operation));
    if (tools.length === 0 && visible.refusal !== undefined) return { refused: visible.refusal };
    if (visible.refusal !== undefined) discard(visible.refusal);
    let start = 0;
    if (cursor !== undefined) {
      const last = typeof cursor === "string" ? Buffer.from(cursor, "base64url").toString() : undefined;
      if (last === undefined || !/^[A-Za-z0-9_.-]{1,128}$/.test(last))
        return failed(INVALID_PARAMS, "There is no such cursor.");
      start = tools.findIndex(({ planned }) => planned.name > last);
      if (start === -1) start = tools.length;
    }
    const page = tools.slice(start, start + PAGE);
    const isLast = start + PAGE >= tools.length;
    return {
      result: {
        tools: page.map(({ planned }) => listed(planned)),
        ...(isLast ? {} : { nextCursor: Buffer.from(page.at(-1)!.planned.name).toString("base64url") }),
      },
    };
  }

  async #call({ name, arguments: given = {} }: Params, exchange: GatewayExchange): Promise<Reply> {
    if (typeof name !== "string") return failed(INVALID_PARAMS, "A tool is called by its name.");
    const tool = this.#byName.get(name);
    if (tool === undefined) return failed(INVALID_PARAMS, `Unknown tool: ${name.slice(0, 128)}`);
    if (!isObject(given)) return failed(INVALID_PARAMS, "Arguments are an object.");
    return { result: await this.#run(tool, given, exchange) };
  }

  async #run(tool: ReadyTool, given: Params, exchange: GatewayExchange): Promise<ToolResult> {
    const { calls, maxTargetBytes, maxHeadBytes, router } = this.#options;
    const { operation, planned } = tool;
    const boundary = Buffer.from(calls.random.bytes(18)).toString("base64url");
    const request = toolRequest(operation.planned, planned, given, exchange.request.headers, boundary);
    if ("argument" in request) {
      const detail = `The argument ${JSON.stringify(request.argument)} ${request.message}.`;
      return refusal(problem("validation-failed", { detail }));
    }
    const { path, query, headers, body } = request;
    if (path.length + query.length >= maxTargetBytes) return refusal(problem("uri-too-long"));
    if (headers.reduce((sum, text) => sum + text.length + 2, 0) > maxHeadBytes)
      return refusal(problem("headers-too-large"));
    if (body !== undefined && body.length > calls.limits.maxBodyBytes) return refusal(problem("payload-too-large"));
    // As a client's would be: a value may lead to another operation, whose rules are not those of this tool.
    const match = splitTarget(path).isAmbiguous ? undefined : router.find(path);
    if (match?.path.methods.get(operation.planned.method) !== operation) {
      return refusal(problem("bad-request", { detail: "With these arguments the path is not the operation's own." }));
    }
    const { values } = match;
    const answer = await callOperation(
      operation,
      { path, query, pathValues: values, headers, body },
      exchange,
      Math.min(RESULT_MAX_BYTES, calls.limits.maxAnswerBytes),
      calls,
    );
    const { secure, host } = exchange.request;
    return toolResult(answer, planned, (value) => fits(tool, value), `${secure ? "https" : "http"}://${host}${path}`);
  }
}

function fits(tool: ReadyTool, value: unknown): boolean {
  tool.fits ??= createValidator(tool.planned.outputSchema as never, { direction: "response" });
  return tool.fits.fits(value as never);
}

function refusal(answer: ReturnType<typeof problem>): ToolResult {
  return errorResult(Buffer.from(answer.body as Uint8Array).toString());
}

function listed({ name, title, description, inputSchema, outputSchema, annotations }: PlannedTool): object {
  return {
    name,
    ...(title === undefined ? {} : { title }),
    description,
    inputSchema,
    ...(outputSchema === undefined ? {} : { outputSchema }),
    annotations,
  };
}
