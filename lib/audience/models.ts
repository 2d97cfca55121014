import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { env as applyScoresEnv } from '../../lambdas/audience/apply-scores.env.ts';
import { env as finishFitEnv } from '../../lambdas/audience/finish-fit.env.ts';
import { env as fitModelEnv } from '../../lambdas/audience/fit-model.env.ts';
import { env as manageModelsEnv } from '../../lambdas/audience/manage-models.env.ts';
import { env as prepareFitEnv } from '../../lambdas/audience/prepare-fit.env.ts';
import { env as refitModelsEnv } from '../../lambdas/audience/refit-models.env.ts';
import type { AudienceProps } from '../audience.ts';
import { appends, objects, reads, readsAndWrites, starts } from '../kit/bindings.ts';
import { recurringSchedule } from '../kit/recurring-schedule.ts';
import { TypedFunction } from '../kit/typed-function.ts';
import { TypedStateMachine } from '../kit/typed-state-machine.ts';

/** Intelligent segments: models that are fitted to what people did, and write what they find as attributes. */
export class Models extends Construct {
  readonly machine: TypedStateMachine<'AthenaWorkGroup'>;

  constructor(scope: Construct, id: string, { state, lake, deadLetters }: AudienceProps) {
    super(scope, id);
    const DEFINITIONS_TABLE = readsAndWrites(state.definitions);
    const AUDIT_TABLE = readsAndWrites(state.audit);
    // What the query wrote is read wherever it is, and its manifest is beside other results of Athena.
    const unloaded = objects(state.work, { 'models/': 'read', 'athena/': 'read' });

    const prepareFit = new TypedFunction(this, 'PrepareFit', {
      entry: 'audience/prepare-fit',
      env: prepareFitEnv,
      // The bucket only becomes part of the query's text; the state machine runs the query.
      environment: {
        DEFINITIONS_TABLE: reads(state.definitions),
        WORK_BUCKET: state.work.bucketName,
        GLUE_DATABASE: lake.database.ref,
      },
      timeout: Duration.seconds(15),
    });
    const fitModel = new TypedFunction(this, 'FitModel', {
      entry: 'audience/fit-model',
      env: fitModelEnv,
      environment: { DEFINITIONS_TABLE, WORK_BUCKET: unloaded },
      timeout: Duration.minutes(15),
      // More than a whole core, and room for twice the largest sample.
      memoryMb: 2_048,
    });
    const applyScores = new TypedFunction(this, 'ApplyScores', {
      entry: 'audience/apply-scores',
      env: applyScoresEnv,
      environment: {
        DEFINITIONS_TABLE: reads(state.definitions),
        PROFILES_TABLE: readsAndWrites(state.profiles),
        PROFILES_STREAM: appends(lake.streams.profiles),
        WORK_BUCKET: unloaded,
      },
      timeout: Duration.minutes(5),
      memoryMb: 1_024,
    });
    const finishFit = new TypedFunction(this, 'FinishFit', {
      entry: 'audience/finish-fit',
      env: finishFitEnv,
      environment: { DEFINITIONS_TABLE, AUDIT_TABLE },
      timeout: Duration.seconds(15),
    });
    this.machine = new TypedStateMachine(this, 'FitModelMachine', {
      definition: 'audience/fit-model',
      functions: [prepareFit, fitModel, applyScores, finishFit],
      substitutions: { AthenaWorkGroup: lake.workGroup.name },
    });
    lake.grantUnload(this.machine.role, 'models/');

    const FIT_MACHINE_ARN = starts(this.machine.machine);
    new TypedFunction(this, 'ManageModels', {
      entry: 'audience/manage-models',
      env: manageModelsEnv,
      environment: { DEFINITIONS_TABLE, AUDIT_TABLE, FIT_MACHINE_ARN },
      timeout: Duration.seconds(15),
    });
    const refitModels = new TypedFunction(this, 'RefitModels', {
      entry: 'audience/refit-models',
      env: refitModelsEnv,
      environment: { DEFINITIONS_TABLE, AUDIT_TABLE, FIT_MACHINE_ARN },
      timeout: Duration.minutes(1),
      onFailure: deadLetters,
    });
    recurringSchedule(this, 'RefitSchedule', { everyMinutes: 60, invokes: refitModels, deadLetters });
  }
}
