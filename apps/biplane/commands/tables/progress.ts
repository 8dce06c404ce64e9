/** A bar on standard error that says how far items have come. */
import type { Clock } from "#foundation/runtime";
import type { Terminal } from "../../cli/terminal.ts";
import { counted, humanDuration } from "../../cli/units.ts";

/** Ten times a second is as often as anybody looks. */
const REDRAW_MS = 100;
const BAR_WIDTH = 20;

export interface ItemProgress {
  /** More items have been moved; the share of the whole is reckoned from `done`, which need not be items. */
  add(items: number, done?: number): void;
  /** Takes the bar away. */
  end(): void;
}

const SILENT: ItemProgress = { add: () => undefined, end: () => undefined };

/**
 * @param total what `done` adds up to in the end; undefined when nobody knows
 * @param shown false for what nobody watches
 */
export function showItemProgress(
  terminal: Terminal,
  clock: Clock,
  total: number | undefined,
  shown: boolean,
): ItemProgress {
  if (!shown || !terminal.progress) return SILENT;
  const begun = clock.monotonicMs();
  let items = 0;
  let done = 0;
  let drawn = begun;
  return {
    add(more, share = more) {
      items += more;
      done += share;
      const now = clock.monotonicMs();
      if (now - drawn < REDRAW_MS) return;
      drawn = now;
      const text = barText(items, total === undefined || total === 0 ? undefined : done / total, now - begun);
      terminal.writeNote(`\r\u001b[K${text}`);
    },
    end: () => terminal.writeNote("\r\u001b[K"),
  };
}

/** `[########------------]  42%  12345 items  3210/s  5 s left`. Pure. @param share from 0 to 1 */
export function barText(items: number, share: number | undefined, elapsedMs: number): string {
  const rate = elapsedMs === 0 ? 0 : Math.round((items * 1000) / elapsedMs);
  const counts = `${counted(items, "item")}  ${rate}/s`;
  if (share === undefined) return counts;
  const known = Math.min(1, Math.max(0, share));
  const full = Math.floor(known * BAR_WIDTH);
  const bar = `[${"#".repeat(full)}${"-".repeat(BAR_WIDTH - full)}]`;
  const left = known === 0 ? "" : `  ${humanDuration((elapsedMs * (1 - known)) / known)} left`;
  return `${bar} ${String(Math.floor(known * 100)).padStart(3)}%  ${counts}${left}`;
}
