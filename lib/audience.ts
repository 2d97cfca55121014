import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { Audiences } from './audience/audiences.ts';
import { Estimates } from './audience/estimates.ts';
import { Imports } from './audience/imports.ts';
import { Leads } from './audience/leads.ts';
import { Lists } from './audience/lists.ts';
import { LiveSegments } from './audience/live-segments.ts';
import { Models } from './audience/models.ts';
import { People } from './audience/people.ts';
import { PersonalData } from './audience/personal-data.ts';
import { Segments } from './audience/segments.ts';
import type { Webhooks } from './delivery/webhooks.ts';
import type { Intake } from './intake.ts';
import type { QueueWithDeadLetters } from './kit/queue-with-dead-letters.ts';
import type { TypedStateMachine } from './kit/typed-state-machine.ts';
import type { Lake } from './lake.ts';
import type { Stage } from './stages.ts';
import type { State } from './state.ts';

export type AudienceProps = {
  stage: Stage;
  state: State;
  lake: Lake;
  /** Where events and schedules go whose function kept failing. */
  deadLetters: Queue;
  intake: Intake;
  /** Of publish-stages. */
  stageChanges: QueueWithDeadLetters;
  webhooks: Webhooks;
};

/** Who there is: profiles, their aliases and imports, lists of them, segments, sets, models that find some, and leads. */
export class Audience extends Construct {
  readonly importProfiles: TypedStateMachine;
  readonly changeList: TypedStateMachine;
  readonly fitModel: Models['machine'];
  readonly personalData: PersonalData;
  readonly refreshSegment: TypedStateMachine<'AthenaWorkGroup'>;

  constructor(scope: Construct, id: string, props: AudienceProps) {
    super(scope, id);
    new People(this, 'People', props);
    this.importProfiles = new Imports(this, 'Imports', props).machine;
    this.changeList = new Lists(this, 'Lists', props).machine;
    new Segments(this, 'Segments', props);
    new Audiences(this, 'Audiences', props);
    this.fitModel = new Models(this, 'Models', props).machine;
    new Estimates(this, 'Estimates', props);
    new Leads(this, 'Leads', props);
    this.personalData = new PersonalData(this, 'PersonalData', props);
    this.refreshSegment = new LiveSegments(this, 'LiveSegments', props).machine;
  }
}
