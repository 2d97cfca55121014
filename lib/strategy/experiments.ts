import { Duration } from 'aws-cdk-lib';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { env as countExperimentsEnv } from '../../lambdas/strategy/count-experiments.env.ts';
import { readsAndWrites } from '../kit/bindings.ts';
import { recurringSchedule } from '../kit/recurring-schedule.ts';
import { TypedFunction } from '../kit/typed-function.ts';
import type { Lake } from '../lake.ts';
import type { State } from '../state.ts';

const DAY_MINUTES = 1_440;

/** Experiments inside of journeys: counted once a day, and decided when it is time. */
export class Experiments extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { state, lake, deadLetters }: { state: State; lake: Lake; deadLetters: Queue },
  ) {
    super(scope, id);
    const countExperiments = new TypedFunction(this, 'CountExperiments', {
      entry: 'strategy/count-experiments',
      env: countExperimentsEnv,
      environment: {
        DEFINITIONS_TABLE: readsAndWrites(state.definitions),
        AUDIT_TABLE: readsAndWrites(state.audit),
        ATHENA_WORK_GROUP: lake.queries,
        GLUE_DATABASE: lake.database.ref,
      },
      // It waits for Athena, once for each experiment.
      timeout: Duration.minutes(15),
      onFailure: deadLetters,
    });
    recurringSchedule(this, 'Schedule', { everyMinutes: DAY_MINUTES, invokes: countExperiments, deadLetters });
  }
}
