/**
 * A process with many edges: `subscribers.ts <control plane> <join token> <how many>`. Prints `ready` when all have a configuration, and afterwards each cursor that all
 * of them have reached.
 */
import type { DataPlaneId, EdgeMessage, EdgeStatus, EventId, MessageToEdge } from "#contracts";
import { CHANGE_STREAM_PROTOCOL } from "#contracts";
import { webSocketEdgeTransport } from "#data-plane/plan-link";

const [controlPlaneUrl = "", joinToken = "", count = "0"] = process.argv.slice(2);
const transport = webSocketEdgeTransport({ controlPlaneUrl, joinToken });
const reached: number[] = Array.from({ length: Number(count) }, () => -1);
let told = -1;

const status: EdgeStatus = {
  state: "ready",
  startedAt: 1,
  residentBytes: 1,
  routes: 0,
  connections: 0,
  quietThrough: 0 as EventId,
};

/** The least cursor of all, told when it has moved. */
function tell(): void {
  const least = Math.min(...reached);
  if (least <= told) return;
  if (told < 0) console.log("ready");
  told = least;
  console.log(String(least));
}

function open(index: number): void {
  let send: ((message: EdgeMessage) => void) | undefined;
  transport.connect({
    onOpen(stream) {
      send = stream.send;
      send({
        type: "register",
        protocol: CHANGE_STREAM_PROTOCOL,
        kind: "edge",
        dataPlaneId: `edge-${index}` as DataPlaneId,
        name: `edge-${index}`,
        version: "0",
        cursor: 0 as EventId,
      });
    },
    onMessage(message: MessageToEdge) {
      if (message.type === "refused") throw new Error(message.message);
      if (message.type !== "plan" || !message.last) return;
      reached[index] = message.config.cursor;
      send?.({ type: "heartbeat", appliedThrough: message.config.cursor, status });
      tell();
    },
    onClose(reason) {
      console.error(`edge ${index} was closed: ${reason}`);
      process.exit(1);
    },
  });
}

for (let index = 0; index < reached.length; index++) {
  open(index);
  // A fleet does not come at once either.
  if (index % 50 === 49) await Bun.sleep(20);
}
