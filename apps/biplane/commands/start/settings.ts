/** Options of commands that start something: from the command line, else from the environment, else the default. */
import type { DatabaseSetting } from "#apps/control";
import { sizeBytes } from "#foundation/manifest";
import { isLogLevel, LOG_LEVELS, type LogLevel } from "#foundation/telemetry";
import type { CommandContext } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";

const PORT_MAX = 65_535;

/** `api-port` is `BIPLANE_API_PORT` in the environment. */
export function setting({ arguments: given, environment }: CommandContext, option: string): string | undefined {
  const fromEnvironment = environment[variableOf(option)];
  return given.text(option) ?? (fromEnvironment === "" ? undefined : fromEnvironment);
}

export function portSetting(context: CommandContext, option: string, fallback: number): number {
  const text = setting(context, option);
  if (text === undefined) return fallback;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= PORT_MAX) return port;
  throw usageError(`--${option} must be a port from 0 (any free one) to ${PORT_MAX}, not "${text}".`);
}

/** A port, or undefined when nobody has said anything. */
export function optionalPortSetting(context: CommandContext, option: string): number | undefined {
  return setting(context, option) === undefined ? undefined : portSetting(context, option, 0);
}

/** Whole seconds, or undefined when nobody has said anything. */
export function secondsSetting(context: CommandContext, option: string, min: number, max: number): number | undefined {
  const text = setting(context, option);
  if (text === undefined) return undefined;
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (seconds >= min && seconds <= max) return seconds;
  throw usageError(`--${option} must be a number of seconds from ${min} to ${max}, not "${text}".`);
}

/** `512Mi`, `4Gi` or bytes; undefined when nobody has said anything. */
export function memorySetting(context: CommandContext, option: string): number | undefined {
  const text = setting(context, option);
  if (text === undefined) return undefined;
  const bytes = /^\d{1,15}$/.test(text) ? Number(text) : sizeBytes(text);
  if (bytes !== undefined && bytes > 0) return bytes;
  throw usageError(`--${option} must be a size such as 512Mi or 4Gi, not "${text}".`);
}

export function logLevelSetting(context: CommandContext): LogLevel {
  const level = setting(context, "log-level") ?? "warn";
  if (isLogLevel(level)) return level;
  throw usageError(`--log-level must be one of ${LOG_LEVELS.join(", ")}, not "${level}".`);
}

export function hostSetting(context: CommandContext): string {
  const host = setting(context, "host") ?? "127.0.0.1";
  if (/^[\w.:-]+$/.test(host)) return host;
  throw usageError(`--host must be an address or a host name, not "${host}".`);
}

/** Host names, separated by commas. */
export function namesSetting(context: CommandContext, option: string): readonly string[] {
  const names = (setting(context, option) ?? "").split(",").filter((name) => name !== "");
  const wrong = names.find((name) => !/^[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?$/.test(name));
  if (wrong === undefined) return names;
  throw usageError(`--${option} must be host names separated by commas, without ports; "${wrong}" is none.`);
}

export function regionSetting(context: CommandContext): string {
  const region = setting(context, "region") ?? "us-east-1";
  if (/^[a-z]{2,}(-[a-z0-9]+)+$/.test(region)) return region;
  throw usageError(`--region must look like us-east-1, not "${region}".`);
}

/** The URLs hold passwords: they are passed on, and never part of a message. */
export function databaseSetting({ arguments: given, environment }: CommandContext): DatabaseSetting | undefined {
  const url = given.text("database") ?? (environment.BIPLANE_DATABASE_URL || undefined);
  const ownerUrl = given.text("database-owner") ?? (environment.BIPLANE_DATABASE_OWNER_URL || undefined);
  if (url !== undefined) return { url, ownerUrl };
  if (ownerUrl === undefined) return undefined;
  throw usageError("--database-owner needs --database, the URL of the role that the program runs as.");
}

/** An option without a value; in the environment `1` or `true`, `0` or `false`. */
export function flagSetting({ arguments: given, environment }: CommandContext, option: string): boolean {
  if (given.has(option)) return true;
  const text = environment[variableOf(option)] ?? "";
  if (text === "1" || text === "true") return true;
  if (text === "" || text === "0" || text === "false") return false;
  throw usageError(`${variableOf(option)} must be 1 or 0, not "${text}".`);
}

function variableOf(option: string): string {
  return `BIPLANE_${option.toUpperCase().replaceAll("-", "_")}`;
}
