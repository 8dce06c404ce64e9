/**
 * Milliseconds of processor time that this process has taken since `begun`: what a bound on work is held against, for the clock also counts what other
 * processes did meanwhile.
 *
 * @param begun by `process.cpuUsage()`
 */
export function processorMsSince(begun: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1000;
}
