import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { env as manageLeadModelsEnv } from '../../lambdas/audience/manage-lead-models.env.ts';
import { env as manageLeadsEnv } from '../../lambdas/audience/manage-leads.env.ts';
import { env as publishStagesEnv } from '../../lambdas/audience/publish-stages.env.ts';
import type { AudienceProps } from '../audience.ts';
import { knowsErased } from '../erased-people.ts';
import { addsTo, appends, reads, readsAndWrites, sends } from '../kit/bindings.ts';
import { TypedFunction } from '../kit/typed-function.ts';
import { FIXED_CONCURRENCY } from '../stages.ts';
import { BY_STAGE_INDEX } from '../state.ts';

/** How leads are scored, where people stand, and who is told when that changes. Scoring itself is a part of matching. */
export class Leads extends Construct {
  constructor(scope: Construct, id: string, { state, lake, intake, stageChanges, webhooks }: AudienceProps) {
    super(scope, id);
    const AUDIT_TABLE = readsAndWrites(state.audit);

    const publishStages = new TypedFunction(this, 'PublishStages', {
      entry: 'audience/publish-stages',
      env: publishStagesEnv,
      environment: {
        LEADS_TABLE: reads(state.leads),
        PROFILES_TABLE: readsAndWrites(state.profiles),
        AUDIT_TABLE,
        FAILURES_TABLE: addsTo(state.failures),
        PROFILES_STREAM: appends(lake.streams.profiles),
        LEAD_STAGES_STREAM: appends(lake.streams.lead_stages),
        INTAKE_QUEUE_URL: sends(intake.queue),
        WEBHOOK_QUEUE_URL: sends(webhooks.queue),
        ...knowsErased(state),
      },
      timeout: Duration.seconds(30),
      reservedConcurrency: FIXED_CONCURRENCY.publishStages,
    });
    stageChanges.consume(publishStages, { batchSize: 10, maximumConcurrency: FIXED_CONCURRENCY.publishStages });

    new TypedFunction(this, 'ManageLeadModels', {
      entry: 'audience/manage-lead-models',
      env: manageLeadModelsEnv,
      environment: { DEFINITIONS_TABLE: readsAndWrites(state.definitions), AUDIT_TABLE },
      timeout: Duration.seconds(15),
    });

    new TypedFunction(this, 'ManageLeads', {
      entry: 'audience/manage-leads',
      env: manageLeadsEnv,
      environment: {
        DEFINITIONS_TABLE: reads(state.definitions),
        PROFILES_TABLE: reads(state.profiles),
        AUDIT_TABLE,
        ...intake.leadBindings,
        LEADS_TABLE: readsAndWrites(state.leads, BY_STAGE_INDEX),
      },
      timeout: Duration.seconds(15),
    });
  }
}
