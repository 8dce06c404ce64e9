/** Requests and responses of the protocol, as far as a producer needs them, in versions that have no tagged fields. Pure. */
import { type ByteReader, ByteWriter } from "#foundation/binary";
import {
  readArray,
  readBytes,
  readI16,
  readI32,
  readI64,
  readString,
  readText,
  writeI16,
  writeI32,
  writeString,
} from "./primitives.ts";

/** What is asked: its number, and the versions that are spoken here. */
export interface ApiKey {
  readonly key: number;
  readonly min: number;
  readonly max: number;
}

export const API = {
  produce: { key: 0, min: 3, max: 7 },
  metadata: { key: 3, min: 1, max: 7 },
  saslHandshake: { key: 17, min: 1, max: 1 },
  apiVersions: { key: 18, min: 0, max: 0 },
  initProducerId: { key: 22, min: 0, max: 1 },
  saslAuthenticate: { key: 36, min: 0, max: 0 },
} as const satisfies Record<string, ApiKey>;

export type VersionRange = readonly [min: number, max: number];

export function readApiVersions(from: ByteReader): ReadonlyMap<number, VersionRange> | number {
  const error = readI16(from);
  if (error !== 0) return error;
  return new Map(readArray(from, 6, () => [readI16(from), [readI16(from), readI16(from)] as const] as const));
}

export interface ClusterMetadata {
  readonly brokers: readonly { readonly id: number; readonly host: string; readonly port: number }[];
  readonly topics: readonly TopicMetadata[];
}

export interface TopicMetadata {
  readonly error: number;
  readonly name: string;
  readonly partitions: readonly PartitionMetadata[];
}

export interface PartitionMetadata {
  readonly error: number;
  readonly partition: number;
  /** −1 while there is none. */
  readonly leader: number;
}

export function metadataRequest(topics: readonly string[], version: number): Uint8Array {
  const to = new ByteWriter();
  writeI32(to, topics.length);
  for (const topic of topics) writeString(to, topic);
  // A topic with a mistake in its name is not made.
  if (version >= 4) to.u8(0);
  return to.finish();
}

export function readMetadata(from: ByteReader, version: number): ClusterMetadata {
  if (version >= 3) readI32(from);
  const brokers = readArray(from, 12, () => {
    const broker = { id: readI32(from), host: readText(from), port: readI32(from) };
    readString(from);
    return broker;
  });
  if (version >= 2) readString(from);
  readI32(from);
  const numbers = () => readArray(from, 4, () => readI32(from));
  const topics = readArray(from, 9, () => {
    const error = readI16(from);
    const name = readText(from);
    from.u8();
    const partitions = readArray(from, 18, () => {
      const one = { error: readI16(from), partition: readI32(from), leader: readI32(from) };
      if (version >= 7) readI32(from);
      numbers();
      numbers();
      if (version >= 5) numbers();
      return one;
    });
    return { error, name, partitions };
  });
  return { brokers, topics };
}

export interface ProduceBatch {
  readonly topic: string;
  readonly partition: number;
  readonly records: Uint8Array;
}

/** @param acks −1 for all replicas in sync, 1 for the leader. @param timeoutMs that the leader waits for the others */
export function produceRequest(batch: ProduceBatch, acks: number, timeoutMs: number): Uint8Array {
  const { topic, partition, records } = batch;
  const to = new ByteWriter(64 + topic.length * 3 + records.length);
  writeString(to, undefined);
  writeI16(to, acks);
  writeI32(to, timeoutMs);
  writeI32(to, 1);
  writeString(to, topic);
  writeI32(to, 1);
  writeI32(to, partition);
  to.bytes(records);
  return to.finish();
}

export interface ProduceAnswer {
  readonly topic: string;
  readonly partition: number;
  readonly error: number;
  readonly baseOffset: bigint;
}

export function readProduce(from: ByteReader, version: number): readonly ProduceAnswer[] {
  return readArray(from, 6, () => {
    const topic = readText(from);
    return readArray(from, 22, () => {
      const one = { topic, partition: readI32(from), error: readI16(from), baseOffset: readI64(from) };
      readI64(from);
      if (version >= 5) readI64(from);
      return one;
    });
  }).flat();
}

export function initProducerIdRequest(): Uint8Array {
  const to = new ByteWriter();
  writeString(to, undefined);
  writeI32(to, 0x7fffffff);
  return to.finish();
}

export function readInitProducerId(from: ByteReader): { error: number; producerId: bigint; producerEpoch: number } {
  readI32(from);
  return { error: readI16(from), producerId: readI64(from), producerEpoch: readI16(from) };
}

export function saslHandshakeRequest(mechanism: string): Uint8Array {
  const to = new ByteWriter();
  writeString(to, mechanism);
  return to.finish();
}

export function readSaslHandshake(from: ByteReader): { error: number; mechanisms: readonly string[] } {
  return { error: readI16(from), mechanisms: readArray(from, 2, () => readText(from)) };
}

export function saslAuthenticateRequest(bytes: Uint8Array): Uint8Array {
  const to = new ByteWriter();
  to.bytes(bytes);
  return to.finish();
}

export function readSaslAuthenticate(from: ByteReader): { error: number; message: string; bytes: Uint8Array } {
  return { error: readI16(from), message: readString(from) ?? "", bytes: readBytes(from) };
}
