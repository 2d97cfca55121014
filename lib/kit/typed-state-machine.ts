import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RemovalPolicy } from 'aws-cdk-lib';
import { ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { OwnRole } from './own-role.ts';
import type { TypedFunction } from './typed-function.ts';

const FOLDER = join(import.meta.dirname, '../../statemachines');
const PLACEHOLDER = /\$\{([A-Za-z0-9]+)\}/g;

export type TypedStateMachineProps<Name extends string = never> = {
  /** File below statemachines/ without `.asl.json`, for example `strategy/run-campaign`. */
  definition: string;
  /** Functions that its tasks invoke: each fills `${<Name>FunctionArn}` and may be invoked by the machine. */
  functions: readonly TypedFunction[];
  /** Values of all other placeholders. @default none */
  substitutions?: Record<Name, string>;
};

/** Standard state machine from a JSONata definition in a file, logged and traced. What it may do beyond invoking is granted by hand. */
export class TypedStateMachine<Name extends string = never> extends Construct {
  readonly machine: StateMachine;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: TypedStateMachineProps<Name>) {
    super(scope, id);
    const { definition, functions, substitutions } = props;
    const arns = functions.map((fn) => [`${pascalCase(fn.entry)}FunctionArn`, fn.function.functionArn]);
    this.role = new OwnRole(this, 'Role', 'states.amazonaws.com');
    this.machine = new StateMachine(this, 'Machine', {
      stateMachineType: StateMachineType.STANDARD,
      // Inline, not an asset: a reader of the template, and the local cloud, sees what runs.
      definitionBody: DefinitionBody.fromString(
        fillDefinition(definition, readFileSync(join(FOLDER, `${definition}.asl.json`), 'utf8'), {
          ...Object.fromEntries(arns),
          ...substitutions,
        }),
      ),
      role: this.role,
      tracingEnabled: true,
      logs: {
        destination: new LogGroup(this, 'Logs', {
          retention: RetentionDays.ONE_MONTH,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
        level: LogLevel.ALL,
        // Input and output hold task tokens and names of people.
        includeExecutionData: false,
      },
    });
    if (functions.length > 0) {
      this.role.addToPolicy(
        new PolicyStatement({
          actions: ['lambda:InvokeFunction'],
          resources: functions.map((fn) => fn.function.functionArn),
        }),
      );
    }
    this.machine.metricFailed().createAlarm(this, 'Failed', {
      alarmDescription: `An execution of ${definition} failed. Its history shows the state and the error.`,
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    acknowledge(this.role, {
      'AwsSolutions-IAM5[Resource::*]':
        'Log delivery (logs:*LogDelivery, logs:ListLogDeliveries, logs:DescribeLogGroups, logs:DescribeResourcePolicies, logs:PutResourcePolicy) and X-Ray (xray:Put*, xray:GetSampling*) have no resources that a policy could name.',
    });
  }
}

/**
 * The definition with every `${Placeholder}` replaced. Throws when a placeholder has no value, a value no placeholder,
 * when the text is not JSON, or when it is not JSONata: each would otherwise show only after deployment.
 */
export const fillDefinition = (name: string, text: string, values: Record<string, string>): string => {
  const { QueryLanguage } = JSON.parse(text) as { QueryLanguage?: string };
  if (QueryLanguage !== 'JSONata') throw new Error(`${name}: QueryLanguage is ${QueryLanguage}, Herald's is JSONata`);
  const wanted = new Set([...text.matchAll(PLACEHOLDER)].map(([, placeholder]) => placeholder!));
  const unfilled = [...wanted].filter((placeholder) => !(placeholder in values));
  const unused = Object.keys(values).filter((placeholder) => !wanted.has(placeholder));
  if (unfilled.length > 0)
    throw new Error(`${name}: no value for ${unfilled.join(', ')}; given are ${Object.keys(values).join(', ')}`);
  if (unused.length > 0)
    throw new Error(`${name}: no placeholder for ${unused.join(', ')}; it has ${[...wanted].join(', ')}`);
  return text.replace(PLACEHOLDER, (_, placeholder: string) => values[placeholder]!);
};

/** `strategy/request-approval` → `RequestApproval` */
const pascalCase = (entry: string): string =>
  entry.slice(entry.indexOf('/') + 1).replace(/(^|-)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());
