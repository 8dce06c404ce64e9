/**
 * Requests at a steady rate, by `h2load` of nghttp2: a program that needs little of the processor and collects no garbage, so that the last hundredth that is measured is the server's and not the load's.
 *
 * Connections are opened one after the other, each asks at its own moment of the same interval. What it measures is from the moment at which a request is sent: a server that keeps one waiting for
 * longer than the interval is asked less by that connection.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where it is: `apt-get install nghttp2-client`. */
export const h2loadPath: string | undefined = Bun.which("h2load") ?? undefined;

export interface SteadyRequest {
  /** With query. */
  readonly path: string;
  readonly fields: readonly string[];
  /** Makes it a POST. */
  readonly body?: string;
}

export interface SteadyResult {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** @param perSecond about so many requests; @throws Error when some are not answered with 200 */
export async function runSteadyLoad(
  target: { readonly host: string; readonly port: number },
  { path, fields, body }: SteadyRequest,
  {
    perSecond,
    seconds,
    connections,
  }: { readonly perSecond: number; readonly seconds: number; readonly connections: number },
): Promise<SteadyResult> {
  // One connection more in each period; the interval of each is a little longer, so that all of them begin at different parts of it.
  const periodMs = Math.max(1, Math.round((connections * 1000) / perSecond));
  const intervalMs = periodMs * (1 + 1 / connections);
  const openingMs = periodMs * connections;
  const each = Math.ceil((seconds * 1000 + openingMs) / intervalMs);
  const folder = mkdtempSync(join(tmpdir(), "steady-load-"));
  const log = join(folder, "log");
  const payload = join(folder, "body");
  if (body !== undefined) await Bun.write(payload, body);
  try {
    const child = Bun.spawn(
      [
        h2loadPath!,
        ...["--h1", "--threads=1", `--clients=${connections}`, `--requests=${each * connections}`],
        ...["--rate=1", `--rate-period=${periodMs}ms`, `--rps=${(1000 / intervalMs).toFixed(4)}`, `--log-file=${log}`],
        ...fields.flatMap((field) => ["--header", field]),
        ...(body === undefined ? [] : [`--data=${payload}`]),
        `http://${target.host}:${target.port}${path}`,
      ],
      { stdout: "ignore", stderr: "inherit" },
    );
    if ((await child.exited) !== 0) throw new Error(`h2load ended with ${child.exitCode}`);
    const rows = readFileSync(log, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => line.split("\t").map(Number) as [startUs: number, status: number, tookUs: number]);
    const wrong = rows.find(([, status]) => status !== 200);
    if (wrong !== undefined) throw new Error(`a request was answered with ${wrong[1]}`);
    // While all connections are open.
    const begun = rows.reduce((least, [start]) => Math.min(least, start), Number.POSITIVE_INFINITY) + openingMs * 1000;
    const steady = rows.filter(([start]) => start >= begun && start < begun + seconds * 1e6 - openingMs * 1000);
    const took = steady.map(([, , us]) => us / 1000).sort((a, b) => a - b);
    const percentile = (share: number): number =>
      took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? Number.NaN;
    return { perSecond: (connections * 1000) / intervalMs, p50: percentile(0.5), p99: percentile(0.99) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
