/** The rules of a specification: every refusal names the field and the rule. Pure; what the host lacks is checked by the runtime. */
import { RUNTIME_ERRORS, type RuntimeError } from "../errors.ts";
import type { ExecSpec, RuntimeSpec } from "../runtime.ts";
import { portVariable } from "./environment.ts";
import { isSignalName } from "./signals.ts";

/** MAX_ARG_STRLEN of Linux: 32 pages of 4 KiB, with the NUL at the end (execve(2)). */
const STRING_BYTES_MAX = 32 * 4096 - 1;
/** Linux gives argv and env a quarter of the stack limit, usually 8 MiB / 4 = 2 MiB; half of that leaves room for what we add and for pointers. */
export const TOTAL_BYTES_MAX = 1024 * 1024;
const STRINGS_MAX = 10_000;
/** Eight files, each with room for the longest line (16 KiB and its head). */
export const LOG_BYTES_MIN = 256 * 1024;
/** plfm §1.15. */
const SECRETS_BYTES_MAX = 256 * 1024;
const GRACE_MS_MAX = 60 * 60 * 1000;

export function invalidSpec(field: string, rule: string): RuntimeError {
  return RUNTIME_ERRORS.error("InvalidSpec", { message: `${field}: ${rule}`, details: { field } });
}

function require(condition: boolean, field: string, rule: string): void {
  if (!condition) throw invalidSpec(field, rule);
}

const bytesOf = (text: string): number => Buffer.byteLength(text);

/** What execve can take: no NUL, well-formed Unicode (a lone surrogate has no UTF-8), not too long. */
function checkText(text: unknown, field: string): asserts text is string {
  require(typeof text === "string", field, "must be a text");
  const given = text as string;
  require(!given.includes("\0"), field, "must not hold a NUL character");
  require(given.isWellFormed(), field, "must be well-formed Unicode");
  require(bytesOf(given) <= STRING_BYTES_MAX, field, `must be at most ${STRING_BYTES_MAX} bytes long`);
}

/** @throws RuntimeError InvalidSpec */
export function checkCommand(argv: readonly string[], env: Readonly<Record<string, string>>): void {
  require(Array.isArray(argv) && argv.length > 0 && argv[0] !== "", "argv", "must begin with a program");
  const variables = Object.entries(env);
  require(argv.length + variables.length <= STRINGS_MAX, "argv", `with env must be at most ${STRINGS_MAX} texts`);
  let total = 0;
  argv.forEach((argument, index) => {
    checkText(argument, `argv[${index}]`);
    total += bytesOf(argument) + 1;
  });
  for (const [name, value] of variables) {
    require(/^[A-Za-z_][A-Za-z0-9_]*$/.test(
      name,
    ), "env", `${JSON.stringify(name.slice(0, 64))} is no name of a variable: letters, digits and _, not beginning with a digit`);
    require(!name.startsWith("BIPLANE_") ||
      OF_AGENT.has(name) ||
      name.startsWith(MOUNT_PREFIX), `env.${name}`, "names that begin with BIPLANE_ are set by Biplane");
    checkText(value, `env.${name}`);
    require(bytesOf(name) + bytesOf(value) <
      STRING_BYTES_MAX, `env.${name}`, `must be at most ${STRING_BYTES_MAX} bytes long with its name`);
    total += bytesOf(name) + bytesOf(value) + 2;
  }
  require(total <= TOTAL_BYTES_MAX, "argv", `with env must be at most ${TOTAL_BYTES_MAX} bytes; these are ${total}`);
}

function checkInteger(value: number | undefined, field: string, min: number, max: number): void {
  if (value === undefined) return;
  require(Number.isInteger(value) &&
    value >= min &&
    value <= max, field, `must be a whole number from ${min} to ${max}`);
}

function checkAbsolute(path: string, field: string): void {
  checkText(path, field);
  require(path.startsWith("/") && !path.split("/").includes(".."), field, "must be an absolute path without ..");
}

/** @throws RuntimeError InvalidSpec */
export function checkSpec(spec: RuntimeSpec): void {
  require(/^[a-z0-9][a-z0-9_-]{0,63}$/.test(
    spec.instanceId,
  ), "instanceId", "must be 1 to 64 of a-z 0-9 _ -, not beginning with a sign");
  checkCommand(spec.argv, spec.env);
  checkText(spec.cwd, "cwd");
  require(!spec.cwd.split("/").includes(".."), "cwd", "must not hold ..");
  checkAbsolute(spec.rootDirectory, "rootDirectory");
  checkAbsolute(spec.scratchDirectory, "scratchDirectory");
  const variables = new Set<string>();
  for (const [name, port] of Object.entries(spec.ports)) {
    require(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/.test(
      name,
    ), "ports", `${JSON.stringify(name.slice(0, 64))} is no name of a port: 1 to 32 of a-z 0-9 -`);
    checkInteger(port, `ports.${name}`, 1, 65_535);
    require(!variables.has(portVariable(name)), "ports", `two ports would be given as ${portVariable(name)}`);
    variables.add(portVariable(name));
  }
  checkInteger(spec.memoryLimitBytes, "memoryLimitBytes", 1024 * 1024, Number.MAX_SAFE_INTEGER);
  checkInteger(spec.cpuWeight, "cpuWeight", 1, 10_000);
  checkInteger(spec.processesMax, "processesMax", 1, 4_194_304);
  checkInteger(spec.openFilesMax, "openFilesMax", 16, 1_048_576);
  checkInteger(spec.graceMs, "graceMs", 0, GRACE_MS_MAX);
  checkInteger(spec.logs.bytesMax, "logs.bytesMax", LOG_BYTES_MIN, Number.MAX_SAFE_INTEGER);
  checkInteger(spec.user?.uid, "user.uid", 0, 0xff_ff_ff_fe);
  checkInteger(spec.user?.gid, "user.gid", 0, 0xff_ff_ff_fe);
  require(isSignalName(spec.stopSignal), "stopSignal", "must be the name of a signal, for example SIGTERM");
  require((spec.secrets?.length ?? 0) <= SECRETS_BYTES_MAX, "secrets", `must be at most ${SECRETS_BYTES_MAX} bytes`);
  for (const [index, mount] of spec.mounts.entries()) {
    checkAbsolute(mount.source, `mounts[${index}].source`);
    checkAbsolute(mount.target, `mounts[${index}].target`);
  }
}

/** @throws RuntimeError InvalidSpec */
export function checkExec(spec: ExecSpec): void {
  checkCommand(spec.argv, spec.env ?? {});
  if (spec.cwd !== undefined) checkText(spec.cwd, "cwd");
  checkInteger(spec.tty?.columns, "tty.columns", 1, 65_535);
  checkInteger(spec.tty?.rows, "tty.rows", 1, 65_535);
}

/** What the agent itself tells a program of where it belongs. The rest is the runtime's to set. */
/** Where mounts are; the agent says it. */
const MOUNT_PREFIX = "BIPLANE_MOUNT_";
const OF_AGENT: ReadonlySet<string> = new Set(["BIPLANE_APP", "BIPLANE_ENV", "BIPLANE_PROCESS", "BIPLANE_RELEASE"]);
