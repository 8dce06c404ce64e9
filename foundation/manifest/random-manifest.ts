/** Random valid manifests, and the same in random spellings, for tests. */
import fc from "fast-check";

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,6}[a-z0-9]$/);
const text = fc
  .string({ unit: "grapheme", maxLength: 12 })
  .filter((value) => !/[\u0000-\u001f\u007f-\u009f]/.test(value));
const lines = fc.array(text, { maxLength: 3 }).map((all) => all.join("\n"));
const command = fc
  .tuple(fc.constantFrom("node", "./web", "/bin/a b"), fc.array(lines, { maxLength: 3 }))
  .map(([program, rest]) => [program, ...rest]);
const vars = fc.dictionary(
  fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,8}$/).filter((key) => key !== "PORT" && !key.startsWith("BIPLANE_")),
  lines,
  { maxKeys: 4 },
);
const optional = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(value, { nil: undefined });
const shared = {
  vars: optional(vars),
  workdir: optional(fc.constantFrom("/", "/srv", "/srv/app")),
  user: optional(fc.constantFrom("app", "1000", "1000:1000")),
  prestart: optional(fc.array(command, { maxLength: 2 })),
  prestart_timeout_seconds: optional(fc.integer({ min: 1, max: 3600 })),
};

const port = fc.record({
  internal: fc.integer({ min: 1, max: 65_535 }),
  name: optional(name.filter((value) => !/^p\d+$/.test(value))),
  protocol: optional(fc.constant("tcp")),
});
const ports = fc
  .uniqueArray(port, { maxLength: 4, selector: ({ internal }) => internal })
  .map((all) => all.map((one, index) => (one.name === undefined ? one : { ...one, name: `${one.name}-${index}` })));

const process = ports.chain((declared) =>
  fc.record({
    command,
    ...shared,
    isolation: optional(fc.constantFrom("process", "container", "microvm")),
    restart: optional(
      fc.oneof(
        fc.record({
          policy: fc.constantFrom("always", "never"),
          backoff_seconds: optional(fc.integer({ min: 0, max: 300 })),
        }),
        fc.record({ policy: fc.constant("on-failure"), max_retries: optional(fc.integer({ min: 0, max: 100 })) }),
      ),
    ),
    resources: fc.record({
      memory: fc.oneof(
        fc.integer({ min: 64, max: 5000 }).map((size) => `${size}Mi`),
        fc.integer({ min: 1, max: 16 }).map((size) => `${size}Gi`),
      ),
      cpu: optional(fc.integer({ min: 1, max: 6400 }).map((hundredths) => hundredths / 100)),
      disk: optional(fc.integer({ min: 1, max: 99 }).map((size) => `${size}Gi`)),
    }),
    scaling: optional(
      fc.tuple(fc.integer({ min: 0, max: 50 }), optional(fc.integer({ min: 0, max: 50 }))).map(([min, more]) => ({
        min,
        ...(more === undefined ? {} : { max: min + more }),
      })),
    ),
    ports: fc.constant(declared),
    health:
      declared.length === 0
        ? fc.constant(undefined)
        : optional(
            fc.record({
              type: fc.constantFrom("tcp", "http"),
              port: fc.constantFrom(...declared).map(({ internal, name: own }) => own ?? internal),
              interval_seconds: optional(fc.integer({ min: 1, max: 300 })),
            }),
          ),
    secrets: optional(fc.record({ required: fc.boolean() })),
  }),
);

/** A manifest as JSON, with fields left out at random. */
export const randomManifest: fc.Arbitrary<Readonly<Record<string, unknown>>> = fc
  .record({
    schema_version: fc.constant("v1"),
    app: fc.record({ name, description: optional(text) }),
    image: optional(
      fc.record({
        ref: fc.constantFrom("app", "registry.example.com:5000/team/app:1.2", `a@sha256:${"0".repeat(64)}`),
      }),
    ),
    env: optional(fc.record(shared)),
    processes: fc.dictionary(name, process, { minKeys: 1, maxKeys: 3 }),
    volumes: fc.uniqueArray(
      fc.record({ name, size: fc.constantFrom("1Gi", "20Gi"), backup_enabled: optional(fc.boolean()) }),
      {
        maxLength: 3,
        selector: (volume) => volume.name,
      },
    ),
  })
  .map(mountedVolumes)
  .map((manifest) => JSON.parse(JSON.stringify(manifest)) as Readonly<Record<string, unknown>>);

/** The first process mounts all volumes, and so has one instance. */
function mountedVolumes<
  Given extends {
    readonly processes: Readonly<Record<string, object>>;
    readonly volumes: readonly { readonly name: string }[];
  },
>(given: Given): unknown {
  const [first, process] = Object.entries(given.processes)[0]!;
  if (given.volumes.length === 0) return given;
  const mounts = given.volumes.map((volume) => ({ volume: volume.name, path: `/data/${volume.name}` }));
  return { ...given, processes: { ...given.processes, [first]: { ...process, mounts, scaling: { min: 1 } } } };
}

/** The same value with the entries of its tables in another order. @param random numbers in [0, 1) */
export function shuffledKeys(value: unknown, random: () => number): unknown {
  if (Array.isArray(value)) return value.map((item) => shuffledKeys(item, random));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, entry]) => [key, shuffledKeys(entry, random), random()] as const);
  return Object.fromEntries(entries.sort((left, right) => left[2] - right[2]).map(([key, entry]) => [key, entry]));
}
