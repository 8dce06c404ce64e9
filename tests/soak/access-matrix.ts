/**
 * Who may call what of the API, with every credential in every org. `npm test` takes every credential in one's own org, and in foreign ones those that could
 * matter, and of the others one a route.
 *
 *     scripts/bun tests/soak/access-matrix.ts
 */
const { exited } = Bun.spawn(
  [process.execPath, "test", "--timeout", "3600000", "./control-plane/api/access-matrix.test.ts"],
  { env: { ...process.env, BIPLANE_EVERY_CELL: "1" }, stdio: ["ignore", "inherit", "inherit"] },
);
process.exit(await exited);
