/**
 * Every published program of FoundationDB's binding tester on the store in memory, 628,000 instructions: a minute or two.
 *
 *     BIPLANE_VECTORS=… scripts/bun tests/soak/binding-tester.ts
 *
 * Exits with 1 when one leaves behind something else than it should.
 */
if (!process.env.BIPLANE_VECTORS) {
  console.error("Set BIPLANE_VECTORS to the folder of published test vectors.");
  process.exit(2);
}
const { exitCode } = Bun.spawnSync(
  [process.execPath, "test", "--timeout", "600000", "./tests/store/binding-tester/binding-tester.test.ts"],
  { env: { ...process.env, BIPLANE_BINDING_TESTER: "all" }, stdio: ["ignore", "inherit", "inherit"] },
);
process.exit(exitCode);
