import { CfnOutput, Duration } from 'aws-cdk-lib';
import { HttpApi, HttpMethod, HttpNoneAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Construct } from 'constructs';
import { linkRoutes } from '../../core/access/routes.ts';
import { env as followLinksEnv } from '../../lambdas/delivery/follow-links.env.ts';
import { env as managePreferencesEnv } from '../../lambdas/delivery/manage-preferences.env.ts';
import { env as serveMaterialsEnv } from '../../lambdas/delivery/serve-materials.env.ts';
import { knowsErased } from '../erased-people.ts';
import type { Intake } from '../intake.ts';
import { acknowledge } from '../kit/acknowledge.ts';
import { appends, type Binding, objects, reads, readsAndWrites, readsSecret, sends } from '../kit/bindings.ts';
import { openDoor } from '../kit/open-door.ts';
import { TypedFunction } from '../kit/typed-function.ts';
import type { Lake } from '../lake.ts';
import type { Stage } from '../stages.ts';
import type { State } from '../state.ts';

export type LinksProps = { stage: Stage; state: State; lake: Lake; intake: Intake };

/**
 * The ways from a message: clicks, opens, unsubscribing, preferences, and its pictures. A door of its own, with its own limit: a campaign that
 * everybody opens at once must not keep events out, and the senders must know its address, which the API's stack tells too late.
 */
export class Links extends Construct {
  /** For who makes links. */
  readonly bindings: Record<'LINK_KEY_ARN' | 'LINKS_URL', Binding>;

  constructor(scope: Construct, id: string, { stage, state, lake, intake }: LinksProps) {
    super(scope, id);
    const door = new HttpApi(this, 'Door', { apiName: `herald-${stage.name}-links`, createDefaultStage: false });
    openDoor(this, door, stage.linksThrottle);
    this.bindings = { LINK_KEY_ARN: readsSecret(state.linkKey), LINKS_URL: stage.linksUrl ?? door.apiEndpoint };

    const managePreferences = new TypedFunction(this, 'ManagePreferences', {
      entry: 'delivery/manage-preferences',
      env: managePreferencesEnv,
      environment: {
        LINK_KEY_ARN: readsSecret(state.linkKey),
        DEFINITIONS_TABLE: reads(state.definitions),
        PROFILES_TABLE: reads(state.profiles),
        CONTACTS_TABLE: readsAndWrites(state.contacts),
        CONSENTS_STREAM: appends(lake.streams.consents),
        AUDIT_TABLE: readsAndWrites(state.audit),
        INTAKE_QUEUE_URL: sends(intake.queue),
        ...knowsErased(state),
      },
      timeout: Duration.seconds(15),
    });

    const followLinks = new TypedFunction(this, 'FollowLinks', {
      entry: 'delivery/follow-links',
      env: followLinksEnv,
      environment: {
        LINK_KEY_ARN: readsSecret(state.linkKey),
        OUTCOMES_STREAM: appends(lake.streams.outcomes),
        LEDGER_TABLE: readsAndWrites(state.ledger),
        INTAKE_QUEUE_URL: sends(intake.queue),
        ...knowsErased(state),
      },
      timeout: Duration.seconds(15),
    });

    const serveMaterials = new TypedFunction(this, 'ServeMaterials', {
      entry: 'delivery/serve-materials',
      env: serveMaterialsEnv,
      environment: { WORK_BUCKET: objects(state.work, { 'materials/': 'read' }) },
      timeout: Duration.seconds(15),
    });

    for (const fn of [followLinks, managePreferences, serveMaterials]) {
      const integration = new HttpLambdaIntegration(`${fn.node.id}-integration`, fn.function, {
        scopePermissionToRoute: false,
      });
      for (const { path, method } of linkRoutes.filter(({ handler }) => handler === fn.entry)) {
        const authorizer = new HttpNoneAuthorizer();
        const [route] = door.addRoutes({ path, methods: [HttpMethod[method]], integration, authorizer });
        acknowledge(route!, {
          'AwsSolutions-APIG4':
            'Nobody signs in to unsubscribe: what a link may do is sealed in its token. Pictures of messages are for everybody.',
        });
      }
    }
    new CfnOutput(this, 'Url', { value: door.apiEndpoint }).overrideLogicalId('LinksUrl');
  }
}
