/** What this service offers, for the parity table. */
import { IAM_PERMISSIONS } from "./permissions.ts";

/** The operations that are registered. */
export const iamOperationNames: readonly string[] = Object.keys(IAM_PERMISSIONS);

const NO_PASSWORDS = "IAM users have no passwords here: people sign in to the platform";
const NO_MFA = "there are no MFA devices";
const NO_SAML = "outside identities come by OpenID Connect";
const NO_CERTIFICATES = "certificates and SSH keys of IAM are not kept";
const NO_LINKED_ROLES = "no service here acts by a service-linked role";
const NO_ADVISOR = "uses of services are not recorded by entity";

const AWS_VERSIONS = "of AWS's own policies only the default version is kept";

/** What is missing within an operation, or why it is missing altogether, as the end of a sentence; operations without a note lack nothing that is known. */
export const iamParityNotes: Readonly<Record<string, string>> = {
  ChangePassword: NO_PASSWORDS,
  CreateLoginProfile: NO_PASSWORDS,
  DeleteLoginProfile: NO_PASSWORDS,
  GetLoginProfile: NO_PASSWORDS,
  UpdateLoginProfile: NO_PASSWORDS,
  DeleteAccountPasswordPolicy: NO_PASSWORDS,
  GetAccountPasswordPolicy: NO_PASSWORDS,
  UpdateAccountPasswordPolicy: NO_PASSWORDS,
  CreateVirtualMFADevice: NO_MFA,
  DeactivateMFADevice: NO_MFA,
  DeleteVirtualMFADevice: NO_MFA,
  EnableMFADevice: NO_MFA,
  GetMFADevice: NO_MFA,
  ListMFADevices: NO_MFA,
  ListMFADeviceTags: NO_MFA,
  ListVirtualMFADevices: NO_MFA,
  ResyncMFADevice: NO_MFA,
  TagMFADevice: NO_MFA,
  UntagMFADevice: NO_MFA,
  CreateSAMLProvider: NO_SAML,
  DeleteSAMLProvider: NO_SAML,
  GetSAMLProvider: NO_SAML,
  ListSAMLProviders: NO_SAML,
  ListSAMLProviderTags: NO_SAML,
  TagSAMLProvider: NO_SAML,
  UntagSAMLProvider: NO_SAML,
  UpdateSAMLProvider: NO_SAML,
  DeleteServerCertificate: NO_CERTIFICATES,
  DeleteSigningCertificate: NO_CERTIFICATES,
  DeleteSSHPublicKey: NO_CERTIFICATES,
  GetServerCertificate: NO_CERTIFICATES,
  GetSSHPublicKey: NO_CERTIFICATES,
  ListServerCertificates: NO_CERTIFICATES,
  ListServerCertificateTags: NO_CERTIFICATES,
  ListSigningCertificates: NO_CERTIFICATES,
  ListSSHPublicKeys: NO_CERTIFICATES,
  TagServerCertificate: NO_CERTIFICATES,
  UntagServerCertificate: NO_CERTIFICATES,
  UpdateServerCertificate: NO_CERTIFICATES,
  UpdateSigningCertificate: NO_CERTIFICATES,
  UpdateSSHPublicKey: NO_CERTIFICATES,
  UploadServerCertificate: NO_CERTIFICATES,
  UploadSigningCertificate: NO_CERTIFICATES,
  UploadSSHPublicKey: NO_CERTIFICATES,
  CreateServiceLinkedRole: NO_LINKED_ROLES,
  DeleteServiceLinkedRole: NO_LINKED_ROLES,
  GetServiceLinkedRoleDeletionStatus: NO_LINKED_ROLES,
  GenerateServiceLastAccessedDetails: NO_ADVISOR,
  GetServiceLastAccessedDetails: NO_ADVISOR,
  GetServiceLastAccessedDetailsWithEntities: NO_ADVISOR,
  CreateOpenIDConnectProvider: "thumbprints are kept, but not fetched from the provider when none are given",
  GetPolicyVersion: AWS_VERSIONS,
  ListPolicyVersions: AWS_VERSIONS,
  SimulateCustomPolicy: "no organization policies; ResourceHandlingOption has no effect",
  SimulatePrincipalPolicy:
    "no organization policies; ResourceHandlingOption has no effect; policies are not excluded by type",
};
