/** The report of who has which credentials (IAM API Reference: GenerateCredentialReport, GetCredentialReport). */
import type { AccountId, KeyOwner } from "#contracts";
import { AwsError } from "#foundation/aws";
import { credentialReport, type ReportedKey, type ReportedPerson } from "../rules/credential-report.ts";
import { accountOf, type Definitions } from "../service/define.ts";
import type { IamEnvironment } from "../service/environment.ts";
import { arnOf } from "../service/find.ts";
import { question } from "../service/questions.ts";
import { rootArn } from "../service/self.ts";

type Names = "GenerateCredentialReport" | "GetCredentialReport";

const HOUR_MS = 3_600_000;
/** So long a report is good; another one is made afterwards (IAM User Guide). */
const GOOD_FOR_MS = 4 * HOUR_MS;

/** A report of 5,000 users is about a megabyte: those that were asked for last are kept. */
const REPORTS_MAX = 50;

interface Report {
  readonly text: string;
  /** Epoch milliseconds. */
  readonly madeAt: number;
}

export function credentialReports(tools: IamEnvironment): Definitions<Names> {
  /** In memory: after a restart there is none, and whoever wants one asks for it. */
  const reports = new Map<AccountId, Report>();
  return {
    GenerateCredentialReport: {
      access: (_input, context) => [question("GenerateCredentialReport", context)],
      handle(_input, context) {
        const accountId = accountOf(context);
        const existing = reports.get(accountId);
        if (existing !== undefined && context.now - existing.madeAt < GOOD_FOR_MS) return { State: "COMPLETE" };
        reports.delete(accountId);
        reports.set(accountId, { text: credentialReport(peopleOf(tools, accountId)), madeAt: context.now });
        const [oldest] = reports.keys();
        if (reports.size > REPORTS_MAX && oldest !== undefined) reports.delete(oldest);
        return { State: "STARTED", Description: "No report exists. Starting a new report generation task" };
      },
    },

    GetCredentialReport: {
      access: (_input, context) => [question("GetCredentialReport", context)],
      handle(_input, context) {
        const report = reports.get(accountOf(context));
        if (report === undefined) {
          throw new AwsError(
            "ReportNotPresent",
            "The credential report does not exist. To generate a credential report, use GenerateCredentialReport.",
          );
        }
        if (context.now - report.madeAt >= GOOD_FOR_MS) {
          throw new AwsError(
            "ReportExpired",
            "The most recent credential report has expired. To generate a new credential report, use GenerateCredentialReport.",
          );
        }
        return {
          Content: new TextEncoder().encode(report.text),
          ReportFormat: "text/csv",
          GeneratedTime: new Date(report.madeAt),
        };
      },
    },
  };
}

function peopleOf(tools: IamEnvironment, accountId: AccountId): readonly ReportedPerson[] {
  const { catalog, uses } = tools;
  const keysOf = (owner: KeyOwner): readonly ReportedKey[] =>
    [...catalog.accessKeysOf(accountId, owner)]
      .sort((left, right) => left.createdAt - right.createdAt)
      .map(({ accessKeyId, status, createdAt }) => ({
        active: status === "Active",
        createdAt,
        lastUse: uses.lastUseOf(accessKeyId),
      }));
  const root: ReportedPerson = {
    user: "<root_account>",
    arn: rootArn(accountId),
    createdAt: catalog.account(accountId)?.createdAt ?? 0,
    keys: keysOf({ type: "root" }),
    root: true,
  };
  const users = catalog.entitiesOf("user", accountId).map((user) => ({
    user: user.name,
    arn: arnOf(user),
    createdAt: user.createdAt,
    keys: keysOf({ type: "user", userName: user.name }),
    root: false,
  }));
  return [root, ...users];
}
