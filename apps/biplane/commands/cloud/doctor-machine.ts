/** Checks of the machine that Biplane is to run on. */
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { availableParallelism, freemem, totalmem } from "node:os";
import { readEndpoints } from "#apps/biplane/state";
import { humanSize } from "../../cli/units.ts";
import type { Check, Examined, Finding } from "./doctor-checks.ts";

const BUN_MINIMUM = "1.4.0";
/** Sockets and files: a thousand connections with a file each, and some. */
const OPEN_FILES_WANTED = 4096;
/** One process needs about 120 MiB at rest. */
const FREE_MEMORY_WANTED = 256 * 1024 * 1024;
/** Programs of 2026 do not run before it; signatures would be refused by every client. */
const PLAUSIBLE_TIME = Date.UTC(2026, 0, 1);

/** Programs that make more possible, and what. */
const OPTIONAL_TOOLS: readonly (readonly [tool: string, use: string])[] = [
  ["aws", "the AWS command line"],
  ["rclone", "syncing trees of files"],
  ["s3cmd", "another S3 command line"],
];

export const MACHINE_CHECKS: readonly Check[] = [
  {
    name: "runtime",
    run: () =>
      Bun.semver.order(Bun.version, BUN_MINIMUM) >= 0
        ? { name: "runtime", level: "ok", found: `Bun ${Bun.version} on ${process.platform} ${process.arch}` }
        : {
            name: "runtime",
            level: "fail",
            found: `Bun ${Bun.version}`,
            advice: `Biplane needs Bun ${BUN_MINIMUM} or later: npm ci`,
          },
  },
  {
    name: "user",
    run: () =>
      process.getuid?.() === 0
        ? {
            name: "user",
            level: "warn",
            found: "runs as root",
            advice: "Nothing that Biplane does today needs root; a user of its own is safer.",
          }
        : { name: "user", level: "ok", found: `runs as user ${process.getuid?.() ?? "?"}, without privileges` },
  },
  {
    name: "processors",
    run: () => ({ name: "processors", level: "ok", found: String(availableParallelism()) }),
  },
  { name: "memory", run: memory },
  { name: "open files", run: openFiles },
  { name: "clock", run: clock },
  { name: "ports", run: ports },
  {
    name: "optional tools",
    run: () =>
      OPTIONAL_TOOLS.map(([tool, use]): Finding => {
        const path = Bun.which(tool);
        return { name: tool, level: "ok", found: path === null ? `not installed (optional: ${use})` : path };
      }),
  },
];

function memory(): Finding {
  const available = availableMemory();
  const found = `${humanSize(available)} available of ${humanSize(totalmem())}`;
  if (available >= FREE_MEMORY_WANTED) return { name: "memory", level: "ok", found };
  return {
    name: "memory",
    level: "warn",
    found,
    advice: "Biplane needs about 120 MiB at rest and more under load; close something.",
  };
}

/** What programs may still take, caches included (proc(5), MemAvailable). */
function availableMemory(): number {
  try {
    const match = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync("/proc/meminfo", "latin1"));
    if (match !== null) return Number(match[1]) * 1024;
  } catch {
    // No such file outside Linux.
  }
  return freemem();
}

function openFiles(): Finding {
  const limit = openFileLimit();
  if (limit === undefined) return { name: "open files", level: "ok", found: "limit not known on this system" };
  const found = limit === Number.POSITIVE_INFINITY ? "unlimited" : `${limit} at most`;
  if (limit >= OPEN_FILES_WANTED) return { name: "open files", level: "ok", found };
  return {
    name: "open files",
    level: "warn",
    found,
    advice: `Each connection takes one or two. Raise the limit before starting: ulimit -n ${OPEN_FILES_WANTED * 16}`,
  };
}

/** The soft limit of this process (proc(5), /proc/pid/limits), which what it starts inherits. */
function openFileLimit(): number | undefined {
  try {
    const match = /^Max open files\s+(\S+)/m.exec(readFileSync("/proc/self/limits", "latin1"));
    if (match === null) return undefined;
    return match[1] === "unlimited" ? Number.POSITIVE_INFINITY : Number(match[1]);
  } catch {
    return undefined;
  }
}

function clock(): Finding {
  const now = new Date();
  const found = `${now.toISOString()} UTC`;
  if (now.getTime() >= PLAUSIBLE_TIME) return { name: "clock", level: "ok", found };
  return {
    name: "clock",
    level: "fail",
    found,
    advice: "Signed requests are refused when client and server differ by more than 15 minutes. Set the clock (NTP).",
  };
}

async function ports({ dataDirectory, ports: wanted }: Examined): Promise<readonly Finding[]> {
  const own = ownPorts(dataDirectory);
  return Promise.all(
    wanted.map(async ({ name, option, port }): Promise<Finding> => {
      const title = `port ${port}`;
      if (port === 0 || (await isFree(port))) return { name: title, level: "ok", found: `free for the ${name}` };
      if (own.has(port)) return { name: title, level: "ok", found: `in use by the Biplane of this data directory` };
      return {
        name: title,
        level: "warn",
        found: `taken by another program`,
        advice: `Start with ${option} and another port, or 0 for any free one.`,
      };
    }),
  );
}

function ownPorts(dataDirectory: string): ReadonlySet<number> {
  try {
    const running = readEndpoints(dataDirectory).filter((found) => found.running);
    const urls = running.flatMap(({ awsEndpointUrl, apiUrl }) => [awsEndpointUrl, apiUrl]);
    return new Set(urls.flatMap((url) => (url === undefined ? [] : [Number(new URL(url).port)])));
  } catch {
    // An unreadable endpoint file is reported by the check of the data directory.
    return new Set();
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
