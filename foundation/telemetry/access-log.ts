/** The access log: one JSON line for each finished exchange, with the query's secrets removed. */

import type { LogSink } from "./log-sink.ts";
import { isSecretName, REDACTED } from "./redaction.ts";

/** What an access line shows; the HTTP server's access entries have this shape. */
export interface AccessLine {
  readonly requestId: string;
  readonly remoteAddress: string;
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly status: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly durationMs: number;
  readonly userAgent?: string | undefined;
  readonly complete: boolean;
}

/** A function that writes access lines to `sink`. Give it to the server's `accessLog`. */
export function accessLogger(sink: LogSink, server: string, now: () => number = Date.now): (line: AccessLine) => void {
  const serverName = JSON.stringify(server);
  return (line) => {
    const time = new Date(now()).toISOString();
    const agent = line.userAgent === undefined ? "" : `,"userAgent":${JSON.stringify(line.userAgent)}`;
    const broken = line.complete ? "" : ',"complete":false';
    sink.write(
      `{"time":"${time}","level":"info","msg":"access","server":${serverName},"requestId":${JSON.stringify(line.requestId)},"remote":"${line.remoteAddress}","method":${JSON.stringify(line.method)},"target":${JSON.stringify(redactTarget(line.target))},"host":${JSON.stringify(line.host)},"status":${line.status},"bytesIn":${line.bytesIn},"bytesOut":${line.bytesOut},"ms":${Math.round(line.durationMs * 1000) / 1000}${agent}${broken}}\n`,
    );
  };
}

/** A request-target without the values of secret query parameters: a presigned URL in a log would be a credential. */
export function redactTarget(target: string): string {
  const mark = target.indexOf("?");
  if (mark < 0) return target;
  const pairs = target.slice(mark + 1).split("&");
  let changed = false;
  for (let i = 0; i < pairs.length; i++) {
    const pair = pairs[i]!;
    const equals = pair.indexOf("=");
    if (equals < 0 || !isSecretName(decodeName(pair.slice(0, equals)))) continue;
    pairs[i] = `${pair.slice(0, equals)}=${REDACTED}`;
    changed = true;
  }
  return changed ? `${target.slice(0, mark)}?${pairs.join("&")}` : target;
}

function decodeName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
