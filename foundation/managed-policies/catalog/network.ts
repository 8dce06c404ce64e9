/** Policies about networks, machines and load balancers. */

import { allow, allowServiceLinkedRole, each, type ManagedPolicySource } from "../source.ts";

const describeNetworks = `
  ${each("ec2:Describe", "AccountAttributes Addresses CarrierGateways ClassicLinkInstances CustomerGateways DhcpOptions")}
  ${each("ec2:Describe", "EgressOnlyInternetGateways FlowLogs InternetGateways LocalGatewayRouteTables")}
  ${each("ec2:Describe", "LocalGatewayRouteTableVpcAssociations MovingAddresses NatGateways NetworkAcls PrefixLists")}
  ${each("ec2:DescribeNetworkInterface", "s Attribute Permissions")}
  ${each("ec2:Describe", "RouteTables StaleSecurityGroups Subnets Tags VpcPeeringConnections Vpcs")}
  ${each("ec2:DescribeSecurityGroup", "s References Rules VpcAssociations")}
  ${each("ec2:DescribeVpc", "Attribute ClassicLink ClassicLinkDnsSupport")}
  ${each("ec2:DescribeVpcEndpoint", "s Connections ConnectionNotifications")}
  ${each("ec2:DescribeVpcEndpointService", "s Configurations Permissions")}
  ${each("ec2:Describe", "VpnConnections VpnGateways")}
  ec2:GetSecurityGroupsForVpc
`;

const changeNetworks = `
  ${each("ec2:Accept", "VpcEndpointConnections VpcPeeringConnection")}
  ${each("ec2:Reject", "VpcEndpointConnections VpcPeeringConnection")}
  ${each("ec2:", "AllocateAddress ReleaseAddress AssociateAddress DisassociateAddress MoveAddressToVpc")}
  ec2:RestoreAddressToClassic
  ${each("ec2:Assign", "Ipv6Addresses PrivateIpAddresses")}
  ${each("ec2:Unassign", "Ipv6Addresses PrivateIpAddresses")}
  ${each("ec2:Associate", "DhcpOptions RouteTable SecurityGroupVpc SubnetCidrBlock VpcCidrBlock")}
  ${each("ec2:Disassociate", "RouteTable SecurityGroupVpc SubnetCidrBlock VpcCidrBlock")}
  ${each("ec2:Attach", "ClassicLinkVpc InternetGateway NetworkInterface VpnGateway")}
  ${each("ec2:Detach", "ClassicLinkVpc InternetGateway NetworkInterface VpnGateway")}
  ${each("ec2:Authorize", "SecurityGroupEgress SecurityGroupIngress")}
  ${each("ec2:Revoke", "SecurityGroupEgress SecurityGroupIngress")}
  ${each("ec2:UpdateSecurityGroupRuleDescriptions", "Egress Ingress")}
  ${each("ec2:Create", "CarrierGateway CustomerGateway DefaultSubnet DefaultVpc DhcpOptions")}
  ${each("ec2:Create", "EgressOnlyInternetGateway FlowLogs InternetGateway LocalGatewayRouteTableVpcAssociation")}
  ${each("ec2:Create", "NatGateway NetworkAcl NetworkAclEntry NetworkInterface NetworkInterfacePermission")}
  ${each("ec2:Create", "Route RouteTable SecurityGroup Subnet Tags Vpc VpcEndpoint VpcPeeringConnection")}
  ${each("ec2:CreateVpcEndpoint", "ConnectionNotification ServiceConfiguration")}
  ${each("ec2:Create", "VpnConnection VpnConnectionRoute VpnGateway")}
  ${each("ec2:Delete", "CarrierGateway CustomerGateway DhcpOptions EgressOnlyInternetGateway FlowLogs")}
  ${each("ec2:Delete", "InternetGateway LocalGatewayRouteTableVpcAssociation NatGateway NetworkAcl")}
  ${each("ec2:Delete", "NetworkAclEntry NetworkInterface NetworkInterfacePermission")}
  ${each("ec2:Delete", "Route RouteTable SecurityGroup Subnet Tags Vpc VpcEndpoints VpcPeeringConnection")}
  ${each("ec2:DeleteVpcEndpoint", "ConnectionNotifications ServiceConfigurations")}
  ${each("ec2:Delete", "VpnConnection VpnConnectionRoute VpnGateway")}
  ${each("ec2:Disable", "VgwRoutePropagation VpcClassicLink VpcClassicLinkDnsSupport")}
  ${each("ec2:Enable", "VgwRoutePropagation VpcClassicLink VpcClassicLinkDnsSupport")}
  ${each("ec2:Modify", "NetworkInterfaceAttribute SecurityGroupRules SubnetAttribute VpcAttribute VpcTenancy")}
  ${each("ec2:ModifyVpcEndpoint", "ConnectionNotification ServiceConfiguration ServicePermissions")}
  ec2:ModifyVpcEndpoint ec2:ModifyVpcPeeringConnectionOptions
  ${each("ec2:Replace", "NetworkAclAssociation NetworkAclEntry Route RouteTableAssociation")}
  ec2:ResetNetworkInterfaceAttribute
`;

