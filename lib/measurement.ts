import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { env as readReportsEnv } from '../lambdas/measurement/read-reports.env.ts';
import { reads } from './kit/bindings.ts';
import { TypedFunction } from './kit/typed-function.ts';
import type { Lake } from './lake.ts';
import type { State } from './state.ts';

/** What it achieved: reports, which are queries over the lake. */
export class Measurement extends Construct {
  constructor(scope: Construct, id: string, { state, lake }: { state: State; lake: Lake }) {
    super(scope, id);
    new TypedFunction(this, 'ReadReports', {
      entry: 'measurement/read-reports',
      env: readReportsEnv,
      environment: {
        DEFINITIONS_TABLE: reads(state.definitions),
        CONTACTS_TABLE: reads(state.contacts),
        ATHENA_WORK_GROUP: lake.queries,
        GLUE_DATABASE: lake.database.ref,
      },
      // A report waits for Athena; the API answers within 30 s or not at all.
      timeout: Duration.seconds(29),
    });
  }
}
