/** Events of the platform as they were written once: they read and fold today, and for ever, as they did then. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type CatalogRecord, DESIRED_KINDS, type EventEnvelope } from "#contracts";
import { catalogChangesOf } from "./catalog/catalog-changes.ts";
import { knownEvent } from "./new-event.ts";

interface Golden {
  readonly event: EventEnvelope;
  /** The record that the event left; null: none. */
  readonly after: CatalogRecord | null;
}

// Never changed, only added to: a new version of an event gets lines of its own.
const GOLDEN = JSON.parse(readFileSync(join(import.meta.dir, "testing/golden-events.json"), "utf8")) as Golden[];

test("each folds to the record that it made then", () => {
  let before: CatalogRecord | undefined;
  for (const { event, after } of GOLDEN) {
    if (event.aggregateSequence === 1) before = undefined;
    const known = knownEvent(event);
    if (known === undefined) throw new Error(`${event.type}, version ${event.version} is not known any more`);
    const [change] = catalogChangesOf(known, () => before);
    before = change?.change === "upsert" ? change.record : undefined;
    expect({ type: event.type, after: before ?? null }).toEqual({ type: event.type, after });
  }
});

test("there is one of every type", () => {
  const types = Object.entries(DESIRED_KINDS).flatMap(([kind, { makes, changes, ends }]) =>
    [makes, ...Object.keys(changes), ends].map((verb) => `${kind}.${verb}`),
  );
  expect([...new Set(GOLDEN.map(({ event }) => event.type as string))].sort()).toEqual(types.sort());
});

test("one of a version to come, or of a type that nobody knows, is not folded", () => {
  const [{ event }] = GOLDEN as [Golden];
  expect(knownEvent({ ...event, version: 99 })).toBeUndefined();
  expect(knownEvent({ ...event, type: "app.painted" as EventEnvelope["type"] })).toBeUndefined();
});
