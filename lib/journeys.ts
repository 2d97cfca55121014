import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { tellOfAlarms } from './kit/tell-of-alarms.ts';
import type { Platform } from './platform.ts';
import type { Stage } from './stages.ts';
import type { State } from './state.ts';
import { Experiments } from './strategy/experiments.ts';
import { Participants } from './strategy/participants.ts';
import { Playbooks } from './strategy/playbooks.ts';

/**
 * Journeys, who walks them, and the library of plans to start from. A stack of its own, for a stack has room for 500 resources. What
 * happens to participants comes through a queue of the platform, which matching fills, and nothing of the platform knows this stack.
 */
export class Journeys extends Stack {
  constructor(
    scope: Construct,
    id: string,
    { stage, state, platform }: { stage: Stage; state: State; platform: Platform },
  ) {
    super(scope, id, { description: `Herald ${stage.name}: journeys, and who walks them` });
    new Participants(this, 'Journeys', { stage, state, platform });
    new Experiments(this, 'Experiments', { state, lake: platform.lake, deadLetters: platform.busDeadLetters });
    new Playbooks(this, 'Playbooks', { state });
    tellOfAlarms(this, stage.alarmTopicArn);
  }
}
