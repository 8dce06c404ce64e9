/** Artifacts that commands are about. */
import { readFileSync } from "node:fs";
import { type GatewayArtifact, type OpenArtifactOptions, openGatewayArtifact } from "#foundation/gateway-artifact";
import { usageError } from "../../cli/errors.ts";

/** @throws CodedError USAGE when it cannot be read; ArchiveError when it is none */
export function artifactOf(path: string, options?: OpenArtifactOptions): GatewayArtifact {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw usageError(`${path} cannot be read (${(error as { code?: string }).code ?? "unknown"}).`);
  }
  return openGatewayArtifact(bytes, options);
}
