import { Stack, Validations } from 'aws-cdk-lib';
import { flattenCfnReference } from 'cdk-nag/lib/utils/flatten-cfn-reference.js';
import type { Construct } from 'constructs';

/** Tells cdk-nag why a finding on this construct, and on what is below it, is right as it is. Rule id → reason. */
export const acknowledge = (scope: Construct, reasons: Record<string, string>): void =>
  Validations.of(scope).acknowledge(...Object.entries(reasons).map(([id, reason]) => ({ id, reason })));

/** Id under which cdk-nag reports a wildcard in this resource of a policy. The resource may hold references. */
export const wildcardRule = (scope: Construct, resource: string): string =>
  `AwsSolutions-IAM5[Resource::${flattenCfnReference(Stack.of(scope).resolve(resource))}]`;
