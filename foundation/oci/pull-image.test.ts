import { describe, expect, test } from "bun:test";
import { createVirtualTime } from "#foundation/runtime";
import type { Digest } from "./content/digest.ts";
import { digestOf } from "./content/digest.ts";
import { encodeIndex } from "./content/manifest.ts";
import { MEDIA } from "./content/media-types.ts";
import { parseReference } from "./content/reference.ts";
import { type PullOptions, pullImage, type StoredImage } from "./pull-image.ts";
import { endpointOf, type RegistryOptions } from "./registry/registry-options.ts";
import { registrySource } from "./sources/registry-source.ts";
import { openBlobStore } from "./store/open-blob-store.ts";
import {
  directory,
  file,
  imageOf,
  type MemoryImage,
  tarOf,
  temporaryDirectory,
  treeOf,
} from "./testing/image-fixture.ts";
import { brokenOff, startRegistry, type TestRegistry, type TestRegistryOptions } from "./testing/test-registry.ts";
import { unpackImage } from "./unpack-image.ts";

const NOISE = "0123456789abcdef".repeat(40_000);
const IMAGE = imageOf(
  [tarOf(directory("bin"), file("bin/run", NOISE)), tarOf(file("bin/.wh.gone"), file("etc/os", "x"))],
  {
    pack: (bytes) => Bun.gzipSync(new Uint8Array(bytes)),
    config: { Cmd: ["/bin/run"], Env: ["A=b"] },
  },
);
const BIG = IMAGE.layers[0]!;
const USER = { username: "someone", password: "canary-password" };

interface Pulled {
  readonly registry: TestRegistry;
  readonly image: StoredImage | undefined;
  readonly error: { code?: string; details?: { reason?: string }; message?: string } | undefined;
  readonly tree: Record<string, string>;
}

/** Pulls `app:1` from a registry of the test into a new store, unpacks it, and tells what came of it. */
async function pull(
  registryOptions: Partial<TestRegistryOptions> = {},
  options: RegistryOptions & { limits?: PullOptions["limits"]; image?: MemoryImage; reference?: string } = {},
): Promise<Pulled> {
  using scratch = temporaryDirectory();
  const { image: served = IMAGE, limits, reference = "app:1", ...client } = options;
  const documents = { "1": served.manifest, [served.manifest.digest]: served.manifest };
  const registry = await startRegistry({ documents, blobs: served.blobs, ...registryOptions });
  try {
    const store = await openBlobStore(`${scratch.path}/store`);
    const source = registrySource(parseReference(`${registry.host}/${reference}`), client);
    const image = await pullImage({
      source,
      store,
      name: "app",
      limits,
      platform: { os: "linux", architecture: "amd64" },
    });
    await unpackImage({ store, image, target: `${scratch.path}/root`, ownership: { kind: "mine" } });
    return { registry, image, error: undefined, tree: treeOf(`${scratch.path}/root`) };
  } catch (error) {
    return { registry, image: undefined, error: error as Pulled["error"], tree: {} };
  } finally {
    await registry.close();
  }
}

const blobRequests = ({ registry }: Pulled, digest: Digest = BIG.digest) =>
  registry.requests.filter(({ path }) => path.endsWith(`blobs/${digest}`));

