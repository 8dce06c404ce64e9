/**
 * Giving away what is on the disk: walks over the ranges of one version, read page by page by whoever is to have the same.
 */
import { type Client, RpcError } from "#foundation/rpc";
import type { TimerHandle, Timers } from "#foundation/runtime";
import type { STORAGE } from "#foundation/store-protocol";
import type { Engine, Pair, RangeCursor } from "../engine/index.ts";
import type { KeyRange } from "../keys/index.ts";

const COPIES_MAX = 4;
const IDLE_MS = 30_000;
const PAGE_BYTES = 1024 * 1024;
const PAGE_PAIRS = 10_000;

export interface CopyPage {
  readonly pairs: readonly Pair[];
  readonly next: number;
  readonly done: boolean;
}

interface Copy {
  readonly cursors: readonly RangeCursor[];
  /** The page that was read last: a reader whose answer was lost asks for it again. */
  last: CopyPage;
  reading: Promise<CopyPage> | undefined;
  idle: TimerHandle;
}

export class Copies {
  private readonly open = new Map<number, Copy>();
  private lastId = 0;

  constructor(
    private readonly engine: Engine,
    private readonly timers: Timers,
  ) {}

  /** All ranges are taken at this moment: what is made durable later is not in them. */
  begin(ranges: readonly KeyRange[]): number {
    if (this.open.size >= COPIES_MAX) throw new RpcError("overloaded", "Too many copies are being given away.");
    const id = ++this.lastId;
    this.open.set(id, {
      cursors: ranges.map(({ begin, end }) => this.engine.range(begin, end)),
      last: { pairs: [], next: 0, done: false },
      reading: undefined,
      idle: this.idle(id),
    });
    return id;
  }

  async read(id: number, next: number): Promise<CopyPage> {
    const copy = this.open.get(id);
    if (copy === undefined) throw new RpcError("no_such_copy", "Nothing is given away under this number any more.");
    copy.idle.cancel();
    copy.idle = this.idle(id);
    if (next === copy.last.next - 1) return copy.last;
    if (next !== copy.last.next || copy.last.done)
      throw new RpcError("invalid_request", "Pages are read one after the other.");
    // The same page is asked for once more while it is being read: both have it.
    copy.reading ??= this.readPage(copy).finally(() => {
      copy.reading = undefined;
    });
    return copy.reading;
  }

  end(id: number): void {
    const copy = this.open.get(id);
    if (copy === undefined) return;
    this.open.delete(id);
    copy.idle.cancel();
    for (const cursor of copy.cursors) cursor.close();
  }

  endAll(): void {
    for (const id of [...this.open.keys()]) this.end(id);
  }

  private async readPage(copy: Copy): Promise<CopyPage> {
    const pairs: Pair[] = [];
    let bytes = 0;
    for (const cursor of copy.cursors) {
      for (;;) {
        if (bytes >= PAGE_BYTES || pairs.length >= PAGE_PAIRS) {
          copy.last = { pairs, next: copy.last.next + 1, done: false };
          return copy.last;
        }
        const read = cursor.next();
        const pair = read instanceof Promise ? await read : read;
        if (pair === undefined) break;
        pairs.push(pair);
        bytes += pair.key.length + pair.value.length;
      }
    }
    copy.last = { pairs, next: copy.last.next + 1, done: true };
    return copy.last;
  }

  private idle(id: number): TimerHandle {
    return this.timers.after(IDLE_MS, () => this.end(id));
  }
}

/** What another server gives away. @throws RpcError what that says; newer_epoch once the signal is aborted */
export async function* pairsOfCopy(
  source: Client<typeof STORAGE>,
  copy: number,
  signal: AbortSignal,
): AsyncGenerator<Pair> {
  for (let next = 0, done = false; !done; ) {
    if (signal.aborted) {
      throw new RpcError("newer_epoch", "Another director has come while the server was being filled.");
    }
    const page = await source.readCopy({ copy, next });
    yield* page.pairs;
    ({ next, done } = page);
  }
}