export const networkPolicies: readonly ManagedPolicySource[] = [
  {
    name: "/AmazonEC2FullAccess",
    id: "ANPAI3VAJF5ZCRZ7MCQE6",
    version: 5,
    dates: ["2015-02-06T18:40:15", "2018-11-27T02:16:56"],
    description: "Everything about machines, networks, load balancers and their measurements.",
    statements: [
      allow("ec2:*"),
      allow("elasticloadbalancing:*"),
      allow("cloudwatch:*"),
      allow("autoscaling:*"),
      allowServiceLinkedRole(
        "*",
        "autoscaling.amazonaws.com",
        "ec2scheduled.amazonaws.com",
        "elasticloadbalancing.amazonaws.com",
        "spot.amazonaws.com",
        "spotfleet.amazonaws.com",
        "transitgateway.amazonaws.com",
      ),
    ],
  },
  {
    name: "/AmazonEC2ReadOnlyAccess",
    id: "ANPAIGDT4SV4GSETWTBZK",
    version: 5,
    dates: ["2015-02-06T18:40:17", "2026-02-12T18:03:17"],
    description: "Reading machines, networks, load balancers and their measurements.",
    statements: [
      allow("ec2:Describe* ec2:GetSecurityGroupsForVpc"),
      allow("elasticloadbalancing:Describe*"),
      allow("cloudwatch:Describe* cloudwatch:GetMetricStatistics cloudwatch:ListMetrics"),
      allow("autoscaling:Describe*"),
    ],
  },
  {
    name: "/AmazonVPCFullAccess",
    id: "ANPAJBWPGNOVKZD3JI2P2",
    version: 13,
    dates: ["2015-02-06T18:41:16", "2026-02-12T18:00:44"],
    description: "Everything about networks.",
    statements: [
      allow(
        `${describeNetworks} ${each("ec2:Describe", "AvailabilityZones Instances Ipv6Pools KeyPairs")} ${changeNetworks}`,
      ),
    ],
  },
  {
    name: "/AmazonVPCReadOnlyAccess",
    id: "ANPAIICZJNOJN36GTG6CM",
    version: 12,
    dates: ["2015-02-06T18:41:17", "2026-02-12T17:58:19"],
    description: "Reading all networks.",
    statements: [allow(describeNetworks)],
  },
  {
    name: "/ElasticLoadBalancingFullAccess",
    id: "ANPAIDPMLA3IUIOQCISJ4",
    version: 9,
    dates: ["2018-09-20T20:42:07", "2026-02-23T18:57:07"],
    description: "Everything about load balancers, and reading what they stand in.",
    statements: [
      allow("elasticloadbalancing:*"),
      allow(`
        ${each("ec2:Describe", "AccountAttributes Addresses ClassicLinkInstances CoipPools Instances InternetGateways")}
        ${each("ec2:Describe", "NetworkInterfaces RouteTables SecurityGroups Subnets VpcClassicLink")}
        ${each("ec2:Describe", "AvailabilityZones VpcPeeringConnections Vpcs")}
        ec2:GetCoipPoolUsage ec2:GetSecurityGroupsForVpc cognito-idp:DescribeUserPoolClient
      `),
      allowServiceLinkedRole("*", "elasticloadbalancing.amazonaws.com"),
      allow("arc-zonal-shift:*", "arn:aws:elasticloadbalancing:*:*:loadbalancer/*"),
    ],
  },
  {
    name: "/ElasticLoadBalancingReadOnly",
    id: "ANPAJMO7B7SNFLQ6HH736",
    version: 3,
    dates: ["2018-09-20T20:17:09", "2023-11-26T18:15:46"],
    description: "Reading all load balancers.",
    statements: [
      allow("elasticloadbalancing:Describe* elasticloadbalancing:Get*"),
      allow("ec2:DescribeClassicLinkInstances ec2:DescribeInstances ec2:DescribeSecurityGroups"),
    ],
  },
  {
    name: "/aws-service-role/AWSElasticLoadBalancingServiceRolePolicy",
    id: "ANPAIMHWGGSRHLOQUICJQ",
    version: 14,
    dates: ["2017-09-19T22:19:04", "2026-02-12T17:58:08"],
    description: "What load balancers do in networks.",
    statements: [
      allow(`
        ${each("ec2:Describe", "AccountAttributes Addresses ClassicLinkInstances CoipPools Instances InternetGateways")}
        ${each("ec2:Describe", "NetworkInterfaces SecurityGroups Subnets VpcClassicLink VpcPeeringConnections Vpcs")}
        ec2:DescribeAvailabilityZones
        ${each("ec2:", "AllocateAddress AssociateAddress DisassociateAddress ReleaseAddress AllocateIpamPoolCidr")}
        ${each("ec2:", "AssignIpv6Addresses AssignPrivateIpAddresses UnassignIpv6Addresses")}
        ${each("ec2:", "AuthorizeSecurityGroupIngress CreateSecurityGroup GetCoipPoolUsage GetSecurityGroupsForVpc")}
        ${each("ec2:", "AttachNetworkInterface CreateNetworkInterface DeleteNetworkInterface DetachNetworkInterface")}
        ec2:ModifyNetworkInterfaceAttribute
        ${each("logs:", "CreateLogDelivery DeleteLogDelivery GetLogDelivery ListLogDeliveries UpdateLogDelivery")}
        outposts:GetOutpostInstanceTypes
      `),
    ],
  },
  {
    name: "/AmazonEKSWorkerNodePolicy",
    id: "ANPAIBVMOY52IPQ6HD3PO",
    version: 3,
    dates: ["2018-05-27T21:09:01", "2023-11-27T00:06:13"],
    description: "For the nodes of a Kubernetes cluster.",
    statements: [
      allow(`
        ${each("ec2:Describe", "InstanceTypes Instances RouteTables SecurityGroups Subnets Volumes VolumesModifications")}
        ec2:DescribeVpcs eks:DescribeCluster eks-auth:AssumeRoleForPodIdentity
      `),
    ],
  },
  {
    name: "/AmazonEKS_CNI_Policy",
    id: "ANPAJWLAS474LDBXNNTM4",
    version: 6,
    dates: ["2018-05-27T21:07:42", "2026-03-04T19:12:14"],
    description: "For the nodes of a Kubernetes cluster: the addresses of their pods.",
    statements: [
      allow(`
        ${each("ec2:Describe", "InstanceTypes Instances NetworkInterfaces SecurityGroups Subnets Tags")}
        ${each("ec2:", "AttachNetworkInterface CreateNetworkInterface DeleteNetworkInterface DetachNetworkInterface")}
        ${each("ec2:", "AssignPrivateIpAddresses ModifyNetworkInterfaceAttribute UnassignPrivateIpAddresses")}
      `),
      allow("ec2:CreateTags", "arn:aws:ec2:*:*:network-interface/*"),
    ],
  },
];
