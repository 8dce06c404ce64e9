"""What a Python administrator does with IAM. Endpoint and credentials come from the environment."""

import csv
import io
import json

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

config = Config(retries={"max_attempts": 1})
iam = boto3.client("iam", config=config)
resource = boto3.resource("iam", config=config)
account = iam.get_user()["User"]["Arn"].split(":")[4]


def refused(code, call, **arguments):
    """The call must fail with this error code."""
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error.response["Error"]
        return error.response["Error"]["Message"]
    raise AssertionError(f"the call should have been refused with {code}")


def document(action, **more):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*", **more}]}


trust = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}

# Users: created with tags, waited for, found, paged, renamed.
user = iam.create_user(UserName="boto", Path="/people/", Tags=[{"Key": "team", "Value": "blue"}])["User"]
assert user["Arn"] == f"arn:aws:iam::{account}:user/people/boto"
iam.get_waiter("user_exists").wait(UserName="boto", WaiterConfig={"Delay": 1, "MaxAttempts": 3})
assert iam.get_user(UserName="boto")["User"]["Tags"] == [{"Key": "team", "Value": "blue"}]
for number in range(5):
    iam.create_user(UserName=f"page-{number}", Path="/pages/")
pages = iam.get_paginator("list_users").paginate(PathPrefix="/pages/", PaginationConfig={"PageSize": 2})
assert [found["UserName"] for page in pages for found in page["Users"]] == [f"page-{number}" for number in range(5)]
iam.update_user(UserName="page-0", NewUserName="page-zero")
refused("NoSuchEntity", iam.get_user, UserName="page-0")
try:
    iam.create_user(UserName="BOTO")
except iam.exceptions.EntityAlreadyExistsException as error:
    assert error.response["Error"]["Message"] == "User with name BOTO already exists."
iam.untag_user(UserName="boto", TagKeys=["TEAM"])
iam.tag_user(UserName="boto", Tags=[{"Key": "a", "Value": ""}])
assert iam.list_user_tags(UserName="boto")["Tags"] == [{"Key": "a", "Value": ""}]

# Inline policies come back as documents: botocore decodes what IAM encodes.
inline = document(["s3:Get*", "s3:List*"], Sid="Read")
iam.put_user_policy(UserName="boto", PolicyName="read", PolicyDocument=json.dumps(inline, indent=1))
assert iam.get_user_policy(UserName="boto", PolicyName="read")["PolicyDocument"] == inline
assert iam.list_user_policies(UserName="boto")["PolicyNames"] == ["read"]
refused("MalformedPolicyDocument", iam.put_user_policy, UserName="boto", PolicyName="x", PolicyDocument="[]")

# Groups.
iam.create_group(GroupName="makers")
iam.add_user_to_group(GroupName="makers", UserName="boto")
assert [found["UserName"] for found in iam.get_group(GroupName="makers")["Users"]] == ["boto"]
assert [found["GroupName"] for found in iam.list_groups_for_user(UserName="boto")["Groups"]] == ["makers"]
iam.put_group_policy(GroupName="makers", PolicyName="p", PolicyDocument=json.dumps(inline))
assert iam.get_group_policy(GroupName="makers", PolicyName="p")["PolicyDocument"] == inline

