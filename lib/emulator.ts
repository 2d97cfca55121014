import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Duration } from 'aws-cdk-lib';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { acknowledge } from './kit/acknowledge.ts';
import { allow } from './kit/bindings.ts';
import type { TypedStateMachine } from './kit/typed-state-machine.ts';
import type { Platform } from './platform.ts';

/** The longest that an approval stays open: 30 days in seconds. */
const LONGEST_EXPIRY = 30 * 86_400;

type Machine = { States: Record<string, Record<string, unknown>> };

/** What the pinned MiniStack cannot do, and nothing else, is done differently in stage `emulator`: see docs/emulator.md. */
export const adaptToEmulator = ({
  lake,
  audience,
  strategy,
}: Pick<Platform, 'lake' | 'audience' | 'strategy'>): void => {
  // It does not evaluate an expression in TimeoutSeconds, and fails the execution.
  change(strategy.approvePlan, ({ States }) => {
    States.AwaitLevel!.TimeoutSeconds = LONGEST_EXPIRY;
  });

  // It has neither the integration athena:startQueryExecution.sync nor UNLOAD.
  const unload = new LambdaFunction(strategy, 'EmulatorUnload', {
    runtime: Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: Code.fromInline(readFileSync(join(import.meta.dirname, 'emulator-unload.cjs'), 'utf8')),
    timeout: Duration.minutes(1),
    memorySize: 512,
    environment: { WORK_GROUP: lake.workGroup.name },
  });
  for (const [machine, query] of [
    [strategy.runCampaign, 'TakeSnapshot'],
    [audience.fitModel, 'QueryFacts'],
  ] as const) {
    change(machine, ({ States }) => {
      const { Arguments, ...state } = States[query] as { Arguments: Record<string, Record<string, string>> };
      const Payload = { sql: Arguments.QueryString, database: Arguments.QueryExecutionContext?.Database };
      States[query] = {
        ...state,
        Resource: 'arn:aws:states:::lambda:invoke',
        Arguments: { FunctionName: unload.functionArn, Payload },
        Output: '{% $states.result.Payload %}',
      };
    });
    allow(machine.role, ['lambda:InvokeFunction'], [unload.functionArn]);
  }
  acknowledge(unload, {
    'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]':
      'It exists on the emulator only.',
    'Serverless-LambdaDLQ': 'It is only invoked by the state machine, on the emulator only.',
    'Serverless-LambdaTracing': 'It exists on the emulator only.',
  });
};

const change = ({ machine }: Pick<TypedStateMachine, 'machine'>, edit: (definition: Machine) => void): void => {
  const resource = machine.node.defaultChild as CfnStateMachine;
  const definition = JSON.parse(resource.definitionString ?? '') as Machine;
  edit(definition);
  resource.definitionString = JSON.stringify(definition);
};
