/** What the commands of the store are told: coordinators, key, configuration. */
import { readFileSync } from "node:fs";
import { KEY_BYTES_MIN, parseAddress } from "#foundation/rpc";
import type { ClusterConfig } from "#foundation/store-protocol";
import type { CommandContext } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";

export interface NamedCoordinator {
  readonly name: string;
  readonly address: string;
}

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** `n1=host:7000,n2=…` @throws CodedError USAGE */
export function coordinatorsSetting(context: CommandContext): readonly NamedCoordinator[] {
  const text = setting(context, "coordinators");
  if (text === undefined) throw usageError("Which cluster? Name its coordinators: --coordinators n1=HOST:PORT,…");
  const coordinators = text.split(",").map((part) => {
    const [name = "", address = ""] = part.split("=", 2);
    if (!NAME.test(name)) {
      throw usageError(
        `--coordinators has "${part}"; NAME=HOST:PORT is expected, the name in small letters, digits and hyphens.`,
      );
    }
    return { name, address: addressOf(address, "--coordinators") };
  });
  if (new Set(coordinators.map(({ name }) => name)).size < coordinators.length) {
    throw usageError("--coordinators names one of them twice.");
  }
  return coordinators;
}

/** @throws CodedError USAGE */
export function addressOf(text: string, option: string): string {
  try {
    parseAddress(text);
    return text;
  } catch {
    throw usageError(`${option} has "${text}"; HOST:PORT is expected.`);
  }
}

export function nodeNameSetting(context: CommandContext): string {
  const name = setting(context, "node");
  if (name === undefined) throw usageError("Which node is this? Name it with --node NAME.");
  if (NAME.test(name)) return name;
  throw usageError(`--node must be of small letters, digits and hyphens, not "${name}".`);
}

/** @throws CodedError USAGE when the file cannot be read, or holds a key that can be guessed */
export function keySetting(context: CommandContext): Uint8Array | undefined {
  const path = setting(context, "key-file");
  if (path === undefined) return undefined;
  let key: Uint8Array;
  try {
    key = readFileSync(path);
  } catch (error) {
    throw usageError(`--key-file cannot be read: ${(error as Error).message}`);
  }
  if (key.length >= KEY_BYTES_MIN) return key;
  throw usageError(
    `${path} has ${key.length} bytes; a key has ${KEY_BYTES_MIN} or more (head -c 32 /dev/urandom > ${path}).`,
  );
}

/** The counts that were given, over those that hold otherwise. @throws CodedError USAGE */
export function configSetting(context: CommandContext, otherwise: ClusterConfig): ClusterConfig {
  const count = (name: string, fallback: number): number => context.arguments.integer(name, 1, 64) ?? fallback;
  return {
    logs: count("logs", otherwise.logs),
    replicas: count("replicas", otherwise.replicas),
    proxies: count("proxies", otherwise.proxies),
    resolvers: count("resolvers", otherwise.resolvers),
    splits: otherwise.splits,
  };
}

/** `BIPLANE_STORE_KEY_FILE` stands for `--key-file`. */
export function setting({ arguments: given, environment }: CommandContext, option: string): string | undefined {
  const fromEnvironment = environment[`BIPLANE_STORE_${option.toUpperCase().replaceAll("-", "_")}`];
  return given.text(option) ?? (fromEnvironment === "" ? undefined : fromEnvironment);
}
