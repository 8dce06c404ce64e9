/** Media types of OCI (image specification 1.1, media-types.md) and of Docker (distribution, "Image Manifest Version 2, Schema 2"). */

export const MEDIA = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
  layerGzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  layerZstd: "application/vnd.oci.image.layer.v1.tar+zstd",
  dockerIndex: "application/vnd.docker.distribution.manifest.list.v2+json",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerConfig: "application/vnd.docker.container.image.v1+json",
  dockerLayer: "application/vnd.docker.image.rootfs.diff.tar",
  dockerLayerGzip: "application/vnd.docker.image.rootfs.diff.tar.gzip",
} as const;

const INDEXES: ReadonlySet<string> = new Set([MEDIA.index, MEDIA.dockerIndex]);
const MANIFESTS: ReadonlySet<string> = new Set([MEDIA.manifest, MEDIA.dockerManifest]);
const CONFIGS: ReadonlySet<string> = new Set([MEDIA.config, MEDIA.dockerConfig]);
const LAYERS: ReadonlySet<string> = new Set([
  MEDIA.layer,
  MEDIA.layerGzip,
  MEDIA.layerZstd,
  MEDIA.dockerLayer,
  MEDIA.dockerLayerGzip,
]);

export const isIndexType = (type: string): boolean => INDEXES.has(type);
export const isManifestType = (type: string): boolean => MANIFESTS.has(type);
export const isConfigType = (type: string): boolean => CONFIGS.has(type);
export const isLayerType = (type: string): boolean => LAYERS.has(type);

/** What is asked of a registry: the types of documents that are understood. */
export const ACCEPTED_DOCUMENTS: string = [...INDEXES, ...MANIFESTS].join(", ");
