/** Where the audit logs of a cloud are read: the control plane's at its API, a data plane's at its operator's endpoint, on its own machine. */
import { readOperatorToken } from "#apps/biplane/state";
import type { AuditEntry, AuditPage, AuditPlane } from "#foundation/audit";
import { CodedError } from "#foundation/errors";
import { type HttpReply, httpRequest } from "#foundation/http";
import { type ApiCall, callApi } from "../../cli/api-client.ts";
import type { CommandContext } from "../../cli/command.ts";
import { cliErrors, usageError } from "../../cli/errors.ts";
import { findApi, findLocalCloud, type LocalCloud } from "../../cli/find-cloud.ts";

type AuditQueryParameters = NonNullable<ApiCall["query"]>;

/** One log. */
export interface AuditSource {
  readonly plane: AuditPlane;
  /** @param path below the log's own: "", `/tail`, `/head`, `/verify` */
  call(path: string, query: AuditQueryParameters, options?: Pick<ApiCall, "signal" | "timeoutMs">): Promise<HttpReply>;
}

/** A page of the logs' own limit. */
const PAGE = 1000;

/**
 * The logs that a command means: of the control plane and of the data plane that run on this machine, or the control plane's alone when that is elsewhere.
 * @throws CodedError NOT_RUNNING, NO_CREDENTIALS, USAGE
 */
export async function findAuditLogs(context: CommandContext): Promise<readonly AuditSource[]> {
  const { arguments: given, terminal } = context;
  const wanted = given.text("plane");
  if (wanted !== undefined && wanted !== "control" && wanted !== "data") {
    throw usageError(`--plane is control or data, not "${wanted}".`);
  }
  const elsewhere = given.text("endpoint") !== undefined;
  if (elsewhere && wanted === "data") {
    throw usageError("A data plane shows its log only on its own machine: name its directory with --data.");
  }
  const local = elsewhere ? undefined : findLocalCloud(context);
  const sources: AuditSource[] = [];
  if (wanted !== "control" && local !== undefined) {
    const data = dataSource(local);
    if (data !== undefined) sources.push(data);
    else if (wanted === "data") throw notHere(local, "data plane");
  }
  if (wanted === "data") return sources;
  const control = await controlSource(context, sources.length > 0 && wanted === undefined);
  if (control === undefined) terminal.note("The control plane does not run here; its log is not shown.");
  else sources.unshift(control);
  return sources;
}

async function controlSource(context: CommandContext, optional: boolean): Promise<AuditSource | undefined> {
  try {
    const access = await findApi(context);
    return {
      plane: "control",
      call: (path, query, options) => callApi(access, { path: `/v1/audit${path}`, query, ...options }),
    };
  } catch (error) {
    if (optional && cliErrors.is(error, "NOT_RUNNING")) return undefined;
    throw error;
  }
}

function dataSource({ running, dataDirectory }: LocalCloud): AuditSource | undefined {
  const url = running.find((found) => found.awsEndpointUrl !== undefined)?.awsEndpointUrl;
  if (url === undefined) return undefined;
  return {
    plane: "data",
    async call(path, query, options) {
      const search = new URLSearchParams();
      for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
      const reply = await httpRequest({
        url: `${url}/_biplane/audit${path}?${search}`,
        headers: [
          ["authorization", `Bearer ${readOperatorToken(dataDirectory) ?? ""}`],
          ["user-agent", "biplane-cli"],
        ],
        ...options,
      });
      if (reply.status < 400) return reply;
      throw await refusalOf(reply);
    },
  };
}

/** The operator's endpoint answers errors as `{"error": "…"}`. */
async function refusalOf(reply: HttpReply): Promise<CodedError> {
  const { status } = reply;
  let message = `The data plane answered with status ${status}.`;
  try {
    const answer = (await reply.json(64 * 1024)) as { readonly error?: unknown } | null;
    if (typeof answer?.error === "string") message = answer.error;
  } catch {
    // Something else listens there, and the status is all there is.
  }
  const code = status === 400 ? "INVALID_QUERY" : status === 503 ? "AUDIT_UNAVAILABLE" : "UNEXPECTED_ANSWER";
  return new CodedError(code, { status, retryable: status === 503, message });
}

function notHere({ dataDirectory }: LocalCloud, what: string): CodedError {
  return cliErrors.error("NOT_RUNNING", {
    message: `No ${what} runs from ${dataDirectory}.`,
    details: { dataDirectory },
  });
}

/** Records of one log that match, in the order of time. */
async function* recordsOf(
  source: AuditSource,
  query: AuditQueryParameters,
  limit: number,
): AsyncGenerator<AuditEntry, void, void> {
  let left = limit;
  for (let after: string | undefined; left > 0; ) {
    const reply = await source.call("", { ...query, after, limit: Math.min(PAGE, left) });
    const page = (await reply.json(PAGE_BYTES_MAX)) as AuditPage;
    yield* page.items;
    if (page.next === undefined) return;
    after = page.next;
    left -= page.items.length;
  }
}

/** A thousand records of at most 16 KiB in JSON, and what their escapes may add. */
const PAGE_BYTES_MAX = 64 * 1024 * 1024;

/** Matching records of all logs together, the newest first. */
export async function* newestRecords(
  sources: readonly AuditSource[],
  query: AuditQueryParameters,
  limit: number,
): AsyncGenerator<AuditEntry, void, void> {
  const logs = sources.map((source) => recordsOf(source, { ...query, order: "newest" }, limit));
  const heads = await Promise.all(logs.map((log) => log.next()));
  for (let left = limit; left > 0; left--) {
    let best: number | undefined;
    for (const [index, head] of heads.entries()) {
      if (head.done === true) continue;
      const least = best === undefined ? undefined : heads[best]!;
      if (least === undefined || least.done === true || head.value.at > least.value.at) best = index;
    }
    if (best === undefined) return;
    const entry = heads[best]!.value as AuditEntry;
    yield entry;
    heads[best] = await logs[best]!.next();
  }
}
