/** References to secrets in configurations, resolved when an artifact is loaded. */
import { readFileSync, realpathSync } from "node:fs";
import { isAbsolute, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { JsonObject, JsonValue } from "#foundation/gateway-artifact";

/** A secret that is not there, or must not be read. The program ends with 13. */
export class SecretUnavailable extends Error {
  override readonly name = "SecretUnavailable";
}

export interface SecretSources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The one folder that `file:` may name files of; undefined: none may be named. */
  readonly secretsFolder?: string;
}

const WHOLE = /^(?:env:\/\/\S+|file:\/\/\/.+)$/;
const WITHIN = /\$\{((?:env|file):\/\/[^}]+)\}/g;
const UNKNOWN = /^(vault|aws-sm|k8s|gcp-sm):\/\//;

/**
 * `env://NAME`, `file:///path` as a whole text, or `${env://NAME}` within one.
 *
 * @throws SecretUnavailable naming the place, never a value
 */
export function resolveSecrets(config: JsonObject, sources: SecretSources): JsonObject {
  return resolveValue(config, "", sources) as JsonObject;
}

function resolveValue(value: JsonValue, pointer: string, sources: SecretSources): JsonValue {
  if (typeof value === "string") return resolveText(value, pointer, sources);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value))
    return value.map((one: JsonValue, index) => resolveValue(one, `${pointer}/${index}`, sources));
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, resolveValue(one as JsonValue, `${pointer}/${name}`, sources)]),
  );
}

function resolveText(text: string, pointer: string, sources: SecretSources): string {
  if (WHOLE.test(text)) return secretOf(text, pointer, sources);
  if (UNKNOWN.test(text)) {
    throw new SecretUnavailable(
      `${pointer}: secrets are read from env:// and file://, not from ${text.split(":", 1)[0]}://.`,
    );
  }
  if (!text.includes("${")) return text;
  return text.replace(WITHIN, (_, reference: string) => secretOf(reference, pointer, sources));
}

function secretOf(reference: string, pointer: string, { environment, secretsFolder }: SecretSources): string {
  if (reference.startsWith("env://")) {
    const name = reference.slice("env://".length);
    const value = environment[name];
    if (value === undefined) throw new SecretUnavailable(`${pointer}: the environment has no ${name}.`);
    return value;
  }
  if (secretsFolder === undefined) {
    throw new SecretUnavailable(`${pointer}: files are read only below a folder that is named with --secrets-dir.`);
  }
  return fileText(reference, pointer, secretsFolder);
}

function fileText(reference: string, pointer: string, folder: string): string {
  let path: string;
  try {
    path = fileURLToPath(reference);
    if (!isAbsolute(path)) throw new Error();
  } catch {
    throw new SecretUnavailable(`${pointer}: ${reference} names no file.`);
  }
  try {
    // Links are followed first, so that none leads out.
    const real = realpathSync(path);
    if (!real.startsWith(realpathSync(folder) + sep)) {
      throw new SecretUnavailable(`${pointer}: ${path} is not below ${folder}.`);
    }
    return readFileSync(real, "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    if (error instanceof SecretUnavailable) throw error;
    throw new SecretUnavailable(
      `${pointer}: ${path} cannot be read (${(error as { code?: string }).code ?? "unknown"}).`,
    );
  }
}
