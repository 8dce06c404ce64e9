/** People with a home directory and a browser each, who sign in to a cloud with the real command line. */
import { Database } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { deriveSealingKey, open, readKeyFile, type SealingKey, seal, sealingKeyFromBase64 } from "#foundation/crypto";
import { systemRandom } from "#foundation/runtime";
import type { CliAnswer, Cloud } from "../support/cloud.ts";
import type { PageBrowser } from "../support/page-browser.ts";

export const PASSWORD = "correct horse battery staple";

type Json = Readonly<Record<string, unknown>>;

export interface Person {
  readonly browser: PageBrowser;
  /** The file with the tokens. */
  readonly credentials: string;
  /** What `biplane login` has said in the end. */
  readonly signedInAs: Json;
  run(...args: readonly string[]): Promise<CliAnswer>;
  /** Of a command that must succeed. */
  json<Answer = Json>(...args: readonly string[]): Promise<Answer>;
  /** Of a command that must fail: its exit code and error code. */
  refusal(...args: readonly string[]): Promise<string>;
}

export interface People {
  /** Runs `biplane login` and lets the device in by the browser, which must be signed in. */
  signIn(name: string, browser: PageBrowser): Promise<Person>;
  named(name: string): Person;
  /** An access token of a login's session that has expired, as one would be after fifteen minutes. */
  expiredToken(refreshToken: string): string;
}

export function createPeople(cloud: Cloud, url: string, homes: string): People {
  const people = new Map<string, Person>();
  return {
    async signIn(name, browser) {
      const home = join(homes, name);
      mkdirSync(home, { recursive: true });
      // Somebody else than the user of the data directory: a directory of its own, and no cloud in it.
      const environment = { PATH: process.env.PATH!, HOME: home, BIPLANE_DATA: "", BIPLANE_API_URL: "", NO_COLOR: "1" };
      const run = (...args: readonly string[]) => cloud.cliWith(environment, ...args);
      const login = cloud.spawn(environment, "login", "--endpoint", url, "--name", `${name}'s laptop`, "--json");
      const lines = linesOf(login.stdout);
      const begun = JSON.parse((await lines.next()).value!) as { readonly userCode: string };
      await browser.fill(`/device?user_code=${begun.userCode}`, { answer: "approve" });
      const signedIn = (await lines.next()).value;
      if ((await login.exited) !== 0 || signedIn === undefined) {
        throw new Error(`biplane login: ${await new Response(login.stderr).text()}`);
      }
      const person: Person = {
        browser,
        credentials: join(home, ".config", "biplane", "credentials.json"),
        signedInAs: JSON.parse(signedIn) as Json,
        run,
        async json<Answer>(...args: readonly string[]) {
          const { code, stdout, stderr } = await run(...args, "--json");
          if (code !== 0) throw new Error(`biplane ${args.join(" ")} ended with ${code}: ${stderr}`);
          return JSON.parse(stdout) as Answer;
        },
        async refusal(...args) {
          const { code, stdout } = await run(...args, "--json");
          return `${code} ${(JSON.parse(stdout) as { readonly error: { readonly code: string } }).error.code}`;
        },
      };
      people.set(name, person);
      return person;
    },
    named: (name) => people.get(name)!,
    expiredToken(refreshToken) {
      const key = platformKeyOf(join(cloud.dataDirectory, "control"));
      const sessionId = /^bpr_(ses_[0-9a-f]+)\./.exec(refreshToken)![1]!;
      const claims = JSON.stringify({ sessionId, expiresAt: Date.now() - 1 });
      return `bps_${seal(deriveSealingKey(key, "api-access"), claims, "access-token", systemRandom)}`;
    },
  };
}

/** The key that tokens are made with: in the log, sealed by the master key. */
function platformKeyOf(directory: string): SealingKey {
  const database = new Database(join(directory, "events.sqlite"), { readonly: true });
  try {
    const noteOf = database.query<{ value: string }, [string]>("SELECT value FROM notes WHERE name = ?1");
    const controlPlaneId = database
      .query<{ id: string }, []>("SELECT control_plane_id AS id FROM control_plane")
      .get()!.id;
    const sealed = noteOf.get("platform-key")!.value;
    return sealingKeyFromBase64(
      open(readKeyFile(join(directory, "master.key")), sealed, `platform-key ${controlPlaneId}`),
    );
  } finally {
    database.close();
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
  return undefined;
}
