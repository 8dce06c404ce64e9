/** The credential report (IAM User Guide, "Generate credential reports for your AWS account"): a line for the root user and one for each user. Pure. */

/** One access key in the report. Times are epoch milliseconds. */
export interface ReportedKey {
  readonly active: boolean;
  readonly createdAt: number;
  readonly lastUse?: { readonly at: number; readonly region: string; readonly service: string } | undefined;
}

export interface ReportedPerson {
  /** `<root_account>`, or the name of a user. */
  readonly user: string;
  readonly arn: string;
  readonly createdAt: number;
  /** Two at most, the older first. */
  readonly keys: readonly ReportedKey[];
  readonly root: boolean;
}

const COLUMNS = [
  "user",
  "arn",
  "user_creation_time",
  "password_enabled",
  "password_last_used",
  "password_last_changed",
  "password_next_rotation",
  "mfa_active",
  "access_key_1_active",
  "access_key_1_last_rotated",
  "access_key_1_last_used_date",
  "access_key_1_last_used_region",
  "access_key_1_last_used_service",
  "access_key_2_active",
  "access_key_2_last_rotated",
  "access_key_2_last_used_date",
  "access_key_2_last_used_region",
  "access_key_2_last_used_service",
  "cert_1_active",
  "cert_1_last_rotated",
  "cert_2_active",
  "cert_2_last_rotated",
] as const;

const NONE = "N/A";
const NO_CERTIFICATE = ["FALSE", NONE];

/** `2026-01-31T12:00:00+00:00` */
const time = (at: number): string => new Date(at).toISOString().replace(/\.\d{3}Z$/, "+00:00");

const flag = (on: boolean): string => (on ? "TRUE" : "FALSE");

const keyColumns = (key: ReportedKey | undefined): readonly string[] => [
  flag(key?.active === true),
  key === undefined ? NONE : time(key.createdAt),
  key?.lastUse === undefined ? NONE : time(key.lastUse.at),
  key?.lastUse?.region ?? NONE,
  key?.lastUse?.service ?? NONE,
];

/** RFC 4180 §2: names of users may hold commas. */
const field = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

function line({ user, arn, createdAt, keys, root }: ReportedPerson): readonly string[] {
  const password = root ? ["not_supported", NONE, "not_supported", "not_supported"] : ["FALSE", NONE, NONE, NONE];
  const certificates = [...NO_CERTIFICATE, ...NO_CERTIFICATE];
  const mfa = flag(false);
  return [
    user,
    arn,
    time(createdAt),
    ...password,
    mfa,
    ...keyColumns(keys[0]),
    ...keyColumns(keys[1]),
    ...certificates,
  ];
}

/** CSV, the root user first. */
export const credentialReport = (people: readonly ReportedPerson[]): string =>
  [COLUMNS, ...people.map(line)].map((fields) => fields.map(field).join(",")).join("\n");
