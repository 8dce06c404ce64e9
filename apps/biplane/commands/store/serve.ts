/** `biplane store serve` */
import { join } from "node:path";
import { parseAddress } from "#foundation/rpc";
import type { NodeRecord } from "#foundation/store-protocol";
import type { CommandBody, CommandContext } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import { dataDirectoryOf } from "../../cli/find-cloud.ts";
import { logLevelSetting } from "../start/settings.ts";
import { addressOf, configSetting, coordinatorsSetting, keySetting, nodeNameSetting, setting } from "./settings.ts";

type Capability = NodeRecord["capabilities"][number];

const CAPABILITIES: readonly Capability[] = ["log", "storage", "transaction"];
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/;

export const serve: CommandBody = async (context) => {
  const name = nodeNameSetting(context);
  const coordinators = coordinatorsSetting(context);
  const listed = coordinators.find((one) => one.name === name)?.address;
  const given = setting(context, "listen");
  if (listed === undefined && given === undefined) {
    throw usageError(`${name} is no coordinator: say with --listen HOST:PORT where others reach it.`);
  }
  const address = given === undefined ? listed! : addressOf(given, "--listen");
  if (listed !== undefined && listed !== address) {
    throw usageError(`--listen ${address} is not where the list of coordinators has ${name}: ${listed}.`);
  }
  const key = keySetting(context);
  const bindHost = setting(context, "bind");
  if (key === undefined && !LOOPBACK.test(bindHost ?? parseAddress(address).host)) {
    throw usageError(
      "Beyond loopback addresses everybody could read and write: give all nodes and clients a --key-file.",
      "head -c 32 /dev/urandom > store.key",
    );
  }
  const copies = Math.min(3, coordinators.length);
  const options = {
    directory: join(dataDirectoryOf(context), "store", name),
    name,
    address,
    bindHost,
    coordinators,
    capabilities: capabilitiesSetting(context, listed !== undefined),
    firstConfig: configSetting(context, { logs: copies, replicas: copies, proxies: 1, resolvers: 1, splits: [] }),
    mayShareNodes: context.arguments.has("share-nodes"),
    key,
    logLevel: logLevelSetting(context),
    version: context.version,
    print: (line: string) => context.terminal.line(line),
  };
  const { runStore } = await import("../../planes/index.ts");
  return runStore(options);
};

function capabilitiesSetting(context: CommandContext, coordinates: boolean): readonly Capability[] {
  const text = setting(context, "capabilities");
  const named = text === undefined ? CAPABILITIES : text.split(",");
  const unknown = named.find((one) => !(CAPABILITIES as readonly string[]).includes(one));
  if (unknown !== undefined)
    throw usageError(`--capabilities has "${unknown}"; ${CAPABILITIES.join(", ")} are allowed.`);
  return [...(coordinates ? (["coordination"] as const) : []), ...(named as readonly Capability[])];
}