# Managed policies, their versions, and who uses them.
arn = iam.create_policy(PolicyName="boto-read", PolicyDocument=json.dumps(inline), Description="reads")["Policy"]["Arn"]
iam.get_waiter("policy_exists").wait(PolicyArn=arn, WaiterConfig={"Delay": 1, "MaxAttempts": 3})
second = document("s3:*")
iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(second), SetAsDefault=True)
assert iam.get_policy_version(PolicyArn=arn, VersionId="v2")["PolicyVersion"]["Document"] == second
assert [found["VersionId"] for found in iam.list_policy_versions(PolicyArn=arn)["Versions"]] == ["v2", "v1"]
iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
iam.attach_user_policy(UserName="boto", PolicyArn=arn)
iam.attach_group_policy(GroupName="makers", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
assert [found["UserName"] for found in iam.list_entities_for_policy(PolicyArn=arn)["PolicyUsers"]] == ["boto"]
assert refused("DeleteConflict", iam.delete_policy, PolicyArn=arn) == "Cannot delete a policy attached to entities."
local = iam.get_paginator("list_policies").paginate(Scope="Local", PaginationConfig={"PageSize": 1})
assert [found["Arn"] for page in local for found in page["Policies"]] == [arn]
simulated = iam.simulate_principal_policy(PolicySourceArn=user["Arn"], ActionNames=["s3:GetObject", "s3:PutObject"])
assert [found["EvalDecision"] for found in simulated["EvaluationResults"]] == ["allowed", "implicitDeny"]

# Roles and instance profiles, also as boto3's resources.
role = resource.create_role(
    RoleName="boto-worker", AssumeRolePolicyDocument=json.dumps(trust), MaxSessionDuration=7200, Description="works"
)
iam.get_waiter("role_exists").wait(RoleName="boto-worker", WaiterConfig={"Delay": 1, "MaxAttempts": 3})
role.attach_policy(PolicyArn=arn)
role.reload()
assert role.assume_role_policy_document == trust and role.max_session_duration == 7200
assert [found.arn for found in role.attached_policies.all()] == [arn]
profile = resource.create_instance_profile(InstanceProfileName="boto-machine")
iam.get_waiter("instance_profile_exists").wait(
    InstanceProfileName="boto-machine", WaiterConfig={"Delay": 1, "MaxAttempts": 3}
)
profile.add_role(RoleName="boto-worker")
profile.reload()
assert [found.name for found in profile.roles] == ["boto-worker"]
iam.update_assume_role_policy(RoleName="boto-worker", PolicyDocument=json.dumps(trust))
iam.put_role_permissions_boundary(RoleName="boto-worker", PermissionsBoundary=arn)
assert iam.get_role(RoleName="boto-worker")["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == arn

# A key of a user does what the user may do.
key = iam.create_access_key(UserName="boto")["AccessKey"]
own = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"], "config": config}
boto3.client("s3", **own).list_buckets()
refused("AccessDenied", boto3.client("iam", **own).create_user, UserName="never")
assert iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]["ServiceName"] in ("s3", "iam")
assert [found["Status"] for found in iam.list_access_keys(UserName="boto")["AccessKeyMetadata"]] == ["Active"]
iam.update_access_key(UserName="boto", AccessKeyId=key["AccessKeyId"], Status="Inactive")
refused("InvalidAccessKeyId", boto3.client("s3", **own).list_buckets)
iam.delete_access_key(UserName="boto", AccessKeyId=key["AccessKeyId"])

# OpenID Connect.
provider = iam.create_open_id_connect_provider(Url="https://id.example.com", ClientIDList=["app"])
provider = provider["OpenIDConnectProviderArn"]
iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=provider, ClientID="web")
found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider)
assert (found["Url"], found["ClientIDList"]) == ("id.example.com", ["app", "web"])
iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider)

# The account: details decode, the report is CSV.
details = iam.get_paginator("get_account_authorization_details").paginate(Filter=["Role"])
roles = [found for page in details for found in page["RoleDetailList"]]
assert [found["AssumeRolePolicyDocument"] for found in roles] == [trust]
while iam.generate_credential_report()["State"] != "COMPLETE":
    pass
rows = list(csv.DictReader(io.StringIO(iam.get_credential_report()["Content"].decode())))
assert rows[0]["user"] == "<root_account>" and rows[1]["user"] == "boto"
assert iam.get_account_summary()["SummaryMap"]["Users"] == 6
iam.create_account_alias(AccountAlias="boto-cloud")
assert iam.list_account_aliases()["AccountAliases"] == ["boto-cloud"]

# Everything goes in the order that IAM wants.
refused("DeleteConflict", iam.delete_role, RoleName="boto-worker")
profile.remove_role(RoleName="boto-worker")
profile.delete()
role.detach_policy(PolicyArn=arn)
iam.delete_role_permissions_boundary(RoleName="boto-worker")
role.delete()
iam.detach_user_policy(UserName="boto", PolicyArn=arn)
iam.delete_policy(PolicyArn=arn)
iam.delete_user_policy(UserName="boto", PolicyName="read")
refused("DeleteConflict", iam.delete_user, UserName="boto")
iam.remove_user_from_group(GroupName="makers", UserName="boto")
iam.delete_user(UserName="boto")

print("all good")
