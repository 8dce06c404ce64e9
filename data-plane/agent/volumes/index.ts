/** Volumes of a node: directories, with locked backups in object storage. */
export { DirectoryVolumes, type DirectoryVolumesOptions } from "./directory-volumes.ts";
