/**
 * One attempt, from the locks to the committed layout. Each step is a file of its own below `steps/`.
 */
import type { Layout } from "#foundation/store-protocol";
import type { Attempt, LiveHost, Placed } from "./attempt.ts";
import { layoutFault } from "./plan/check-layout.ts";
import type { DirectorTask } from "./recovery-view.ts";
import { Stalled } from "./stalls.ts";
import { activate } from "./steps/activate.ts";
import { commitLayout } from "./steps/commit-layout.ts";
import { lockOld } from "./steps/lock-old.ts";
import { recruitLogs } from "./steps/recruit-logs.ts";
import { freshBasis, recruitStorage } from "./steps/recruit-storage.ts";
import { replay } from "./steps/replay.ts";
import { startComponents } from "./steps/start-components.ts";
import { hostsThatCan, surveyHosts } from "./steps/survey-hosts.ts";
import { verify } from "./steps/verify.ts";
import type { Watch } from "./watch/watch.ts";

/** What of an attempt the running epoch goes on with. */
export interface Recovered {
  readonly layout: Layout;
  readonly logs: readonly Placed[];
}

/** Called when the epoch can no longer be tried again: parts that write are about to be awake. */
export type OnceActive = () => void;

/** @throws Stalled, Ended, or the reason of the signal. What was done until then is on the attempt's undo stack. */
export async function runAttempt(
  attempt: Attempt,
  task: DirectorTask,
  watch: Watch,
  onceActive: OnceActive,
): Promise<Recovered> {
  const { view, begin, options } = attempt;
  const old = view.layout;
  begin("lock");
  const fault = old === undefined ? undefined : layoutFault(old);
  if (fault !== undefined) throw new Stalled({ reason: "tsl_corrupt", cause: fault });
  const [locked, hosts] = await Promise.all([
    old === undefined ? freshBasis(attempt) : lockOld(attempt, old),
    surveyHosts(attempt),
  ]);
  demandTransactionNode(hosts);

  begin("recruit_logs");
  const logs = await recruitLogs(attempt, hosts);
  begin("recruit_storage");
  const basis = await recruitStorage(attempt, locked, hosts);
  begin("replay");
  await replay(attempt, logs, basis);

  begin("start");
  // The jump leaves behind every version that the old generation may have given out, and one jump more for each epoch that was given up since: none of
  // their versions ever comes again with another content.
  const { recoveryVersion } = basis;
  const jumps = attempt.epoch - (old?.epoch ?? 0n);
  const versions = { recoveryVersion, firstVersion: recoveryVersion + jumps * options.versionJump };
  const components = await startComponents(attempt, hosts, versions, watch);

  begin("activate");
  onceActive();
  const layout = await activate(attempt, basis, logs, { ...components, ...versions });
  for (const log of logs) watch.watchLog(log);
  begin("verify");
  await verify(attempt, layout, components);
  begin("commit");
  await commitLayout(attempt, task, layout);
  return { layout, logs };
}

/** Asked before anything is made that would have to be undone. */
function demandTransactionNode(hosts: readonly LiveHost[]): void {
  if (hostsThatCan(hosts, "transaction").length === 0) throw new Stalled({ reason: "no_coordination_nodes" });
}
