/**
 * Typed configuration: defaults, then a file, then the environment, then flags; the later wins.
 *
 * The key `apiPort` is `api-port` as a flag, `BIPLANE_API_PORT` in the environment, and `apiPort` in a file.
 */

import { EXIT } from "#foundation/errors";
import type { Parser } from "./parsers.ts";

/** One setting. */
export interface Setting<Value> {
  readonly parse: Parser<Value>;
  /** One sentence for help texts. */
  readonly help: string;
  /** Without a default the setting must be given. */
  readonly default?: Value;
  /** The value is not shown in errors and listings. */
  readonly secret?: boolean;
}

export type Schema = Readonly<Record<string, Setting<unknown>>>;

/** The values that a schema describes. */
export type Values<S extends Schema> = {
  readonly [Key in keyof S]: S[Key] extends Setting<infer Value> ? Value : never;
};

/** Where texts come from, weakest first after the defaults. */
export interface ConfigSources {
  /** Parsed configuration file; its settings are texts, numbers or booleans. */
  readonly file?: { readonly path: string; readonly settings: Readonly<Record<string, unknown>> };
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** By flag name without dashes (`api-port`); `true` for a flag without a value. */
  readonly flags?: Readonly<Record<string, string | boolean | undefined>>;
}

const PREFIX = "BIPLANE_";

/** All that is wrong with a configuration, one sentence each. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly string[];
  readonly exit = EXIT.usage;

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

/** Keeps the type of each setting. @example const schema = defineConfig({ port: { parse: port, default: 4566, help: "AWS endpoint." } }); */
export function defineConfig<S extends Schema>(schema: S): S {
  return schema;
}

/**
 * Reads a configuration.
 *
 * Unknown `BIPLANE_*` variables are left alone (other programs have their own); unknown keys of the file and unknown flags are refused.
 *
 * @throws ConfigError naming every wrong key, its value (unless secret), where it came from and what is allowed
 */
export function loadConfig<S extends Schema>(schema: S, sources: ConfigSources): Values<S> {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(schema)) {
    const given = find(key, sources);
    if (given === undefined) {
      if ("default" in setting) values[key] = setting.default;
      else problems.push(`${key} is not set; give --${flagName(key)} or ${environmentName(key)}.`);
      continue;
    }
    const parsed = setting.parse(given.text);
    if (parsed.ok) values[key] = parsed.value;
    else {
      const shown = setting.secret ? "(not shown)" : JSON.stringify(given.text);
      problems.push(`${given.source} is ${shown}; allowed: ${parsed.allowed}.`);
    }
  }
  problems.push(...unknownKeys(schema, sources));
  if (problems.length > 0) throw new ConfigError(problems);
  return values as Values<S>;
}

/** `apiPort` → `BIPLANE_API_PORT`. */
export function environmentName(key: string): string {
  return PREFIX + words(key).join("_").toUpperCase();
}

/** `apiPort` → `api-port`. */
export function flagName(key: string): string {
  return words(key).join("-");
}

function words(key: string): readonly string[] {
  return key
    .replace(/(?<=[a-z0-9])(?=[A-Z])/g, " ")
    .toLowerCase()
    .split(" ");
}

function find(key: string, sources: ConfigSources): { readonly text: string; readonly source: string } | undefined {
  const flag = sources.flags?.[flagName(key)];
  if (flag !== undefined) return { text: String(flag), source: `--${flagName(key)}` };
  const variable = sources.environment?.[environmentName(key)];
  // An empty variable is how a shell unsets one for a command.
  if (variable !== undefined && variable !== "") return { text: variable, source: environmentName(key) };
  const setting = sources.file?.settings[key];
  if (setting === undefined || setting === null) return undefined;
  const text = typeof setting === "object" ? JSON.stringify(setting) : String(setting);
  return { text, source: `${key} in ${sources.file?.path}` };
}

function unknownKeys(schema: Schema, sources: ConfigSources): readonly string[] {
  const problems: string[] = [];
  const flags = new Set(Object.keys(schema).map(flagName));
  for (const [name, value] of Object.entries(sources.flags ?? {})) {
    if (value !== undefined && !flags.has(name))
      problems.push(`--${name} is not known; allowed: ${listed(flags, "--")}.`);
  }
  const keys = new Set(Object.keys(schema));
  for (const name of Object.keys(sources.file?.settings ?? {})) {
    if (!keys.has(name)) problems.push(`${name} in ${sources.file?.path} is not known; allowed: ${listed(keys, "")}.`);
  }
  return problems;
}

function listed(names: ReadonlySet<string>, prefix: string): string {
  return [...names].map((name) => prefix + name).join(", ");
}
