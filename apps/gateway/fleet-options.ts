/** What a gateway is told of its fleet. */
import { readFileSync } from "node:fs";
import { fleetAddress } from "#data-plane/gateway/fleet";
import { GatewayUsage } from "./gateway-usage.ts";

/** Where the key is taken from when no option says so: what is on a command line can be read by everybody on the machine. */
export const API_KEY_VARIABLE = "BIPLANE_GATEWAY_API_KEY";

export interface FleetSettings {
  readonly controlPlaneUrl: string;
  readonly projectId: string;
  readonly apiKey: string;
  /** Where the key is, when it is in a file: it may be another one later. */
  readonly apiKeyFile: string | undefined;
  readonly name: string | undefined;
  readonly group: string | undefined;
  /** Where its identity and the last artifact are kept. */
  readonly stateDirectory: string | undefined;
  /** Certificate authorities in PEM. */
  readonly ca: string | undefined;
}

type Text = (name: string) => string | undefined;

const ID = /^[A-Za-z0-9._:-]{1,128}$/;
const NAME = /^[\x21-\x7e](?:[\x20-\x7e]{0,126}[\x21-\x7e])?$/;
const KEY = /^[\x21-\x7e]{1,512}$/;

/** Options that mean something to a gateway of a fleet only. */
const OF_FLEETS = [
  "project-id",
  "api-key",
  "api-key-file",
  "data-plane-name",
  "data-plane-group",
  "state-dir",
  "control-plane-ca",
] as const;

/** @returns undefined for a gateway by itself. @throws GatewayUsage, without the key in its message */
export function readFleetSettings(
  text: Text,
  environment: Readonly<Record<string, string | undefined>>,
): FleetSettings | undefined {
  const controlPlaneUrl = text("control-plane");
  if (controlPlaneUrl === undefined) {
    const alone = OF_FLEETS.find((option) => text(option) !== undefined);
    if (alone !== undefined)
      throw new GatewayUsage(`--${alone} is for gateways of a fleet: name its control plane with --control-plane URL.`);
    return undefined;
  }
  try {
    fleetAddress(controlPlaneUrl);
  } catch (error) {
    throw new GatewayUsage(`--control-plane: ${(error as TypeError).message}.`);
  }
  const projectId = text("project-id");
  if (projectId === undefined) throw new GatewayUsage("Which project? Name it with --project-id ID.");
  if (!ID.test(projectId)) throw new GatewayUsage("--project-id must be letters, digits and . _ : -");
  const ca = text("control-plane-ca");
  return {
    controlPlaneUrl,
    projectId,
    apiKey: readKey(text, environment),
    apiKeyFile: text("api-key-file"),
    name: readName("data-plane-name", text),
    group: readName("data-plane-group", text),
    stateDirectory: text("state-dir"),
    ca: ca === undefined ? undefined : fileOf("control-plane-ca", ca),
  };
}

function readKey(text: Text, environment: Readonly<Record<string, string | undefined>>): string {
  const option = text("api-key");
  const path = text("api-key-file");
  if (option !== undefined && path !== undefined)
    throw new GatewayUsage("--api-key and --api-key-file are not given together.");
  const key = option ?? (path === undefined ? environment[API_KEY_VARIABLE] : fileOf("api-key-file", path).trim());
  if (key === undefined || key === "") {
    throw new GatewayUsage(
      `Which key? Put it into the variable ${API_KEY_VARIABLE} or into a file that --api-key-file names.`,
    );
  }
  if (!KEY.test(key)) throw new GatewayUsage("The API key must be printable ASCII without spaces.");
  return key;
}

function readName(option: string, text: Text): string | undefined {
  const name = text(option);
  if (name !== undefined && !NAME.test(name))
    throw new GatewayUsage(`--${option} must be 1 to 128 printable ASCII characters.`);
  return name;
}

function fileOf(option: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new GatewayUsage(`--${option}: ${path} cannot be read (${(error as { code?: string }).code ?? "unknown"}).`);
  }
}

/** The key that a file holds now; undefined while it cannot be read. */
export function keyOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}
