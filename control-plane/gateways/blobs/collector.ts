/** Drops contents some time after nothing names them any more. */
import { type AnyEvent, type CatalogReader, groups } from "#control-plane/events";
import type { Timers } from "#foundation/runtime";
import type { BlobStore } from "./blob-store.ts";

/** Whatever ends within this time is collected in one go. */
const DELAY_MS = 60_000;

export interface BlobCollector {
  /** Tells what was committed. */
  heard(events: readonly AnyEvent[]): void;
  /** Collects now. @returns how many went */
  collect(): Promise<number>;
  close(): Promise<void>;
}

/** The first collection is due a minute after the start: what a crash has left goes then. */
export function createBlobCollector(options: {
  readonly blobs: BlobStore;
  readonly views: CatalogReader;
  readonly timers: Timers;
  readonly onError: (error: unknown) => void;
}): BlobCollector {
  const { blobs, views, timers, onError } = options;
  let cancel: (() => void) | undefined;
  let running: Promise<number> = Promise.resolve(0);
  let closed = false;

  const isNeeded = (digest: string): boolean =>
    closed ||
    views.countInGroup("gatewaySpecRevision", groups.ofBlob(digest)) > 0 ||
    views.countInGroup("gatewayArtifact", groups.ofBlob(digest)) > 0;

  function collect(): Promise<number> {
    running = running.catch(() => 0).then(() => (closed ? 0 : blobs.collect(isNeeded)));
    return running;
  }

  function soon(): void {
    if (closed || cancel !== undefined) return;
    const timer = timers.after(DELAY_MS, () => {
      cancel = undefined;
      collect().catch(onError);
    });
    cancel = () => timer.cancel();
  }
  soon();

  return {
    heard(events) {
      if (events.some(({ type }) => type === "gatewaySpecRevision.deleted" || type === "gatewayArtifact.deleted"))
        soon();
    },
    collect,
    async close() {
      closed = true;
      cancel?.();
      await running.catch(() => undefined);
    },
  };
}
