/** The configuration of an image as plain data for a runtime (OCI image specification 1.1, config.md; health checks are Docker's). */

import { layerInvalid } from "../errors.ts";
import { type Digest, isDigest } from "./digest.ts";
import { Place } from "./json-shape.ts";
import type { Platform } from "./platform.ts";

export interface ExposedPort {
  readonly port: number;
  readonly protocol: "tcp" | "udp" | "sctp";
}

export interface HealthCheck {
  /** `none` takes back what a lower image set; `command` is run as it is, `shell` by the image's shell. */
  readonly test:
    | { readonly kind: "none" }
    | { readonly kind: "command" | "shell"; readonly arguments: readonly string[] };
  /** Milliseconds; undefined where the image leaves it to the runtime. */
  readonly intervalMs: number | undefined;
  readonly timeoutMs: number | undefined;
  readonly startPeriodMs: number | undefined;
  readonly retries: number | undefined;
}

export interface ImageConfig {
  readonly platform: Platform;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  /** In the order of the image; of equal names the last counts. */
  readonly environment: readonly (readonly [name: string, value: string])[];
  /** `user`, `uid`, `user:group` …; `""` is root. Names are looked up in the image's own /etc/passwd. */
  readonly user: string;
  /** Absolute; `/` when the image says nothing. */
  readonly workingDirectory: string;
  readonly exposedPorts: readonly ExposedPort[];
  readonly volumes: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** `SIGTERM` and the like, or a number; undefined leaves it to the runtime. */
  readonly stopSignal: string | undefined;
  readonly healthCheck: HealthCheck | undefined;
  /** Digests of the layers before compression, from the lowest to the highest. */
  readonly diffIds: readonly Digest[];
}

/** @throws image_layer_invalid when the configuration is not well formed */
export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  const place = Place.parse(bytes, "configuration");
  const config = place.at("config");
  const member = (name: string): Place => (config.given ? config.at(name) : config);
  const variant = place.at("variant").textOr("");
  const rootfs = place.at("rootfs");
  if (rootfs.at("type").text() !== "layers") throw rootfs.at("type").wrong('"layers"');
  const workingDirectory = member("WorkingDir").textOr("") || "/";
  return {
    platform: {
      os: place.at("os").text(),
      architecture: place.at("architecture").text(),
      ...(variant === "" ? {} : { variant }),
    },
    entrypoint: member("Entrypoint").texts(),
    command: member("Cmd").texts(),
    environment: member("Env").texts().map(parseVariable),
    user: member("User").textOr(""),
    workingDirectory: workingDirectory.startsWith("/") ? workingDirectory : `/${workingDirectory}`,
    exposedPorts: member("ExposedPorts").keys().map(parsePort),
    volumes: member("Volumes").keys(),
    labels: member("Labels").textMap(),
    stopSignal: member("StopSignal").textOr("") || undefined,
    healthCheck: parseHealthCheck(member("Healthcheck")),
    diffIds: rootfs
      .at("diff_ids")
      .list()
      .map((entry) => {
        const digest = entry.text();
        if (!isDigest(digest)) throw entry.wrong("a digest");
        return digest;
      }),
  };
}

function parseVariable(text: string): readonly [string, string] {
  const equals = text.indexOf("=");
  if (equals === 0 || text.includes("\0"))
    throw layerInvalid("A variable of the image's environment has no name or holds a NUL.");
  return equals < 0 ? [text, ""] : [text.slice(0, equals), text.slice(equals + 1)];
}

function parsePort(text: string): ExposedPort {
  const match = /^([0-9]{1,5})(?:\/(tcp|udp|sctp))?$/i.exec(text);
  const port = Number(match?.[1]);
  if (match === null || port < 1 || port > 65_535)
    throw layerInvalid(`The exposed port ${JSON.stringify(text)} is none.`);
  return { port, protocol: (match[2]?.toLowerCase() ?? "tcp") as ExposedPort["protocol"] };
}

function parseHealthCheck(place: Place): HealthCheck | undefined {
  if (!place.given) return undefined;
  const [how, ...rest] = place.at("Test").texts();
  if (how === undefined) return undefined;
  const milliseconds = (name: string): number | undefined => {
    const nanoseconds = place.at(name).given ? place.at(name).count() : 0;
    return nanoseconds === 0 ? undefined : nanoseconds / 1_000_000;
  };
  const retries = place.at("Retries").given ? place.at("Retries").count() : 0;
  if (how !== "NONE" && how !== "CMD" && how !== "CMD-SHELL") throw place.at("Test").wrong("NONE, CMD or CMD-SHELL");
  return {
    test: how === "NONE" ? { kind: "none" } : { kind: how === "CMD" ? "command" : "shell", arguments: rest },
    intervalMs: milliseconds("Interval"),
    timeoutMs: milliseconds("Timeout"),
    startPeriodMs: milliseconds("StartPeriod"),
    retries: retries === 0 ? undefined : retries,
  };
}
