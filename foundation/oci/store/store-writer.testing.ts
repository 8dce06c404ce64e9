/** Receives blobs one after another and says so; killed in the middle by the test. */

import { digestOf } from "../content/digest.ts";
import { openBlobStore } from "./open-blob-store.ts";

const store = await openBlobStore(process.argv[2]!);
for (let number = 0; ; number++) {
  const bytes = Buffer.alloc(400_000, `blob ${process.argv[3]} ${number} `);
  const descriptor = { mediaType: "application/octet-stream", digest: digestOf(bytes), size: bytes.length };
  await store.receive(descriptor, async function* (offset) {
    for (let at = offset; at < bytes.length; at += 20_000) yield bytes.subarray(at, at + 20_000);
  });
  await store.pin(`n${number % 5}`, descriptor);
  if (number % 7 === 6) await store.collect();
  console.log(descriptor.digest);
}
