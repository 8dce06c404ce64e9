/**
 * The random tests that draw most, with ever other seeds and ten times as many cases. Prints what a failing case needs to be drawn again.
 *
 *     scripts/bun tests/soak/properties.ts [rounds=5] [times=10]
 */
import { readFileSync } from "node:fs";

const rounds = Number(process.argv[2] ?? 5);
const times = process.argv[3] ?? "10";
const using = new Bun.Glob("{control-plane,data-plane,foundation}/**/*.test.ts").scanSync(".");
const files = [...using].filter((file) => /\bruns\(/.test(readFileSync(file, "utf8")));

for (let round = 0; round < rounds; round++) {
  const { exitCode } = Bun.spawnSync(
    [
      ...[process.execPath, "test", "--timeout", "3600000", "--preload", "./tests/support/fixed-seed.ts"],
      ...files.map((file) => `./${file}`),
    ],
    {
      env: { ...process.env, BIPLANE_SEED: "random", BIPLANE_RUNS: times },
      stdio: ["ignore", "inherit", "inherit"],
    },
  );
  console.log(`round ${round + 1} of ${rounds}: ${exitCode === 0 ? "passed" : "FAILED"}`);
  if (exitCode !== 0) process.exit(1);
}
