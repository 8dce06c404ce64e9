/** One line on standard error that says how far a transfer is. */
import type { Clock } from "#foundation/runtime";
import type { Terminal } from "../../cli/terminal.ts";
import { humanDuration, humanSize } from "../../cli/units.ts";

/** Ten times a second is as often as anybody looks. */
const REDRAW_MS = 100;

export interface Progress {
  /** More bytes have been moved. */
  add(bytes: number): void;
  /** Takes the line away. */
  end(): void;
}

const SILENT: Progress = { add: () => undefined, end: () => undefined };

/** @param total bytes to move, undefined when nobody knows @param shown false for a transfer that nobody watches */
export function showProgress(terminal: Terminal, clock: Clock, total: number | undefined, shown: boolean): Progress {
  if (!shown || !terminal.progress) return SILENT;
  const begun = clock.monotonicMs();
  let moved = 0;
  let drawn = begun;
  return {
    add(bytes) {
      moved += bytes;
      const now = clock.monotonicMs();
      if (now - drawn < REDRAW_MS) return;
      drawn = now;
      terminal.writeNote(`\r\u001b[K${progressText(moved, total, now - begun)}`);
    },
    end: () => terminal.writeNote("\r\u001b[K"),
  };
}

/** ` 45%  123 MiB of 270 MiB  210 MiB/s  1 s left`. Pure. */
export function progressText(moved: number, total: number | undefined, elapsedMs: number): string {
  const rate = elapsedMs === 0 ? 0 : (moved * 1000) / elapsedMs;
  const speed = `${humanSize(rate)}/s`;
  if (total === undefined) return `${humanSize(moved)}  ${speed}`;
  const share = total === 0 ? 100 : Math.floor((moved * 100) / total);
  const left = rate === 0 ? "" : `  ${humanDuration(((total - moved) * 1000) / rate)} left`;
  return `${String(share).padStart(3)}%  ${humanSize(moved)} of ${humanSize(total)}  ${speed}${left}`;
}
