/**
 * An agent for tests that gets killed at a random moment: works on its instances without end, as fast as it can.
 *
 *     agent-kill.fixture.ts <state directory> <release> <scratch> <instances> <seed>
 *
 * Every run of an instance appends a line to its file in the scratch directory; while one lives, it holds a directory `alive`, which a second one could not make.
 */
import { join } from "node:path";
import { openProcessRuntime } from "./process-runtime.ts";

const [stateDirectory = "", release = "", scratch = "", instances = "", seed = ""] = process.argv.slice(2);
const runtime = openProcessRuntime({ stateDirectory });
let state = Number(seed) || 1;
/** xorshift32: the seed makes the same choices again. */
const below = (limit: number): number => {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % limit;
};

/** `mkdir` fails when another run of the instance lives: that would be the end of the test. */
const SCRIPT = `
mkdir "$HOME/alive" || { echo twice >> "$HOME/twice"; exit 9; }
echo "$BIPLANE_INSTANCE_TOKEN" >> "$HOME/runs"
trap 'rmdir "$HOME/alive"; exit 0' TERM
n=0
while :; do n=$((n+1)); echo "line $n"; sleep 0.02 & wait $!; done
`;

async function work(id: string): Promise<never> {
  for (;;) {
    await runtime.create({
      instanceId: id,
      isolation: "process",
      argv: ["/bin/sh", "-c", SCRIPT],
      env: {},
      cwd: "",
      rootDirectory: release,
      scratchDirectory: join(scratch, id),
      ports: {},
      mounts: [],
      stopSignal: "SIGTERM",
      graceMs: 5_000,
      logs: { bytesMax: 256 * 1024 },
      secrets: Buffer.from("A=1"),
    });
    const { phase } = await runtime.status(id);
    const choice = below(4);
    if (phase === "created" || phase === "exited") await runtime.start(id);
    else if (choice === 0) await runtime.stop(id);
    else if (choice === 1)
      await runtime.exec(id, { argv: ["true"] }).then(
        (session) => session.exited,
        () => {},
      );
    else await Bun.sleep(below(20));
  }
}

await runtime.adopt();
process.stdout.write("adopted\n");
await Promise.all(Array.from({ length: Number(instances) }, (_, index) => work(`k${index}`)));
