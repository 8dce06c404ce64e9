/** Pulls an artifact from a fleet's control plane, with the gateway's own key. */
import { openGatewayArtifact } from "#foundation/gateway-artifact";
import { HttpCallError, httpRequest } from "#foundation/http";
import type { Timers } from "#foundation/runtime";
import { ARTIFACT_BYTES_MAX, DOWNLOAD_IDLE_MS, DOWNLOAD_TIMEOUT_MS } from "./fleet-limits.ts";

export interface FetchOptions {
  readonly url: string;
  readonly apiKey: string;
  readonly ca: string | undefined;
  readonly timers: Timers;
  readonly signal: AbortSignal;
  /** Default {@link ARTIFACT_BYTES_MAX}. */
  readonly bytesMax?: number | undefined;
}

/** There is no artifact to use. */
export class FetchFailed extends Error {
  override readonly name = "FetchFailed";
  /** `verify`: bytes came, and would come again, that are of no use. */
  readonly stage: "download" | "verify";

  constructor(stage: "download" | "verify", message: string, cause?: unknown) {
    super(message, { cause });
    this.stage = stage;
  }
}

/**
 * The bytes, and the digest that they prove to have: all of the archive is verified against it. Signatures are for whoever uses it.
 *
 * @throws FetchFailed
 */
export async function fetchArtifact(
  options: FetchOptions,
): Promise<{ readonly bytes: Uint8Array; readonly digest: string }> {
  const bytes = await download(options);
  try {
    return { bytes, digest: openGatewayArtifact(bytes).digest };
  } catch (error) {
    throw new FetchFailed("verify", messageOf(error), error);
  }
}

async function download({ url, apiKey, ca, timers, signal, bytesMax }: FetchOptions): Promise<Uint8Array> {
  const ending = new AbortController();
  const abort = (): void => ending.abort();
  const timer = timers.after(DOWNLOAD_TIMEOUT_MS, abort);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    const reply = await httpRequest({
      url,
      headers: [["authorization", `Bearer ${apiKey}`]],
      timeoutMs: DOWNLOAD_IDLE_MS,
      signal: ending.signal,
      ...(ca === undefined ? {} : { ca }),
    });
    if (reply.status !== 200) {
      // Its body is not waited for: it may be endless.
      ending.abort();
      throw new FetchFailed("download", `the control plane answered ${reply.status}`);
    }
    return await reply.bytes(bytesMax ?? ARTIFACT_BYTES_MAX);
  } catch (error) {
    if (error instanceof FetchFailed) throw error;
    const isTooLarge = error instanceof HttpCallError && error.failure === "tooLarge";
    throw new FetchFailed(isTooLarge ? "verify" : "download", messageOf(error), error);
  } finally {
    timer.cancel();
    signal.removeEventListener("abort", abort);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
