import { Stack } from 'aws-cdk-lib';
import { CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledge, wildcardRule } from './acknowledge.ts';
import { allow, type Binding } from './bindings.ts';
import { OwnRole } from './own-role.ts';
import type { TypedFunction } from './typed-function.ts';

export type WakeSchedulesProps = {
  /** What the schedules invoke. */
  wakes: TypedFunction;
  /** Where an invocation goes that Scheduler could not make within a day. */
  deadLetters: Queue;
};

/** A group of schedules that functions make at run time, each for one moment, after which it goes. */
export class WakeSchedules extends Construct {
  /** Environment of a function that makes them (see lambdas/adapters/schedules.env.ts). */
  readonly bindings: {
    SCHEDULE_GROUP: Binding;
    WAKE_FUNCTION_ARN: Binding;
    WAKE_ROLE_ARN: Binding;
    WAKE_DEAD_LETTERS_ARN: Binding;
  };

  constructor(scope: Construct, id: string, { wakes, deadLetters }: WakeSchedulesProps) {
    super(scope, id);
    const group = new CfnScheduleGroup(this, 'Group');
    const role = new OwnRole(this, 'Role', 'scheduler.amazonaws.com');
    allow(role, ['lambda:InvokeFunction'], [wakes.function.functionArn]);
    allow(role, ['sqs:SendMessage'], [deadLetters.queueArn]);
    this.bindings = {
      SCHEDULE_GROUP: {
        value: group.ref,
        grant: (grantee) => {
          const stack = Stack.of(this);
          // Exported by hand for another stack, as buckets are (see grantObjects).
          const name = Stack.of(grantee) === stack ? group.ref : stack.exportValue(group.ref);
          const schedules = stack.formatArn({ service: 'scheduler', resource: 'schedule', resourceName: `${name}/*` });
          allow(grantee, ['scheduler:CreateSchedule'], [schedules]);
          acknowledge(grantee, {
            [wildcardRule(grantee, schedules)]:
              'Schedules get their names at run time; those of this group are all for this role.',
          });
        },
      },
      WAKE_FUNCTION_ARN: wakes.function.functionArn,
      WAKE_ROLE_ARN: { value: role.roleArn, grant: (grantee) => allow(grantee, ['iam:PassRole'], [role.roleArn]) },
      WAKE_DEAD_LETTERS_ARN: deadLetters.queueArn,
    };
  }
}
