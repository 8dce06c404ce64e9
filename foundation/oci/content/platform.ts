/** Which of an index's images runs here (OCI image specification 1.1, image-index.md, "platform"; names are Go's GOOS and GOARCH). */

import { pullFailed } from "../errors.ts";
import type { Digest } from "./digest.ts";
import type { Index, PlatformDescriptor } from "./manifest.ts";

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

/** The digest of the image for one platform, as a release records it. */
export interface PlatformDigest extends Platform {
  readonly digest: Digest;
}

const GO_ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };

/** The platform whose images this machine runs: always Linux, because containers are. */
export function hostPlatform(architecture: string = process.arch): Platform {
  return { os: "linux", architecture: GO_ARCHITECTURES[architecture] ?? architecture };
}

/** Older variants that a processor also runs, best first. An absent variant is the architecture's default. */
function variantsFor({ architecture, variant }: Platform): readonly string[] {
  if (architecture === "arm") {
    const newest = Number(/^v([5-8])$/.exec(variant ?? "v7")?.[1] ?? 7);
    return ["v8", "v7", "v6", "v5"].filter((name) => Number(name.slice(1)) <= newest);
  }
  if (architecture === "arm64") return [variant ?? "v8", "v8"];
  if (architecture === "amd64") {
    const newest = Number(/^v([1-4])$/.exec(variant ?? "v1")?.[1] ?? 1);
    return ["v4", "v3", "v2", "v1"].filter((name) => Number(name.slice(1)) <= newest);
  }
  return [variant ?? ""];
}

const DEFAULT_VARIANTS: Readonly<Record<string, string>> = { arm: "v7", arm64: "v8", amd64: "v1" };

function variantOf(platform: Platform): string {
  return platform.variant ?? DEFAULT_VARIANTS[platform.architecture] ?? "";
}

/** `linux/arm64/v8` */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join("/");
}

/** Whether an image made for `offered` runs on `wanted`. */
export function runsOn(offered: Platform, wanted: Platform): boolean {
  return rank(offered, wanted) >= 0;
}

function rank(offered: Platform, wanted: Platform): number {
  if (offered.os !== wanted.os || offered.architecture !== wanted.architecture) return -1;
  return variantsFor(wanted).indexOf(variantOf(offered));
}

/**
 * The best entry for a platform; of equals the first, as the specification asks.
 *
 * @throws image_pull_failed (platform_missing), naming what there is
 */
export function selectPlatform(index: Index, wanted: Platform): PlatformDescriptor {
  let best: PlatformDescriptor | undefined;
  let bestRank = Number.POSITIVE_INFINITY;
  for (const entry of index.manifests) {
    if (entry.platform === undefined) continue;
    const place = rank(entry.platform, wanted);
    if (place >= 0 && place < bestRank) {
      best = entry;
      bestRank = place;
    }
  }
  // An index of one image that does not say what it is for: its configuration will.
  if (best === undefined && index.manifests.length === 1 && index.manifests[0]!.platform === undefined) {
    best = index.manifests[0]!;
  }
  if (best !== undefined) return best;
  const offered = platformDigests(index).map(formatPlatform).join(", ") || "no platform at all";
  throw pullFailed("platform_missing", `The image is not made for ${formatPlatform(wanted)}; it is for ${offered}.`);
}

/** What the index offers, without attestations and other entries that are not images to run. */
export function platformDigests(index: Index): readonly PlatformDigest[] {
  return index.manifests.flatMap(({ platform, digest }) =>
    platform === undefined || platform.os === "unknown" ? [] : [{ ...platform, digest }],
  );
}
