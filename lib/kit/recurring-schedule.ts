import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { allow } from './bindings.ts';
import { OwnRole } from './own-role.ts';
import type { TypedFunction } from './typed-function.ts';

export type RecurringScheduleProps = {
  everyMinutes: number;
  invokes: TypedFunction;
  /** Where an invocation goes that Scheduler could not make before the next one is due. */
  deadLetters: Queue;
};

/** Invokes a function every so many minutes. */
export const recurringSchedule = (
  scope: Construct,
  id: string,
  { everyMinutes, invokes, deadLetters }: RecurringScheduleProps,
): void => {
  const role = new OwnRole(scope, `${id}Role`, 'scheduler.amazonaws.com');
  allow(role, ['lambda:InvokeFunction'], [invokes.function.functionArn]);
  allow(role, ['sqs:SendMessage'], [deadLetters.queueArn]);
  new CfnSchedule(scope, id, {
    description: `Invokes ${invokes.entry}`,
    scheduleExpression: `rate(${everyMinutes} minutes)`,
    flexibleTimeWindow: { mode: 'OFF' },
    target: {
      arn: invokes.function.functionArn,
      roleArn: role.roleArn,
      deadLetterConfig: { arn: deadLetters.queueArn },
      retryPolicy: { maximumRetryAttempts: 2, maximumEventAgeInSeconds: everyMinutes * 60 },
    },
  });
};
