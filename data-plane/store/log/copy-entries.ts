/**
 * The entries of `(from, to]`, pulled from whichever source gives them.
 */
import { crc32c } from "#foundation/crc32c";
import { type CallOptions, type Client, type Ref, RpcError } from "#foundation/rpc";
import type { Epoch, LOG, LogEntry, Version } from "#foundation/store-protocol";
import { viewOf } from "./disk/format.ts";

const PAGE_ENTRIES = 5000;
const PAGE_BYTES = 4 * 1024 * 1024;

export interface Copy {
  readonly epoch: Epoch;
  readonly from: Version;
  readonly to: Version;
  readonly sources: readonly Ref[];
  readonly clientOf: (ref: Ref) => Pick<Client<typeof LOG>, "pull">;
  readonly options: CallOptions;
  /** Takes the next entries, which continue what it was given before. What it throws ends the copy. */
  append(entries: readonly LogEntry[], knownCommitted: Version): Promise<void>;
}

export interface Copied {
  readonly entries: number;
  /** CRC-32C over the version, the previous version, the length (each eight bytes, big-endian) and the data of all entries. */
  readonly checksum: number;
  /** The version of the last entry; `from` when there is none. */
  readonly last: Version;
}

/**
 * Copies until `to` is reached. When a source fails the next one continues where it has ended, verified by the chain of versions.
 *
 * A history may end between two versions, at `to`, only when no source that can be asked has an entry there: so all of them are asked then.
 * @throws RpcError of the last source that failed, when none reached `to`
 */
export async function copyEntries(copy: Copy): Promise<Copied> {
  const { from, to, sources } = copy;
  let state: Copied = { entries: 0, checksum: 0, last: from };
  let reached = from === to;
  let failure: RpcError | undefined;
  for (const source of sources) {
    if (state.last === to) break;
    for (;;) {
      let page: Page;
      try {
        page = await pullPage(source, copy, state);
      } catch (error) {
        copy.options.signal?.throwIfAborted();
        failure = error instanceof RpcError ? error : new RpcError("failed", `a source could not be asked: ${error}`);
        break;
      }
      if (page.entries.length > 0) {
        await copy.append(page.entries, page.knownCommitted < to ? page.knownCommitted : to);
        state = { ...page.entries.reduce(addEntry, state) };
      }
      if (page.upTo >= to) {
        reached = true;
        break;
      }
      // An empty page is not the end: somebody else may have the rest.
      if (page.entries.length === 0) {
        failure = new RpcError("version_too_new", `a source ends at ${page.upTo}, before ${to}`, page.upTo);
        break;
      }
    }
  }
  if (!reached) throw failure ?? new RpcError("invalid_request", "there is nothing to copy from");
  return state;
}

interface Page {
  readonly entries: readonly LogEntry[];
  readonly upTo: Version;
  readonly knownCommitted: Version;
}

/** The next entries of a source, verified. @throws RpcError */
async function pullPage(source: Ref, copy: Copy, { entries, last }: Copied): Promise<Page> {
  const { epoch, to } = copy;
  const limits = { upTo: to, entriesMax: PAGE_ENTRIES, bytesMax: PAGE_BYTES, waitMs: 0 };
  const page = await copy.clientOf(source).pull({ after: last, ...limits, recovery: true, epoch }, copy.options);
  let before = last;
  for (const { previous, version } of page.entries) {
    // The first of all may follow on a version that is not copied.
    const isFirst = entries === 0 && before === copy.from;
    if ((isFirst ? previous > before : previous !== before) || version <= before || version > to) {
      throw new RpcError("corrupt", `a source gives version ${version} after ${previous} where ${before} is the last`);
    }
    before = version;
  }
  return page;
}

function addEntry({ entries, checksum }: Copied, { version, previous, data }: LogEntry): Copied {
  const head = new Uint8Array(24);
  const view = viewOf(head);
  view.setBigUint64(0, version);
  view.setBigUint64(8, previous);
  view.setBigUint64(16, BigInt(data.length));
  return { entries: entries + 1, checksum: crc32c(data, crc32c(head, checksum, 0, 24)), last: version };
}
