import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Cloud, createCloud } from "../support/cloud.ts";

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook: string };
}

const docs = (name: string): string => readFileSync(join(import.meta.dir, "../../docs", name), "utf8");
const file = Bun.YAML.parse(docs("alerts.yml")) as { readonly groups: readonly { readonly rules: readonly Rule[] }[] };
const rules = file.groups.flatMap((group) => group.rules);

/** What Prometheus itself adds. */
const OF_PROMETHEUS = ["job", "instance"];
/** Selectors and groupings of an expression, after what is between quotes is gone. */
const metricsIn = (expr: string): readonly string[] => expr.match(/\b(?:up|process_[a-z_]+|biplane_[a-z_]+)\b/g) ?? [];

let cloud: Cloud;
/** Label names by metric, of everything that one process with both planes shows. */
const shown = new Map<string, Set<string>>();

beforeAll(async () => {
  cloud = createCloud();
  await cloud.start("up", "--port", "0");
  const environment = await cloud.environment();
  for (const url of [`${environment.BIPLANE_API_URL}/metrics`, `${environment.AWS_ENDPOINT_URL}/_biplane/metrics`]) {
    const text = await (await fetch(url)).text();
    for (const [, name = "", labels = ""] of text.matchAll(/^([a-z_]+)(?:\{([^}]*)\})? /gm)) {
      const names = shown.get(name) ?? new Set();
      for (const [, label = ""] of labels.matchAll(/([a-z_]+)="/g)) names.add(label);
      shown.set(name, names);
    }
    for (const [, name = ""] of text.matchAll(/^# TYPE ([a-z_]+) /gm)) if (!shown.has(name)) shown.set(name, new Set());
  }
});

afterAll(() => cloud.dispose());

test.each(rules.map((rule) => [rule.alert, rule] as const))("%s asks for metrics that there are", (_, { expr }) => {
  const bare = expr.replaceAll(/"[^"]*"/g, '""');
  for (const metric of metricsIn(bare)) expect([...shown.keys(), "up"], metric).toContain(metric);
  for (const [, metric = "", selector = ""] of bare.matchAll(/\b([a-z_]+)\{([^}]*)\}/g)) {
    const labels = [...(shown.get(metric) ?? []), ...OF_PROMETHEUS];
    for (const [, label = ""] of selector.matchAll(/([a-z_]+)\s*(?:=|!)/g)) {
      // Series that nothing was counted in yet have no labels to be seen.
      if (labels.length > OF_PROMETHEUS.length) expect(labels, `${metric}{${label}}`).toContain(label);
    }
  }
});

test("each is for now or for the next working day, and has a runbook", () => {
  const headings = docs("operating.md").match(/^### .*$/gm) ?? [];
  const anchors = headings.map((heading) => heading.slice(4).toLowerCase());
  for (const { labels, annotations } of rules) {
    expect(["page", "ticket"]).toContain(labels.severity);
    expect(annotations.summary).not.toBe("");
    const [path, anchor] = annotations.runbook.split("#");
    expect(path).toBe("docs/operating.md");
    expect(anchors).toContain(anchor ?? "");
  }
  const used = new Set(rules.map(({ annotations }) => annotations.runbook.split("#")[1]));
  expect(anchors.filter((anchor) => anchor.startsWith("biplane") && !used.has(anchor))).toEqual([]);
});