describe("pulling from a registry", () => {
  test("brings the layers and tells the runtime what it needs", async () => {
    const { image, tree, error } = await pull();
    expect(error).toBeUndefined();
    expect(image?.config).toMatchObject({ command: ["/bin/run"], environment: [["A", "b"]], workingDirectory: "/" });
    expect(Object.keys(tree)).toEqual(["bin", "bin/run", "etc", "etc/os"]);
  });

  test("by digest, and refuses another document under that digest", async () => {
    const { digest } = IMAGE.manifest;
    expect((await pull({}, { reference: `app@${digest}` })).error).toBeUndefined();
    const other = imageOf([]);
    const lying = await pull(
      { documents: { [digest]: other.manifest }, blobs: other.blobs },
      { reference: `app@${digest}` },
    );
    expect(lying.error?.code).toBe("image_layer_invalid");
  });

  test("with a token, which is asked for with our credentials and only then shown", async () => {
    const pulled = await pull({ user: USER }, { credentials: () => USER });
    expect(pulled.error).toBeUndefined();
    const shown = new Set(pulled.registry.requests.map(({ authorization }) => authorization?.split(" ")[0]));
    expect(shown).toEqual(new Set([undefined, "Basic", "Bearer"]));
    expect(pulled.registry.requests.filter(({ path }) => path === "/token")).toHaveLength(1);
  });

  test("with Basic where the registry asks for it", async () => {
    expect((await pull({ user: USER, basic: true }, { credentials: () => USER })).error).toBeUndefined();
  });

  test("says that credentials are missing or wrong, and never shows them", async () => {
    const without = await pull({ user: USER });
    expect(without.error).toMatchObject({
      code: "image_pull_failed",
      details: { reason: "unauthorised" },
      retryable: false,
    });
    const wrong = await pull({ user: USER }, { credentials: () => ({ ...USER, password: "canary-wrong" }) });
    expect(wrong.error?.details?.reason).toBe("unauthorised");
    expect(Bun.inspect(wrong.error)).not.toContain("canary");
  });

  test("follows redirects of blobs without showing the token there", async () => {
    const storage = await startRegistry({ documents: {}, blobs: IMAGE.blobs });
    try {
      const pulled = await pull({ user: USER, redirectTo: `http://${storage.host}` }, { credentials: () => USER });
      expect(pulled.error).toBeUndefined();
      expect(storage.requests.length).toBeGreaterThan(0);
      expect(storage.requests.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
    } finally {
      await storage.close();
    }
  });

  test("goes on where a connection broke", async () => {
    const bytes = IMAGE.blobs.get(BIG.digest)!;
    const half = bytes.length >> 1;
    const fault: TestRegistryOptions["fault"] = ({ path }, earlier) =>
      path.endsWith(BIG.digest) && earlier === 0 ? brokenOff(bytes, half) : undefined;
    const pulled = await pull({ fault });
    expect(pulled.error).toBeUndefined();
    expect(blobRequests(pulled).map(({ range }) => range)).toEqual([undefined, `bytes=${half}-`]);
    expect((await pull({ fault, ignoresRanges: true })).error).toBeUndefined();
  });

  test("refuses a blob with another digest", async () => {
    const bytes = Buffer.from(IMAGE.blobs.get(BIG.digest)!);
    bytes[bytes.length - 1]! ^= 1;
    const { error } = await pull({ blobs: new Map([...IMAGE.blobs, [BIG.digest, bytes]]) });
    expect(error?.code).toBe("image_layer_invalid");
  });

  test("waits as long as Retry-After says, and gives up when that is too long", async () => {
    const time = createVirtualTime(0);
    const waited: number[] = [];
    const timers = {
      ...time.timers,
      after: (delay: number, run: () => void) => {
        waited.push(delay);
        return time.timers.after(0, run);
      },
    };
    const busy =
      (seconds: string): TestRegistryOptions["fault"] =>
      ({ path }, earlier) =>
        path.endsWith("manifests/1") && earlier < 2 ? { status: 429, headers: [["Retry-After", seconds]] } : undefined;
    const pending = pull({ fault: busy("7") }, { timers, clock: time.clock });
    const ticking = setInterval(() => time.advance(1), 1);
    try {
      expect((await pending).error).toBeUndefined();
      expect(waited).toEqual([7000, 7000]);
      const refused = await pull({ fault: busy("3600") }, { timers, clock: time.clock });
      expect(refused.error).toMatchObject({
        code: "image_pull_failed",
        details: { reason: "rate_limited" },
        retryable: true,
      });
    } finally {
      clearInterval(ticking);
    }
  });

  test("gives up a blob that takes too long", async () => {
    const fault: TestRegistryOptions["fault"] = ({ path }) =>
      path.endsWith(BIG.digest)
        ? {
            status: 200,
            contentLength: BIG.size,
            body: (async function* () {
              await new Promise(() => {});
              yield new Uint8Array(1);
            })(),
          }
        : undefined;
    expect((await pull({ fault }, { limits: { layerTimeoutMs: 50 } })).error?.code).toBe("image_pull_timeout");
    expect((await pull({ fault }, { limits: { pullTimeoutMs: 50 } })).error?.code).toBe("image_pull_timeout");
  });

  test("refuses what is larger than allowed before it is fetched", async () => {
    for (const limits of [{ compressedBytes: 1000 }, { layers: 1 }, { documentBytes: 100 }]) {
      const pulled = await pull({}, { limits });
      expect(pulled.error?.code).toBe("image_too_large");
      expect(blobRequests(pulled)).toEqual([]);
    }
  });

  test("says that there is no such image", async () => {
    expect((await pull({}, { reference: "app:2" })).error).toMatchObject({
      code: "image_pull_failed",
      details: { reason: "not_found" },
    });
  });

  test("asks mirrors first, and the registry when they fail", async () => {
    const documents = { "1": IMAGE.manifest, [IMAGE.manifest.digest]: IMAGE.manifest };
    const mirror = await startRegistry({
      documents,
      blobs: new Map([...IMAGE.blobs].filter(([digest]) => digest !== BIG.digest)),
    });
    try {
      const pulled = await pull({}, { mirrors: () => [mirror.host] });
      expect(pulled.error).toBeUndefined();
      expect(pulled.registry.requests.map(({ path }) => path)).toEqual([`/v2/app/blobs/${BIG.digest}`]);
    } finally {
      await mirror.close();
    }
  });

  test("chooses the platform of an index and records all of them", async () => {
    const arm = imageOf([tarOf(file("arm"))], { architecture: "arm64" });
    const index = encodeIndex([
      { ...arm.manifest, platform: { os: "linux", architecture: "arm64" } },
      { ...IMAGE.manifest, platform: { os: "linux", architecture: "amd64" } },
      { ...arm.manifest, platform: { os: "unknown", architecture: "unknown" } },
    ]);
    const root = { mediaType: MEDIA.index, digest: digestOf(new Uint8Array(index)), size: index.length };
    const documents = { "1": root, [IMAGE.manifest.digest]: IMAGE.manifest, [arm.manifest.digest]: arm.manifest };
    const { image } = await pull({ documents, blobs: new Map([...IMAGE.blobs, ...arm.blobs, [root.digest, index]]) });
    expect(image).toMatchObject({ rootDigest: root.digest, manifestDigest: IMAGE.manifest.digest });
    expect(image?.platforms.map(({ architecture }) => architecture)).toEqual(["arm64", "amd64"]);
    expect((await pull({}, { image: arm })).error?.details?.reason).toBe("platform_missing");
  });

  test("speaks without TLS to loopback and to those it is told to, and to nobody else", async () => {
    const allowed = new Set(["plain.example:5000"]);
    expect(endpointOf("plain.example:5000", allowed)).toBe("http://plain.example:5000");
    expect(endpointOf("[::1]:5000", undefined)).toBe("http://[::1]:5000");
    for (const host of ["example.com", "localhost.example", "127.0.0.1.example", "plain.example"]) {
      expect(endpointOf(host, allowed)).toBe(`https://${host}`);
    }
    expect(endpointOf("docker.io", undefined)).toBe("https://registry-1.docker.io");
  });
});
