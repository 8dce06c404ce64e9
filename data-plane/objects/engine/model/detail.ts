/**
 * The rarely queried attributes of a version, packed into one JSON text with short names; null when all are at their defaults.
 */

import type { Checksum, ObjectLock, StoredHeaders, Tag } from "../port.ts";

/** What is packed. */
export interface Detail {
  readonly headers: StoredHeaders;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: readonly Tag[];
  readonly acl?: unknown;
  readonly checksum?: Checksum;
  readonly partsCount?: number;
}

interface PackedDetail {
  h?: StoredHeaders;
  m?: Readonly<Record<string, string>>;
  t?: readonly Tag[];
  a?: unknown;
  c?: Checksum;
  p?: number;
}

const NOTHING: Detail = Object.freeze({
  headers: Object.freeze({}),
  metadata: Object.freeze({}),
  tags: Object.freeze([]),
});

const NO_LOCK: ObjectLock = Object.freeze({});

function isEmpty(value: object): boolean {
  for (const _ in value) return false;
  return true;
}

/** The text for a row. */
export function packDetail(detail: Detail): string | null {
  const packed: PackedDetail = {};
  if (!isEmpty(detail.headers)) packed.h = detail.headers;
  if (!isEmpty(detail.metadata)) packed.m = detail.metadata;
  if (detail.tags.length > 0) packed.t = detail.tags;
  if (detail.acl !== undefined) packed.a = detail.acl;
  if (detail.checksum !== undefined) packed.c = detail.checksum;
  if (detail.partsCount !== undefined) packed.p = detail.partsCount;
  return isEmpty(packed) ? null : JSON.stringify(packed);
}

/** What a row's text says. */
export function unpackDetail(text: string | null): Detail {
  if (text === null) return NOTHING;
  const packed: PackedDetail = JSON.parse(text);
  return {
    headers: packed.h ?? NOTHING.headers,
    metadata: packed.m ?? NOTHING.metadata,
    tags: packed.t ?? NOTHING.tags,
    acl: packed.a,
    checksum: packed.c,
    partsCount: packed.p,
  };
}

/** The text for a row; null when nothing is locked. */
export function packLock(lock: ObjectLock): string | null {
  return lock.mode === undefined && lock.legalHold === undefined ? null : JSON.stringify(lock);
}

/** What a row's text says. */
export function unpackLock(text: string | null): ObjectLock {
  return text === null ? NO_LOCK : JSON.parse(text);
}
