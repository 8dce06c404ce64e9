/** Outside identity providers (IAM API Reference: CreateOpenIDConnectProvider, GetOpenIDConnectProvider, AddClientIDToOpenIDConnectProvider …). */
import type { NameSet } from "#contracts";
import { entityArn } from "#foundation/ids";
import { invalidInput, noSuch, validationError } from "../errors.ts";
import { shownTags } from "../rules/answers.ts";
import { tagsOf } from "../rules/tags.ts";
import { accountOf, type Definitions } from "../service/define.ts";
import type { IamEnvironment } from "../service/environment.ts";
import { patch } from "../service/execute.ts";
import { arnOf, expectProvider, providerOfArn } from "../service/find.ts";
import { create, remove } from "../service/life-cycle.ts";
import { createQuestions, providerQuestion, question } from "../service/questions.ts";

type Names =
  | "CreateOpenIDConnectProvider"
  | "GetOpenIDConnectProvider"
  | "ListOpenIDConnectProviders"
  | "UpdateOpenIDConnectProviderThumbprint"
  | "AddClientIDToOpenIDConnectProvider"
  | "RemoveClientIDFromOpenIDConnectProvider"
  | "DeleteOpenIDConnectProvider";

const KIND = "oidcProvider";

const SCHEME = /^https?:\/\//;

/** The provider's name: its URL without the scheme. @throws AwsError ValidationError */
function nameOfUrl(url: string): string {
  if (!SCHEME.test(url)) throw validationError("Invalid Open ID Connect Provider URL");
  return url.replace(SCHEME, "");
}

const setOf = (names: readonly string[]): NameSet => Object.fromEntries(names.map((name) => [name, true] as const));

/** @throws AwsError InvalidInput */
function checkThumbprints(thumbprints: readonly string[]): readonly string[] {
  if (thumbprints.some((thumbprint) => !/^[0-9a-f]{40}$/i.test(thumbprint))) {
    throw invalidInput("Thumbprint must be exactly 40 hexadecimal characters.");
  }
  return thumbprints;
}

export function oidcProviders(tools: IamEnvironment): Definitions<Names> {
  return {
    CreateOpenIDConnectProvider: {
      access: ({ Url, Tags = [] }, context) =>
        createQuestions("OpenIDConnectProvider", context, { kind: KIND, name: nameOfUrl(Url) }, tagsOf(KIND, Tags)),
      async handle({ Url, ClientIDList = [], ThumbprintList = [], Tags }, context) {
        const record = await create(
          tools,
          context,
          KIND,
          { name: nameOfUrl(Url) },
          {
            url: Url,
            ...(ClientIDList.length === 0 ? {} : { clientIds: setOf(ClientIDList) }),
            ...(ThumbprintList.length === 0 ? {} : { thumbprints: checkThumbprints(ThumbprintList) }),
            ...(Tags === undefined ? {} : { tags: tagsOf(KIND, Tags) }),
          },
        );
        if (record === undefined) throw noSuch(KIND, Url);
        return { OpenIDConnectProviderArn: arnOf(record), ...shownTags(record.sections.tags) };
      },
    },

    GetOpenIDConnectProvider: {
      access: (input, context) => [
        providerQuestion(tools, "GetOpenIDConnectProvider", context, input.OpenIDConnectProviderArn),
      ],
      handle(input, context) {
        const { name, createdAt, sections } = expectProvider(tools, context, input.OpenIDConnectProviderArn);
        return {
          Url: name,
          ClientIDList: Object.keys(sections.clientIds ?? {}),
          ThumbprintList: sections.thumbprints ?? [],
          CreateDate: new Date(createdAt),
          ...shownTags(sections.tags),
        };
      },
    },

    ListOpenIDConnectProviders: {
      access(_input, context) {
        const all = entityArn({ kind: KIND, accountId: accountOf(context), path: "/", name: "*" });
        return [question("ListOpenIDConnectProviders", context, all)];
      },
      handle: (_input, context) => ({
        OpenIDConnectProviderList: tools.catalog
          .entitiesOf(KIND, accountOf(context))
          .map((record) => ({ Arn: arnOf(record) })),
      }),
    },

    UpdateOpenIDConnectProviderThumbprint: {
      access: (input, context) => [
        providerQuestion(tools, "UpdateOpenIDConnectProviderThumbprint", context, input.OpenIDConnectProviderArn),
      ],
      async handle({ OpenIDConnectProviderArn: arn, ThumbprintList = [] }, context) {
        const thumbprints = checkThumbprints(ThumbprintList);
        const record = expectProvider(tools, context, arn);
        await patch(tools, context, record, { thumbprints: thumbprints.length === 0 ? null : thumbprints });
        return {};
      },
    },

    AddClientIDToOpenIDConnectProvider: {
      access: (input, context) => [
        providerQuestion(tools, "AddClientIDToOpenIDConnectProvider", context, input.OpenIDConnectProviderArn),
      ],
      async handle({ OpenIDConnectProviderArn: arn, ClientID }, context) {
        await patch(tools, context, expectProvider(tools, context, arn), { clientIds: { [ClientID]: true } });
        return {};
      },
    },

    // One that is not there is no mistake (IAM API Reference).
    RemoveClientIDFromOpenIDConnectProvider: {
      access: (input, context) => [
        providerQuestion(tools, "RemoveClientIDFromOpenIDConnectProvider", context, input.OpenIDConnectProviderArn),
      ],
      async handle({ OpenIDConnectProviderArn: arn, ClientID }, context) {
        await patch(tools, context, expectProvider(tools, context, arn), { clientIds: { [ClientID]: null } });
        return {};
      },
    },

    // Nor is a provider that is not there (IAM API Reference: "This operation is idempotent").
    DeleteOpenIDConnectProvider: {
      access: (input, context) => [
        providerQuestion(tools, "DeleteOpenIDConnectProvider", context, input.OpenIDConnectProviderArn),
      ],
      async handle(input, context) {
        const record = providerOfArn(tools, accountOf(context), input.OpenIDConnectProviderArn);
        if (record !== undefined) await remove(tools, context, record);
        return {};
      },
    },
  };
}
