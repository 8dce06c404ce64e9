/** Warnings about what happens to every request while another server is away: one in a while, not one of each. */
import type { PluginHost } from "../plugin.ts";

const WARN_EVERY_MS = 60_000;

export function rareWarning(
  { clock, log }: Pick<PluginHost, "clock" | "log">,
  message: string,
): (error: unknown) => void {
  let warnedAtMs = Number.NEGATIVE_INFINITY;
  return (error) => {
    const now = clock.monotonicMs();
    if (now - warnedAtMs < WARN_EVERY_MS) return;
    warnedAtMs = now;
    log.warn(message, { error });
  };
}
