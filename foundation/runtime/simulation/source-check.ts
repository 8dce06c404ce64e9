/**
 * Reads sources that are meant to run under simulation, and reports what would let the outside world in.
 *
 * It works on text with comments and strings blanked out: a check in a test, quick and without a type checker. What it cannot see (a clock handed
 * in under another name) the guard and the double runs of the simulation find.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { blankOut } from "./source-text.ts";

/** One use of the outside world. */
export interface SourceFinding {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** What was found, as written. */
  readonly found: string;
  /** Why it must not be there, and what to use. */
  readonly remedy: string;
}

interface Rule {
  readonly pattern: RegExp;
  readonly remedy: string;
}

const TIMERS = "real timers fire in real time, in an order that no seed repeats; use runtime.timers";
const CLOCK = "the real clock differs from run to run; use runtime.clock";
const CHANCE = "real randomness cannot be repeated from a seed; use runtime.random, forked by name";

/** Found in code, outside strings and comments. */
const CODE_RULES: readonly Rule[] = [
  { pattern: /\bDate\s*\.\s*now\b/, remedy: CLOCK },
  { pattern: /\bnew\s+Date\s*(?:\(\s*\)|(?=[;,)\]}]))/, remedy: CLOCK },
  { pattern: /(?<!new\s+)(?<![.\w])Date\s*\(/, remedy: CLOCK },
  { pattern: /\bperformance\s*\.\s*\w+/, remedy: CLOCK },
  { pattern: /\bprocess\s*\.\s*(?:hrtime|uptime)\b/, remedy: CLOCK },
  {
    pattern: /\bsystem(?:Clock|Timers|Random|Disk|Network)\b/,
    remedy: "take the runtime as a parameter; a simulation passes another",
  },
  { pattern: /\bMath\s*\.\s*random\b/, remedy: CHANCE },
  { pattern: /\bcrypto\s*\.\s*(?:getRandomValues|randomUUID|randomBytes|randomInt)\b/, remedy: CHANCE },
  { pattern: /(?<![.\w])(?:setTimeout|setInterval|setImmediate)\b/, remedy: TIMERS },
  { pattern: /\bAbortSignal\s*\.\s*timeout\b/, remedy: TIMERS },
  {
    pattern: /\bprocess\s*\.\s*nextTick\b/,
    remedy: "its queue is drained outside the simulated step; use queueMicrotask or a promise",
  },
  {
    pattern: /\bcrypto\s*\.\s*subtle\b/,
    remedy: "it finishes on another thread at an unknown moment; use a synchronous hash",
  },
  { pattern: /(?<![.\w])fetch\s*\(/, remedy: "it reaches the real network; use runtime.network" },
  {
    pattern: /\bnew\s+(?:WebSocket|Worker|BroadcastChannel|MessageChannel)\b/,
    remedy: "it runs outside the simulated step; use runtime.network or runtime.spawn",
  },
  {
    pattern: /(?<![.\w])Bun\s*\.\s*\w+/,
    remedy: "it reaches the real machine; use the runtime, or pass in what is needed",
  },
  {
    pattern: /\bprocess\s*\.\s*(?:env|pid|cwd|argv)\b/,
    remedy: "it differs from machine to machine; pass the setting in",
  },
  {
    pattern: /\bnew\s+(?:WeakRef|FinalizationRegistry)\b/,
    remedy: "collection happens when it happens; keep an explicit life time",
  },
];

/** Modules that are pure enough: no clock, no randomness, no input or output. */
const HARMLESS_MODULES: ReadonlySet<string> = new Set([
  "node:assert",
  "node:buffer",
  "node:path",
  "node:util",
  "node:url",
]);

/** Names of `node:crypto` that compute and draw nothing. */
const HARMLESS_CRYPTO = /^(?:type\s+\w+|createHash|createHmac|hash|timingSafeEqual)$/;

const IMPORT =
  /\b(?:import|export)\b(?:\s+type)?\s*(\{[^}]*\}|[^"'{};()]*?)?\s*(?:\bfrom\s*)?["']((?:node|bun):[^"']*|bun)["']/g;
const DYNAMIC_IMPORT = /\b(?:import|require)\s*\(\s*["']((?:node|bun):[^"']*|bun)["']/g;

/**
 * Checks the text of one file.
 *
 * A line that has to use the outside world after all says so: `// not simulated: <reason>` at its end.
 */
export function findNondeterminism(file: string, text: string): readonly SourceFinding[] {
  const findings: SourceFinding[] = [];
  const lines = text.split("\n");
  const report = (index: number, found: string, remedy: string): void => {
    const line = text.slice(0, index).split("\n").length;
    if (!/\/\/ not simulated: \S/.test(lines[line - 1]!)) findings.push({ file, line, found: found.trim(), remedy });
  };
  const code = blankOut(text, true);
  for (const { pattern, remedy } of CODE_RULES) {
    for (const match of code.matchAll(new RegExp(pattern, "g"))) report(match.index, match[0], remedy);
  }
  // Module names are strings: look in the text that keeps them.
  const withStrings = blankOut(text, false);
  for (const match of withStrings.matchAll(IMPORT)) {
    const [found, names = "", module = ""] = match;
    if (/^(?:import|export)\s+type\b/.test(found) || isHarmless(module, names)) continue;
    report(match.index, `import from "${module}"`, remedyForModule(module));
  }
  for (const match of withStrings.matchAll(DYNAMIC_IMPORT)) {
    const module = match[1]!;
    if (!HARMLESS_MODULES.has(module)) report(match.index, `import("${module}")`, remedyForModule(module));
  }
  return findings.sort((left, right) => left.line - right.line);
}

/**
 * Checks every TypeScript source in a folder and below, tests excepted.
 * @param skip paths relative to the folder (files, or folders ending in `/`) that are adapters to the real world.
 * @throws Error that lists the findings, when there are any.
 */
export function assertDeterministicSource(folder: string, skip: readonly string[] = []): void {
  const findings: SourceFinding[] = [];
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
    const skipped = skip.some((entry) => name === entry || (entry.endsWith("/") && name.startsWith(entry)));
    if (skipped || !name.endsWith(".ts") || name.endsWith(".test.ts")) continue;
    findings.push(...findNondeterminism(name, readFileSync(join(folder, name), "utf8")));
  }
  if (findings.length === 0) return;
  const list = findings.map(({ file, line, found, remedy }) => `  ${file}:${line}: ${found}: ${remedy}`);
  throw new Error(
    [
      `${folder} runs under simulation, and must touch the world through the runtime alone:`,
      ...list,
      "If a line is right as it is, end it with `// not simulated: <reason>`.",
    ].join("\n"),
  );
}

function isHarmless(module: string, names: string): boolean {
  if (HARMLESS_MODULES.has(module)) return true;
  if (module !== "node:crypto" || !names.startsWith("{")) return false;
  const imported = names
    .slice(1, -1)
    .split(",")
    .map((name) => name.trim());
  return imported.every((name) => name === "" || HARMLESS_CRYPTO.test(name));
}

function remedyForModule(module: string): string {
  if (module.startsWith("node:fs")) return "it reaches the real disk; use runtime.disk";
  if (/^node:(?:net|http|https|http2|tls|dgram|dns)/.test(module))
    return "it reaches the real network; use runtime.network";
  if (module.startsWith("node:timers")) return TIMERS;
  if (module === "node:crypto")
    return `${CHANCE} (createHash, createHmac, hash and timingSafeEqual may be imported by name)`;
  return "it reaches the real machine; use the runtime, or pass in what is needed";
}
