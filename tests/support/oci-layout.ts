/** Makes an image of a directory, as an OCI image layout (image-spec, image-layout.md). */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** @param config members of the image's `config`: `User`, `Cmd` … */
export function writeOciLayout(directory: string, root: string, config: object): void {
  const blobs = join(directory, "blobs/sha256");
  mkdirSync(blobs, { recursive: true });
  const put = (bytes: Uint8Array, mediaType: string) => {
    const hex = createHash("sha256").update(bytes).digest("hex");
    writeFileSync(join(blobs, hex), bytes);
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
  };
  const putJson = (value: object, mediaType: string) => put(Buffer.from(JSON.stringify(value)), mediaType);
  const tar = join(directory, "layer.tar");
  const packed = Bun.spawnSync(["tar", "--create", "--file", tar, "--directory", root, "."]);
  if (packed.exitCode !== 0) throw new Error(packed.stderr.toString());
  const layer = put(readFileSync(tar), "application/vnd.oci.image.layer.v1.tar");
  const architecture = process.arch === "arm64" ? "arm64" : "amd64";
  const described = { architecture, os: "linux", config, rootfs: { type: "layers", diff_ids: [layer.digest] } };
  const manifest = {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: putJson(described, "application/vnd.oci.image.config.v1+json"),
    layers: [layer],
  };
  const index = { schemaVersion: 2, manifests: [putJson(manifest, manifest.mediaType)] };
  writeFileSync(join(directory, "index.json"), JSON.stringify(index));
  writeFileSync(join(directory, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
}
