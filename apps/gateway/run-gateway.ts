/** A gateway that serves until it is told to stop. Nothing of a control plane is in here. */
import { openSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import {
  createOtlpTraces,
  Gateway,
  type GatewayOptions,
  type OtlpTraces,
  SecretUnavailable,
  serveAdmin,
  UnusableArtifact,
  watchFile,
} from "#data-plane/gateway";
import type { Server } from "#foundation/http1";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { ArchiveError } from "#foundation/sealed-archive";
import {
  accessLogger,
  createLogger,
  createMetrics,
  descriptorSink,
  type Logger,
  observeProcess,
} from "#foundation/telemetry";
import type { GatewaySettings } from "./gateway-options.ts";
import { GatewayUsage } from "./gateway-usage.ts";
import { type FleetMember, joinFleet } from "./join-fleet.ts";
import { readTls, type TlsFiles } from "./tls-files.ts";

export interface GatewayProgram {
  readonly version: string;
  /** Where the lines for people go. */
  readonly print: (line: string) => void;
  /** Where complaints go. */
  readonly complain: (line: string) => void;
}

const FAILURE = 1;
const USAGE = 2;
/** Kept from the tools that came before: what starts gateways knows it. */
const NO_SECRET = 13;

/**
 * Serves until SIGINT or SIGTERM, then lets requests end. SIGHUP reads the artifact again; so does every change of the file.
 *
 * A gateway of a fleet serves what its control plane says, and until then what it served last, or the file.
 *
 * @returns the exit code: 1 for an artifact that cannot be used, 2 for a state directory that cannot, 13 for a secret that is not there
 */
export async function runGateway(
  settings: GatewaySettings,
  { version, print, complain }: GatewayProgram,
): Promise<number> {
  const begun = performance.now();
  const log = createLogger({ level: settings.logLevel });
  const metrics = createMetrics();
  observeProcess(metrics);
  const traces = tracesOf(settings, version, log, metrics);
  const gateway = new Gateway({ ...optionsOf(settings, log, metrics), ...(traces === undefined ? {} : { traces }) });
  let admin: Server | undefined;
  let member: FleetMember | undefined;
  try {
    const unusable = await useFirst(gateway, settings);
    if (settings.fleet !== undefined) {
      member = await joinFleet(settings.fleet, { gateway, listen: settings.listen, version, log, metrics });
    }
    if (unusable !== undefined) {
      if (gateway.artifact === undefined) throw unusable;
      log.warn("--artifact cannot be used; what was kept is served", { reason: reasonOf(unusable) });
    }
    if (settings.admin !== undefined) {
      const fleet = member === undefined ? {} : { fleet: member.describe };
      admin = await serveAdmin({ gateway, metrics, ...fleet, ...settings.admin, now: () => systemClock.now() });
    }
    await gateway.listen();
  } catch (error) {
    complain(`biplane gateway: ${reasonOf(error)}`);
    await member?.close();
    await gateway.close(0);
    await admin?.close(0);
    if (error instanceof GatewayUsage) return USAGE;
    if (error instanceof SecretUnavailable) return NO_SECRET;
    if (isExpected(error)) return FAILURE;
    throw error;
  }
  const stops = [watch(gateway, settings, log), watchTls(gateway, settings.tls, log)];
  const { artifact, hostname, port } = gateway;
  const scheme = settings.tls === undefined ? "http" : "https";
  print(`Biplane ${version}, gateway`);
  print(`  serves        ${scheme}://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`);
  if (admin !== undefined) print(`  admin         http://${admin.hostname}:${admin.port}`);
  if (settings.fleet !== undefined) {
    print(`  fleet         ${settings.fleet.controlPlaneUrl}   project ${settings.fleet.projectId}`);
  }
  print(
    artifact === undefined
      ? "  artifact      none yet: answers 503 until the control plane says what to serve"
      : `  artifact      ${settings.fleet === undefined ? `${settings.artifact}   ` : ""}${artifact.plan.operations.length} operations, ${artifact.digest.slice(0, 19)}…`,
  );
  print(`ready in ${Math.round(performance.now() - begun)} ms`);
  await untilToldToStop();
  for (const stop of stops) stop();
  await member?.close();
  await gateway.close(settings.graceMs);
  await traces?.close();
  await admin?.close(0);
  return 0;
}

function optionsOf(
  settings: GatewaySettings,
  log: GatewayOptions["log"],
  metrics: GatewayOptions["metrics"],
): GatewayOptions {
  const { listen, limits, tls, trust, secrets, isTrustedProxy, accessLog } = settings;
  return {
    ...listen,
    limits,
    ...(tls === undefined ? {} : { tls: readTls(tls) }),
    ...(trust === undefined ? {} : { trust }),
    secrets,
    ...(isTrustedProxy === undefined ? {} : { isTrustedProxy }),
    ...(accessLog === undefined ? {} : { accessLog: accessLogger(descriptorSink(descriptorOf(accessLog)), "gateway") }),
    log,
    metrics,
    runtime: { clock: systemClock, timers: systemTimers, random: systemRandom },
  };
}

function tracesOf(
  { traces, listen }: GatewaySettings,
  version: string,
  log: Logger,
  metrics: GatewayOptions["metrics"],
): OtlpTraces | undefined {
  if (traces === undefined) return undefined;
  const runtime = { clock: systemClock, timers: systemTimers, random: systemRandom };
  const instance = `${hostname()}:${listen.port}:${process.pid}`;
  return createOtlpTraces({ ...traces, version, instance, runtime, metrics, log });
}

function descriptorOf(path: string): number {
  try {
    return path === "-" ? 1 : openSync(path, "a", 0o600);
  } catch (error) {
    throw new GatewayUsage(
      `--access-log: ${path} cannot be written (${(error as { code?: string }).code ?? "unknown"}).`,
    );
  }
}

/**
 * Uses the file that was named, if one was. A gateway of a fleet may have something better.
 *
 * @returns why the file of a gateway of a fleet cannot be used
 */
async function useFirst(gateway: Gateway, { artifact, fleet }: GatewaySettings): Promise<unknown> {
  if (artifact === undefined) return undefined;
  try {
    await gateway.use(artifactBytes(artifact));
    return undefined;
  } catch (error) {
    if (fleet === undefined || !(isExpected(error) || error instanceof SecretUnavailable)) throw error;
    return error;
  }
}

/** Serves what comes into the file, unless a control plane says what is served. @returns what ends it */
function watch(gateway: Gateway, { artifact, fleet }: GatewaySettings, log: Logger): () => void {
  if (artifact === undefined || fleet !== undefined) {
    process.on("SIGHUP", () => log.info("SIGHUP changes nothing: the control plane says what is served"));
    return () => {};
  }
  const file = watchFile({
    path: artifact,
    timers: systemTimers,
    onContents: (bytes) => void reload(gateway, bytes, log),
    onUnreadable: (error) => log.warn("the artifact cannot be read; the one that was read before is served", { error }),
  });
  process.on("SIGHUP", () => file.look());
  return () => file.close();
}

/** Shows other certificates as soon as there are any, or on SIGHUP. @returns what ends it */
function watchTls(gateway: Gateway, files: TlsFiles | undefined, log: Logger): () => void {
  if (files === undefined) return () => {};
  const use = async (): Promise<void> => {
    try {
      await gateway.useTls(readTls(files));
      log.info("certificates are read again");
    } catch (error) {
      // A certificate that comes before its key: the key is seen a moment later.
      log.error("certificates cannot be used; those before are shown", { reason: reasonOf(error) });
    }
  };
  const watched = [files.cert, files.key].map((path) =>
    watchFile({
      path,
      timers: systemTimers,
      onContents: () => void use(),
      onUnreadable: (error) => log.warn("a certificate cannot be read; the one before is shown", { error }),
    }),
  );
  process.on("SIGHUP", () => void use());
  return () => {
    for (const file of watched) file.close();
  };
}

function artifactBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UnusableArtifact(`${path} cannot be read (${(error as { code?: string }).code ?? "unknown"}).`);
  }
}

async function reload(gateway: Gateway, bytes: Uint8Array, log: GatewayOptions["log"]): Promise<void> {
  try {
    const { digest, changed } = await gateway.use(bytes);
    log.info(changed ? "another artifact is served" : "the artifact is the same as before", { digest });
  } catch (error) {
    log.error("an artifact is refused; the one before is served", { reason: reasonOf(error) });
  }
}

const isExpected = (error: unknown): boolean =>
  error instanceof ArchiveError ||
  error instanceof UnusableArtifact ||
  (error instanceof Error && "code" in error && (error.code === "EADDRINUSE" || error.code === "EACCES"));

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ("code" in error && error.code === "EADDRINUSE") {
    return "a port is taken by another program; choose others with --listen and --admin-bind, or 0 for any free one.";
  }
  return error.message;
}

/** The first SIGINT or SIGTERM. A second one ends the process at once, for people who cannot wait. */
function untilToldToStop(): Promise<void> {
  return new Promise((resolve) => {
    let told = false;
    const stop = (): void => {
      if (told) process.exit(130);
      told = true;
      resolve();
    };
    process.on("SIGINT", stop);
    process.on("SIGTERM", stop);
  });
}
