/** Where a backup is: objects with names of small letters, digits, dots and hyphens, in a place that is for one backup alone. */
export interface BackupPlace {
  /** Resolves when the object is durable. The bytes are left alone until then. */
  put(name: string, bytes: Uint8Array): Promise<void>;
  /** Undefined when there is none. */
  get(name: string): Promise<Uint8Array | undefined>;
  /** The names of all objects. */
  list(): Promise<readonly string[]>;
  /** One that is not there is as good as removed. */
  remove(name: string): Promise<void>;
}
