import type { Stack } from 'aws-cdk-lib';
import { Alarm } from 'aws-cdk-lib/aws-cloudwatch';

/** Every alarm that the stack has so far, so called last, tells the topic. Without one, alarms show in CloudWatch only. */
export const tellOfAlarms = (stack: Stack, alarmTopicArn: string | undefined): void => {
  if (alarmTopicArn === undefined) return;
  for (const alarm of stack.node.findAll()) {
    if (alarm instanceof Alarm) alarm.addAlarmAction({ bind: () => ({ alarmActionArn: alarmTopicArn }) });
  }
};
