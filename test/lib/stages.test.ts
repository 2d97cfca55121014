import { App, type Stack } from 'aws-cdk-lib';
import { Template as Assertions } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { Delivery } from '../../lib/delivery.ts';
import { Journeys } from '../../lib/journeys.ts';
import { Platform } from '../../lib/platform.ts';
import { type Stage, stageConfig } from '../../lib/stages.ts';
import { State } from '../../lib/state.ts';
import { propertiesOf, resourcesOf, type Template } from './synthesized.ts';

describe('what a stage may say', () => {
  const stacksOf = (changes: Partial<Stage>) => {
    const app = new App();
    const stage = { ...stageConfig('local'), ...changes };
    const state = new State(app, 'State', stage);
    const platform = new Platform(app, 'Platform', { stage, state });
    const journeys = new Journeys(app, 'Journeys', { stage, state, platform });
    const delivery = new Delivery(app, 'Delivery', { stage, state, platform, journeys });
    const templateOf = (stack: Stack) => Assertions.fromStack(stack).toJSON() as Template;
    return { platform: templateOf(platform), journeys: templateOf(journeys), delivery: templateOf(delivery) };
  };

  test('alarms tell the topic that is named', () => {
    const alarmTopicArn = 'arn:aws:sns:us-east-1:000000000000:alarms';
    const { platform, journeys, delivery } = stacksOf({ alarmTopicArn });
    for (const [template, count] of [
      [platform, 40],
      [journeys, 3],
      [delivery, 3],
    ] as const) {
      const alarms = propertiesOf<{ AlarmActions?: string[] }>(template, 'AWS::CloudWatch::Alarm');
      expect(alarms.length).toBeGreaterThan(count);
      for (const { AlarmActions } of alarms) expect(AlarmActions).toEqual([alarmTopicArn]);
    }
  });

  test('a push application that exists is used, and only it', () => {
    const { delivery: template } = stacksOf({ pushApplicationId: 'app123' });
    expect(resourcesOf(template, 'AWS::Pinpoint::App')).toEqual([]);
    expect(JSON.stringify(template)).toContain(':apps/app123/messages');
  });
});

test('an unknown stage is refused with the names of those that exist', () => {
  expect(() => stageConfig('test')).toThrow('There is no stage test; there are dev, prod, local, emulator');
});
