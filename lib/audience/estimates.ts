import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { env as estimateAudienceEnv } from '../../lambdas/audience/estimate-audience.env.ts';
import { env as freezeSampleEnv } from '../../lambdas/audience/freeze-sample.env.ts';
import type { AudienceProps } from '../audience.ts';
import { objects, reads, readsAndWrites, starts } from '../kit/bindings.ts';
import { TypedFunction } from '../kit/typed-function.ts';
import { TypedStateMachine } from '../kit/typed-state-machine.ts';

/** Sizes in an instant, from a sample of the base. */
export class Estimates extends Construct {
  constructor(scope: Construct, id: string, { state, lake }: AudienceProps) {
    super(scope, id);
    const freezeSample = new TypedFunction(this, 'FreezeSample', {
      entry: 'audience/freeze-sample',
      env: freezeSampleEnv,
      environment: {
        DEFINITIONS_TABLE: readsAndWrites(state.definitions),
        WORK_BUCKET: objects(state.work, { 'snapshots/': 'read', 'samples/': 'readWrite' }),
        ATHENA_WORK_GROUP: lake.unloads,
        GLUE_DATABASE: lake.database.ref,
      },
      timeout: Duration.minutes(5),
      // A million events at most, 200 of each of 5,000 people, before they are cut to 150,000.
      memoryMb: 3_008,
    });
    const machine = new TypedStateMachine(this, 'Machine', {
      definition: 'audience/freeze-sample',
      functions: [freezeSample],
    });
    new TypedFunction(this, 'EstimateAudience', {
      entry: 'audience/estimate-audience',
      env: estimateAudienceEnv,
      environment: {
        DEFINITIONS_TABLE: reads(state.definitions),
        WORK_BUCKET: objects(state.work, { 'samples/': 'read' }),
        SAMPLE_MACHINE_ARN: starts(machine.machine),
      },
      timeout: Duration.seconds(15),
      // A whole core: the sample is unpacked once, and then walked for each estimate.
      memoryMb: 1_769,
    });
  }
}
