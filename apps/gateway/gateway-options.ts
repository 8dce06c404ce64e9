/** What `biplane gateway serve` and the gateway's own executable are told, from texts to settings. */
import { BlockList, isIP } from "node:net";
import type { GatewayLimits, SecretSources, TrustPolicy } from "#data-plane/gateway";
import { readTrustedKey } from "#foundation/sealed-archive";
import { isLogLevel, LOG_LEVELS, type LogLevel } from "#foundation/telemetry";
import { type FleetSettings, readFleetSettings } from "./fleet-options.ts";
import { GatewayUsage } from "./gateway-usage.ts";
import { fileOf } from "./read-file.ts";
import { readTlsFiles, type TlsFiles } from "./tls-files.ts";
import { readTraceSettings, type TraceSettings } from "./trace-options.ts";

/** Options as they are written, by name without dashes; switches are `true`. */
export type GatewayTexts = Readonly<Record<string, string | boolean | undefined>>;

export interface Address {
  readonly hostname: string;
  readonly port: number;
}

export interface GatewaySettings {
  /** A file; undefined for a gateway of a fleet that is told what to serve. */
  readonly artifact: string | undefined;
  /** Undefined for a gateway by itself. */
  readonly fleet: FleetSettings | undefined;
  readonly listen: Address;
  /** Undefined: no admin port. */
  readonly admin: Address | undefined;
  readonly limits: Partial<GatewayLimits>;
  readonly tls: TlsFiles | undefined;
  readonly trust: TrustPolicy | undefined;
  /** Undefined: traces go nowhere. */
  readonly traces: TraceSettings | undefined;
  readonly secrets: SecretSources;
  readonly isTrustedProxy: ((address: string) => boolean) | undefined;
  readonly logLevel: LogLevel;
  /** A file, or `-` for standard output. */
  readonly accessLog: string | undefined;
  readonly graceMs: number;
}

/** @throws GatewayUsage */
export function readGatewaySettings(
  texts: GatewayTexts,
  environment: Readonly<Record<string, string | undefined>>,
): GatewaySettings {
  const text = (name: string): string | undefined => {
    const given = texts[name];
    return typeof given === "string" && given !== "" ? given : undefined;
  };
  const artifact = text("artifact");
  const fleet = readFleetSettings(text, environment);
  if (artifact === undefined && fleet === undefined) {
    throw new GatewayUsage(
      "Which artifact? Name it with --artifact FILE, or a control plane with --control-plane URL.",
    );
  }
  const adminBind = text("admin-bind") ?? "127.0.0.1:8081";
  const logLevel = text("log-level") ?? "info";
  if (!isLogLevel(logLevel))
    throw new GatewayUsage(`--log-level must be one of ${LOG_LEVELS.join(", ")}, not "${logLevel}".`);
  const secretsFolder = text("secrets-dir");
  return {
    artifact,
    fleet,
    listen: addressOf("listen", text("listen") ?? "127.0.0.1:8080"),
    admin: adminBind === "off" ? undefined : addressOf("admin-bind", adminBind),
    limits: {
      ...numberIn("max-body-size", text, 1, 2 ** 40, (maxBodyBytes) => ({ maxBodyBytes })),
      ...numberIn("max-headers", text, 1, 10_000, (maxFields) => ({ maxFields })),
      ...numberIn("max-uri-length", text, 1, 1_048_576, (maxTargetBytes) => ({ maxTargetBytes })),
      ...numberIn("max-connections", text, 1, 1_000_000, (maxConnections) => ({ maxConnections })),
      ...numberIn("keepalive-timeout", text, 1, 86_400, (seconds) => ({ idleTimeoutMs: seconds * 1000 })),
    },
    tls: readTlsFiles(text),
    trust: trustOf(text("trusted-key")),
    traces: readTraceSettings(text, environment),
    secrets: { environment, ...(secretsFolder === undefined ? {} : { secretsFolder }) },
    isTrustedProxy: proxiesOf(text("trusted-proxies")),
    logLevel,
    accessLog: text("access-log"),
    graceMs:
      numberIn("shutdown-timeout", text, 0, 86_400, (seconds) => ({ graceMs: seconds * 1000 })).graceMs ?? 30_000,
  };
}

function addressOf(option: string, text: string): Address {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([\w.-]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw new GatewayUsage(`--${option} must be HOST:PORT, not "${text}".`);
  return { hostname: match[1] ?? match[2]!, port };
}

function numberIn<Made extends object>(
  option: string,
  text: (name: string) => string | undefined,
  least: number,
  most: number,
  make: (number: number) => Made,
): Partial<Made> {
  const given = text(option);
  if (given === undefined) return {};
  const number = /^\d{1,15}$/.test(given) ? Number(given) : Number.NaN;
  if (number >= least && number <= most) return make(number);
  throw new GatewayUsage(`--${option} must be a whole number from ${least} to ${most}, not "${given}".`);
}

function trustOf(files: string | undefined): TrustPolicy | undefined {
  if (files === undefined) return undefined;
  const trustedKeys = files.split(",").map((path) => {
    const pem = fileOf("trusted-key", path);
    try {
      return readTrustedKey(pem);
    } catch {
      throw new GatewayUsage(`--trusted-key: ${path} holds no public Ed25519 key in PEM.`);
    }
  });
  return { trustedKeys, requireSignature: true };
}

function proxiesOf(cidrs: string | undefined): GatewaySettings["isTrustedProxy"] {
  if (cidrs === undefined) return undefined;
  const list = new BlockList();
  for (const cidr of cidrs.split(",")) {
    const [address = "", bits] = cidr.trim().split("/");
    const version = isIP(address);
    const most = version === 6 ? 128 : 32;
    const prefix = bits === undefined ? most : Number(bits);
    if (version === 0 || !Number.isInteger(prefix) || prefix < 0 || prefix > most) {
      throw new GatewayUsage(`--trusted-proxies: "${cidr}" is no address and no CIDR.`);
    }
    list.addSubnet(address, prefix, version === 6 ? "ipv6" : "ipv4");
  }
  return (address) => {
    const version = isIP(address);
    return version !== 0 && list.check(address, version === 6 ? "ipv6" : "ipv4");
  };
}
