/** Signals by name and number, as Linux counts them on x86-64 and arm64 (signal(7)). */

export const SIGNALS = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGUSR2: 12,
  SIGTERM: 15,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGWINCH: 28,
} as const;

/** What may be sent to an instance. */
export type SignalName = keyof typeof SIGNALS;

export function isSignalName(text: unknown): text is SignalName {
  return typeof text === "string" && Object.hasOwn(SIGNALS, text);
}
