/**
 * What coordinators agree on, one after the other, and what each came to.
 */
import { bytes, decode, encode, oneOf, record, text, u8, u64, type ValueOf, variant, whole } from "#foundation/binary";
import { clusterConfig, layout, nodeRecord } from "#foundation/store-protocol";

/** Written before each command: commands of another format are not applied, but stop the coordinator, which would otherwise differ from others. */
const FORMAT = 1;

const command = variant({
  /** A node says what it is. */
  register: nodeRecord,
  /** A node has not been heard of. */
  expire: record({ node: text, incarnation: u64 }),
  /** A director takes the epoch after `expected`; compare and set, so that no epoch is ever given twice. */
  beginEpoch: record({ expected: u64, director: text }),
  /** The point of no return of a recovery: from now on this layout holds. */
  commitLayout: record({ director: text, layout }),
  /** The director has given up, or its system has lost a part. */
  endEpoch: record({ epoch: u64, director: text }),
  configure: record({ expected: whole, config: clusterConfig }),
});

const envelope = record({ format: u8, body: bytes });

export type Command = ValueOf<typeof command>;

/** `superseded`: something newer is there, whose number is `detail`. */
const outcome = record({ kind: oneOf("done", "superseded", "invalid"), detail: u64 });
export type Outcome = ValueOf<typeof outcome>;

export function encodeCommand(value: Command): Uint8Array {
  return encode(envelope, { format: FORMAT, body: encode(command, value) });
}

/** @throws MalformedBytesError, and RangeError when it is of a format to come */
export function decodeCommand(source: Uint8Array): Command {
  const { format, body } = decode(envelope, source);
  if (format !== FORMAT) throw new RangeError(`a command of format ${format}; this program knows ${FORMAT}`);
  return decode(command, body);
}
