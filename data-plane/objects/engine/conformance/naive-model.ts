/**
 * A second, deliberately naive engine for one bucket: arrays, filters and sorts. It is what the real one is compared with.
 */

import type { ListQuery, VersioningState } from "../port.ts";

/** One version or marker. */
export interface NaiveVersion {
  readonly key: string;
  /** What the real engine answered; the model does not make ids. */
  readonly versionId: string;
  readonly marker: boolean;
  readonly bytes: Uint8Array;
  tag: string;
}

/** A line of a listing: a version, or a common prefix. */
export type NaiveEntry = NaiveVersion | string;

export interface NaivePage {
  readonly entries: readonly NaiveEntry[];
  readonly truncated: boolean;
}

function order(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

export class NaiveBucket {
  versioning: VersioningState = "Off";
  /** In the order in which they were made. */
  private versions: NaiveVersion[] = [];

  /** Versions of a key, newest first. */
  of(key: string): NaiveVersion[] {
    return this.versions.filter((version) => version.key === key).reverse();
  }

  latest(key: string): NaiveVersion | undefined {
    return this.of(key)[0];
  }

  all(): NaiveVersion[] {
    const keys = [...new Set(this.versions.map((version) => version.key))].sort(order);
    return keys.flatMap((key) => this.of(key));
  }

  visible(): NaiveVersion[] {
    return this.all().filter((version) => !version.marker && this.latest(version.key) === version);
  }

  put(key: string, versionId: string, bytes: Uint8Array): void {
    if (this.versioning !== "Enabled") this.remove(key, "null");
    this.versions.push({ key, versionId, marker: false, bytes, tag: "" });
  }

  delete(key: string, versionId: string | undefined): void {
    if (this.versioning === "Off") this.remove(key, "null");
    else {
      if (this.versioning === "Suspended") this.remove(key, "null");
      this.versions.push({ key, versionId: versionId ?? "?", marker: true, bytes: new Uint8Array(0), tag: "" });
    }
  }

  remove(key: string, versionId: string): void {
    this.versions = this.versions.filter((version) => version.key !== key || version.versionId !== versionId);
  }

  usage() {
    return {
      objects: this.visible().length,
      versions: this.versions.length,
      bytes: this.versions.reduce((sum, version) => sum + version.bytes.length, 0),
    };
  }

  /** The port's definition of a page, word for word, over everything there is. */
  page(kind: "objects" | "versions", query: ListQuery): NaivePage {
    const rows = kind === "objects" ? this.visible() : this.all();
    const lines: { readonly name: string; readonly entry: NaiveEntry }[] = [];
    for (const row of rows) {
      if (!row.key.startsWith(query.prefix)) continue;
      const at = query.delimiter === "" ? -1 : row.key.indexOf(query.delimiter, query.prefix.length);
      if (at < 0) lines.push({ name: row.key, entry: row });
      else {
        const group = row.key.slice(0, at + query.delimiter.length);
        if (lines.at(-1)?.entry !== group) lines.push({ name: group, entry: group });
      }
    }
    const { after } = query;
    const rest = lines.filter(({ name }) => {
      if (after === undefined) return true;
      const comparison = order(name, after);
      return query.inclusive === true ? comparison >= 0 : comparison > 0;
    });
    const entries = rest.slice(0, query.limit).map(({ entry }) => entry);
    return { entries, truncated: query.limit > 0 && rest.length > query.limit };
  }
}
