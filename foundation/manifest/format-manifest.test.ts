import { describe, expect, test } from "bun:test";
import { formatManifest, formatManifestText, parseManifest } from "./index.ts";

const format = (text: string): string => formatManifestText(text).text!;

describe("formatManifestText", () => {
  test("orders fields, makes sections of tables, and keeps comments with what they belong to", () => {
    expect(
      format(`# The shop.

# Second block.
[processes]
# The web server
web = { ports = [{internal=80, name='http'}], command = [ # what runs
  'bun', # the runtime
  # the program
  "server.js"
], "resources" = {cpu=1.50,memory="1Gi"} } # faces the world
[app]   # who we are
description = 'a "shop"'   #for people
name="shop"
[env]
vars.B = "1"
vars.A = """
two

lines"""
# before the version
[[volumes]]
size = "1Gi"   # small
name = "data"
# at the end

# of all
`),
    ).toMatchSnapshot();
  });

  test("keeps keys that it does not know, dates and mixed lists", () => {
    expect(format("z = [1, {a = {}}, [1979-05-27]]\ny.\"a b\" = 0x1F\nx = []\nschema_version = 'v1'\nw = {}")).toBe(
      `schema_version = "v1"
z = [1, { a = {} }, [1979-05-27]]
x = []

[y]
"a b" = 0x1F

[w]
`,
    );
  });

  test("breaks long lists", () => {
    const words = Array.from({ length: 12 }, (_, index) => `"argument-${index}"`);
    expect(format(`[processes.web]\ncommand = [${words.join(",")}]`)).toBe(
      `[processes.web]\ncommand = [\n${words.map((word) => `  ${word},\n`).join("")}]\n`,
    );
  });

  test("of nothing is nothing; of comments alone, the comments", () => {
    expect([format(""), format("\n\n"), format("# a\n\n\n# b")]).toEqual(["", "", "# a\n\n# b\n"]);
  });

  test("says what is no TOML", () => {
    expect(formatManifestText("a = 1\nb").problem).toMatchObject({ code: "E_SYNTAX", line: 2, column: 2 });
  });
});

test("formatManifest says everything that the normal form says", () => {
  const { manifest } = parseManifest(
    'schema_version="v1"\napp.name="shop"\n[processes.web]\ncommand=["./web"]\nresources.memory="1024Mi"',
  );
  expect(formatManifest(manifest!)).toMatchSnapshot();
  expect(parseManifest(formatManifest(manifest!)).manifest).toEqual(manifest!);
});
