/** `biplane store configure`, `biplane store recover` */
import type { CommandBody } from "../../cli/command.ts";
import { withCluster } from "./cluster.ts";
import { configSetting } from "./settings.ts";

export const configure: CommandBody = (context) =>
  withCluster(context, async ({ coordinators, signal }) => {
    const { config, configRevision } = await coordinators.ask(
      (one, call) => one.readView({ from: "configure" }, call),
      { signal },
    );
    const wanted = configSetting(context, config);
    await coordinators.askLeader(
      (leader, call) => leader.configure({ expected: configRevision, config: wanted }, call),
      { signal },
    );
    const { logs, replicas, proxies, resolvers } = wanted;
    if (context.json) context.terminal.json({ logs, replicas, proxies, resolvers });
    else
      context.terminal.line(
        `Wanted now: logs ${logs}, replicas ${replicas}, proxies ${proxies}, resolvers ${resolvers}`,
      );
    return 0;
  });

export const recover: CommandBody = (context) =>
  withCluster(context, async ({ coordinators, signal }) => {
    const { epoch } = await coordinators.ask((one, call) => one.readView({ from: "recover" }, call), { signal });
    await coordinators.askLeader((leader, call) => leader.recover({ epoch }, call), { signal });
    if (context.json) context.terminal.json({ endedEpoch: Number(epoch) });
    else context.terminal.line(`Epoch ${epoch} has been ended; the next one begins.`);
    return 0;
  });
