/** PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy: of tables and of their streams. */
import type { ResourceSectionChanges } from "#contracts";
import { shownPolicy } from "#data-plane/principals";
import type { CallContext } from "#data-plane/service";
import { AwsError } from "#foundation/aws";
import { resourceNotFound, validationError } from "../../errors.ts";
import { parseTableArn, streamArn, type TableResource } from "../../rules/arns.ts";
import { settingsOf, withSettings } from "../../rules/settings.ts";
import { placeQuestion, streamQuestion } from "../../service/access.ts";
import { configureTable } from "../../service/control.ts";
import type { TableOperations } from "../../service/define.ts";
import type { TableView } from "../../service/table-view.ts";
import type { Toolbox } from "../../service/toolbox.ts";
import { checkResourcePolicy } from "./policy-rules.ts";

type Names = "PutResourcePolicy" | "GetResourcePolicy" | "DeleteResourcePolicy";
type Subject = Extract<TableResource, { readonly kind: "table" | "stream" }>;

/** Where the policy of a table, and that of its stream, stand in the record. */
const PLACES = {
  table: { section: "policy", principals: "policyPrincipals", revision: "policyRevision" },
  stream: { section: "streamPolicy", principals: "streamPolicyPrincipals", revision: "streamPolicyRevision" },
} as const;

/** What `ExpectedRevisionId` says of a policy that must not be there. */
const NO_POLICY = "NO_POLICY";

export function policyOperations(tools: Toolbox): Required<Pick<TableOperations, Names>> {
  const { clock, tables } = tools;

  const find = (arn: string, { region }: CallContext): TableView => {
    const subject = subjectOf(arn);
    const view = tables.at(subject.place, region);
    if (view === undefined) throw resourceNotFound(`ResourceArn: ${arn} not found`);
    if (subject.kind === "stream" && view.streamArn !== streamArn(view.record, subject.label)) {
      throw resourceNotFound(`ResourceArn: ${arn} not found`);
    }
    return view;
  };
  const question = (action: string, arn: string, { region }: CallContext) => {
    const { kind, place } = subjectOf(arn);
    const view = tables.at(place, region);
    return kind === "table" ? placeQuestion(action, place, view) : streamQuestion(action, arn, place, view);
  };
  const revisionOf = (view: TableView, { kind }: Subject): string | undefined =>
    settingsOf(view.record)[PLACES[kind].revision];

  const shown = ({ record: { sections } }: TableView, { kind }: Subject): string | undefined => {
    const { section, principals } = PLACES[kind];
    const policy = sections[section];
    return policy === undefined ? undefined : shownPolicy(tools.catalog, policy, sections[principals]);
  };

  /** The sections of a record whose policy becomes `policy`. */
  const changes = (view: TableView, subject: Subject, policy: string | null): ResourceSectionChanges<"table"> => {
    const { section, revision } = PLACES[subject.kind];
    const settings = settingsOf(view.record);
    const before = Number(settings[revision] ?? 0);
    const next = String(Math.max(clock.now(), before + 1));
    return {
      [section]: policy,
      settings: withSettings({ ...settings, [revision]: policy === null ? undefined : next }),
    };
  };

  return {
    PutResourcePolicy: {
      access: (input, context) => [question("PutResourcePolicy", input.ResourceArn, context)],
      async handle(input, context) {
        checkResourcePolicy(input.Policy);
        const subject = subjectOf(input.ResourceArn);
        const { section } = PLACES[subject.kind];
        const changed = await configureTable(
          tools,
          tables,
          () => find(input.ResourceArn, context),
          context,
          (view) => {
            expectRevision(input.ExpectedRevisionId, revisionOf(view, subject));
            // The same policy again is no change, and keeps its revision, unless a name in it means somebody else now.
            const same = view.record.sections[section] === input.Policy && shown(view, subject) === input.Policy;
            return same ? {} : changes(view, subject, input.Policy);
          },
        );
        return { RevisionId: revisionOf(changed, subject) };
      },
    },

    GetResourcePolicy: {
      access: (input, context) => [question("GetResourcePolicy", input.ResourceArn, context)],
      handle(input, context) {
        const subject = subjectOf(input.ResourceArn);
        const view = find(input.ResourceArn, context);
        const policy = shown(view, subject);
        if (policy === undefined) {
          throw new AwsError(
            "PolicyNotFoundException",
            `Resource-based policy not found for the provided ResourceArn: ${input.ResourceArn}`,
          );
        }
        return { Policy: policy, RevisionId: revisionOf(view, subject) };
      },
    },

    DeleteResourcePolicy: {
      access: (input, context) => [question("DeleteResourcePolicy", input.ResourceArn, context)],
      async handle(input, context) {
        const subject = subjectOf(input.ResourceArn);
        let removed: string | undefined;
        await configureTable(
          tools,
          tables,
          () => find(input.ResourceArn, context),
          context,
          (view) => {
            removed = revisionOf(view, subject);
            if (input.ExpectedRevisionId !== undefined) expectRevision(input.ExpectedRevisionId, removed);
            return view.record.sections[PLACES[subject.kind].section] === undefined ? {} : changes(view, subject, null);
          },
        );
        return removed === undefined ? {} : { RevisionId: removed };
      },
    },
  };
}

/** @throws AwsError ValidationException */
function subjectOf(arn: string): Subject {
  const resource = parseTableArn(arn);
  if (resource?.kind === "table" || resource?.kind === "stream") return resource;
  throw validationError(`Invalid ResourceArn: ${arn.slice(0, 1024)} is no table and no stream`);
}

/** @throws AwsError PolicyNotFoundException */
function expectRevision(expected: string | undefined, actual: string | undefined): void {
  if (expected === undefined) return;
  if (expected === NO_POLICY ? actual === undefined : expected === actual) return;
  throw new AwsError(
    "PolicyNotFoundException",
    "The policy with the provided ExpectedRevisionId does not exist or is not the latest revision",
  );
}
