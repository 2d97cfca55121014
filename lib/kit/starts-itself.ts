import { Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { TypedStateMachine } from './typed-state-machine.ts';

/**
 * A chain: each execution may start the next one. A policy of its own, for the machine waits for those of its role, and this one waits
 * for the machine.
 */
export const startsItself = (scope: Construct, id: string, { machine, role }: TypedStateMachine<string>): Policy =>
  new Policy(scope, id, {
    roles: [role],
    statements: [new PolicyStatement({ actions: ['states:StartExecution'], resources: [machine.stateMachineArn] })],
  });
