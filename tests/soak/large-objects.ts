/**
 * The largest objects that S3 takes in one PUT (5 GiB), and a gigabyte by the upload manager of the SDK. Needs 10 GiB of temporary space.
 *
 *     scripts/bun tests/soak/large-objects.ts
 */
const { exited } = Bun.spawn(
  [
    ...[process.execPath, "test", "--timeout", "3600000"],
    ...["./tests/bounds/large-object.test.ts", "./tests/clients/sdk-js/multipart.test.ts"],
  ],
  {
    env: { ...process.env, BIPLANE_LARGE_OBJECT_GIB: "5", BIPLANE_LARGE_UPLOAD_BYTES: "1000000000" },
    stdio: ["ignore", "inherit", "inherit"],
  },
);
process.exit(await exited);
