/**
 * From which version a storage server can go on while its epoch runs.
 */
import type { Layout, LogInfo, Version } from "#foundation/store-protocol";

/**
 * The version to which it is rolled back; undefined when it cannot go on.
 *
 * @param durable what it has on its disk
 * @param logs what each log of the layout says that can be reached
 * @param copied the version of what it was filled with in this epoch, if it was
 */
export function rejoinVersion(
  durable: Version,
  { recoveryVersion, firstVersion }: Pick<Layout, "recoveryVersion" | "firstVersion">,
  logs: readonly Pick<LogInfo, "oldestVersion" | "lastVersion">[],
  copied?: Version,
): Version | undefined {
  // It pulls from whichever it likes: each of them has to have what it lacks.
  if (logs.length === 0 || logs.some(({ oldestVersion }) => oldestVersion > durable)) return undefined;
  if (durable <= recoveryVersion) return recoveryVersion;
  // It was a member of this epoch already, and made durable only what all logs had. Anything between R and the first version is of another history,
  // unless it was copied from a member of this epoch: what is durable there is a while ago, whether there is an entry of that version or not.
  const isOurs = durable >= firstVersion || durable === copied;
  return isOurs && logs.some(({ lastVersion }) => lastVersion >= durable) ? durable : undefined;
}
