/** What the compiler makes of published descriptions is taken when it comes from elsewhere. */
import { describe, expect } from "bun:test";
import { join } from "node:path";
import { Glob } from "bun";
import { compileGateway } from "#control-plane/gateways";
import { directoryReader } from "#foundation/api-description";
import { vectorsDirectory, vectorTest } from "../../../tests/support/skips.ts";
import { judgeUpload } from "./judge-upload.ts";

const folder = join(vectorsDirectory ?? "", "openapi");
/** Each third: the others say nothing else. */
const files =
  vectorsDirectory === undefined
    ? []
    : [...new Glob("**/*.{yaml,yml,json}").scanSync(folder)].sort().filter((_, index) => index % 3 === 0);

describe("published descriptions, compiled elsewhere", () => {
  vectorTest("are taken", () => {
    let taken = 0;
    for (const file of files) {
      const { artifact } = compileGateway({
        files: [file],
        read: directoryReader(folder),
        upstream: "https://upstream.example",
        provenance: { compiler: "test" },
      });
      if (artifact === undefined) continue;
      const verdict = judgeUpload({ bytes: artifact.bytes, trustedKeys: [] });
      expect(verdict, file).toMatchObject({ ok: true, artifact: { digest: artifact.digest } });
      taken++;
    }
    expect(taken).toBeGreaterThan(50);
  });
});
