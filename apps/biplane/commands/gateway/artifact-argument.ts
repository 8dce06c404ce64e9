/** Artifacts that commands are about, and the keys that shall have signed them. */
import type { KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { type GatewayArtifact, type OpenArtifactOptions, openGatewayArtifact } from "#foundation/gateway-artifact";
import { readTrustedKey } from "#foundation/sealed-archive";
import type { CommandContext } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";

/** @throws CodedError USAGE when it cannot be read; ArchiveError when it is none */
export function artifactOf(path: string, options?: OpenArtifactOptions): GatewayArtifact {
  return openGatewayArtifact(fileOf(path), options);
}

/** @throws CodedError USAGE when it cannot be read */
export function fileOf(path: string): Uint8Array<ArrayBuffer> {
  try {
    return readFileSync(path);
  } catch (error) {
    throw usageError(`${path} cannot be read (${(error as { code?: string }).code ?? "unknown"}).`);
  }
}

/** The files that `--trusted-key` names. @throws CodedError USAGE */
export function trustedKeysOf(given: CommandContext["arguments"]): readonly KeyObject[] {
  return (given.text("trusted-key")?.split(",") ?? []).map((file) => {
    try {
      return readTrustedKey(readFileSync(file, "utf8"));
    } catch {
      throw usageError(`--trusted-key must name files with public Ed25519 keys in PEM; ${file} is none.`);
    }
  });
}
