import { existsSync } from 'node:fs';
import { type Duration, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import { ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { IGrantable, IPrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type * as z from 'zod/mini';
import { acknowledge } from './acknowledge.ts';
import type { Binding } from './bindings.ts';
import { bundleFolder } from './bundle.ts';
import { OwnRole } from './own-role.ts';

/** The variables that a handler's `*.env.ts` names. What a variable names is granted with it (see bindings.ts). */
export type EnvironmentOf<Schema extends z.ZodMiniObject> = { [Name in keyof z.input<Schema>]: Binding };

export type TypedFunctionProps<Schema extends z.ZodMiniObject> = {
  /** File below lambdas/ without extension, for example `intake/match-events`. */
  entry: string;
  /** `env` of the `*.env.ts` beside it. */
  env: Schema;
  /** A missing or a surplus variable does not compile; a value that the schema refuses fails the synthesis. */
  environment: NoInfer<EnvironmentOf<Schema>>;
  timeout: Duration;
  /** @default 512: a third of a core, with which a handler starts in about 250 ms */
  memoryMb?: number;
  /** Must cover what its queues may use at once (see QueueWithDeadLetters). @default none: shares the account's */
  reservedConcurrency?: number;
  /** For functions that are invoked asynchronously: where an event goes whose retries are used up. @default none */
  onFailure?: Queue;
};

/**
 * One Lambda of Herald: nodejs24.x on arm64, JSON logs kept for a month, traced, with an alarm on its errors and a role
 * that may write its own log and nothing else. Every further permission is granted by name (see grants.ts).
 */
export class TypedFunction<Schema extends z.ZodMiniObject = z.ZodMiniObject> extends Construct implements IGrantable {
  readonly entry: string;
  readonly function: LambdaFunction;
  readonly timeout: Duration;
  readonly reservedConcurrency: number | undefined;
  readonly onFailure: Queue | undefined;
  readonly grantPrincipal: IPrincipal;

  constructor(scope: Construct, id: string, props: TypedFunctionProps<Schema>) {
    super(scope, id);
    const { entry, env, environment, timeout, memoryMb = 512, reservedConcurrency, onFailure } = props;
    this.entry = entry;
    this.timeout = timeout;
    this.reservedConcurrency = reservedConcurrency;
    this.onFailure = onFailure;
    const bindings = Object.entries<Binding>(environment);
    const variables = Object.fromEntries(bindings.map(([name, b]) => [name, typeof b === 'string' ? b : b.value]));
    checkEnvironment(entry, env, variables);

    const logGroup = new LogGroup(this, 'Logs', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new OwnRole(this, 'Role', 'lambda.amazonaws.com');
    logGroup.grantWrite(role);
    this.grantPrincipal = role;
    this.function = new LambdaFunction(this, 'Function', {
      functionName: functionName(Stack.of(this), entry),
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: codeOf(entry),
      handler: 'index.handler',
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      tracing: Tracing.ACTIVE,
      memorySize: memoryMb,
      timeout,
      environment: variables,
      ...(reservedConcurrency !== undefined && { reservedConcurrentExecutions: reservedConcurrency }),
      ...(onFailure && { onFailure: new SqsDestination(onFailure), retryAttempts: 2 }),
    });
    for (const [, binding] of bindings) if (typeof binding !== 'string') binding.grant(this);
    this.function.metricErrors().createAlarm(this, 'Errors', {
      alarmDescription: `${entry} failed. Its log group says why; what it was given is retried or in a dead-letter queue.`,
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    acknowledge(this, {
      'AwsSolutions-IAM5[Resource::*]':
        'X-Ray has no resources that a policy could name: tracing needs xray:Put* on *.',
      'Serverless-LambdaStarPermissions':
        'It finds what AwsSolutions-IAM5 finds too, whose every finding is acknowledged by its resource.',
      'Serverless-LambdaDLQ': onFailure
        ? 'Its on-failure destination is used instead: unlike a dead-letter target it keeps the error with the event.'
        : 'It is only invoked synchronously (API, queue or state machine): the caller sees the failure and keeps the input.',
    });
  }
}

/** Its name, by which the API's stack knows it: `Herald-prod-intake-match-events`. */
export const functionName = ({ stackName }: Stack, entry: string): string => `${stackName}-${entry.replace('/', '-')}`;

const codeOf = (entry: string): Code => {
  const folder = bundleFolder(entry);
  if (!existsSync(folder))
    throw new Error(`No bundle of ${entry}: lambdas/${entry}.ts must exist and export const handler`);
  return Code.fromAsset(folder);
};

/** What a template only knows at deployment (names, ARNs, URLs) is checked by the handler when it starts. */
const checkEnvironment = (entry: string, env: z.ZodMiniObject, environment: Record<string, string>): void => {
  for (const [name, value] of Object.entries(environment)) {
    const schema = env.shape[name] as z.ZodMiniType | undefined;
    if (!schema)
      throw new Error(`${entry} does not read ${name}: its environment has ${Object.keys(env.shape).join(', ')}`);
    if (Token.isUnresolved(value)) continue;
    const result = schema.safeParse(value);
    if (!result.success) throw new Error(`${name}=${value} of ${entry}: ${result.error.issues[0]?.message}`);
  }
  const missing = Object.keys(env.shape).filter(
    (name) => environment[name] === undefined && !(env.shape[name] as z.ZodMiniType).safeParse(undefined).success,
  );
  if (missing.length > 0) throw new Error(`${entry} needs ${missing.join(', ')}`);
};
