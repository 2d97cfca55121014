import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  HttpApi,
  HttpMethod,
  HttpNoneAuthorizer,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { UserPoolClient } from 'aws-cdk-lib/aws-cognito';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Route } from '../core/access/route.ts';
import { routes } from '../core/access/routes.ts';
import { env as manageSourcesEnv } from '../lambdas/access/manage-sources.env.ts';
import { env as readAuditEnv } from '../lambdas/access/read-audit.env.ts';
import { env as serveOpenapiEnv } from '../lambdas/access/serve-openapi.env.ts';
import { acknowledge } from './kit/acknowledge.ts';
import { reads, readsAndWrites } from './kit/bindings.ts';
import { TypedFunction } from './kit/typed-function.ts';
import type { Stage } from './stages.ts';
import { BY_DAY_INDEX, type State } from './state.ts';

/** One JSON line a request: who, what, how long, and why it was refused. */
const LOG_FORMAT = JSON.stringify({
  requestId: '$context.requestId',
  at: '$context.requestTime',
  routeKey: '$context.routeKey',
  status: '$context.status',
  latencyMs: '$context.responseLatency',
  responseBytes: '$context.responseLength',
  ip: '$context.identity.sourceIp',
  actor: '$context.authorizer.claims.sub',
  authorizerError: '$context.authorizer.error',
  integrationError: '$context.integrationErrorMessage',
});

/** Who may come in, and the API itself: its routes are the table in core/access/routes.ts. Made after all its handlers. */
export class Access extends Construct {
  readonly api: HttpApi;
  /** Absent when the stage trusts an issuer that exists. */
  readonly client?: UserPoolClient;

  constructor(scope: Construct, id: string, { stage, state }: { stage: Stage; state: State }) {
    super(scope, id);
    new TypedFunction(this, 'ManageSources', {
      entry: 'access/manage-sources',
      env: manageSourcesEnv,
      environment: {
        DEFINITIONS_TABLE: readsAndWrites(state.definitions),
        AUDIT_TABLE: readsAndWrites(state.audit),
      },
      timeout: Duration.seconds(15),
    });
    new TypedFunction(this, 'ReadAudit', {
      entry: 'access/read-audit',
      env: readAuditEnv,
      environment: { AUDIT_TABLE: reads(state.audit, BY_DAY_INDEX) },
      timeout: Duration.seconds(15),
    });
    new TypedFunction(this, 'ServeOpenapi', {
      entry: 'access/serve-openapi',
      env: serveOpenapiEnv,
      environment: {},
      timeout: Duration.seconds(15),
    });

    if (state.userPool) {
      this.client = new UserPoolClient(this, 'Client', {
        userPool: state.userPool,
        // An administrator of the account may sign in for somebody, as tests and first steps do (docs/deploy.md).
        authFlows: { userSrp: true, adminUserPassword: true },
        // No hosted pages yet, so no addresses to which they would hand tokens.
        disableOAuth: true,
        preventUserExistenceErrors: true,
        accessTokenValidity: Duration.hours(1),
        idTokenValidity: Duration.hours(1),
      });
    }
    this.api = new HttpApi(this, 'Api', { apiName: `herald-${stage.name}`, createDefaultStage: false });
    this.addStage(stage);
    this.addRoutes(this.authorizer(stage, state));
  }

  private authorizer({ signIn }: Stage, { userPool }: State): HttpJwtAuthorizer {
    const [issuer, audience] =
      signIn.kind === 'issuer'
        ? [signIn.issuer, signIn.audience]
        : [`https://${userPool!.userPoolProviderName}`, this.client!.userPoolClientId];
    return new HttpJwtAuthorizer('Authorizer', issuer, { jwtAudience: [audience] });
  }

  private addStage({ apiThrottle }: Stage): void {
    const logs = new LogGroup(this, 'Requests', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      throttle: apiThrottle,
      accessLogSettings: { destination: new LogGroupLogDestination(logs), format: AccessLogFormat.custom(LOG_FORMAT) },
    });
  }

  private addRoutes(authorizer: HttpJwtAuthorizer): void {
    const functions = Stack.of(this)
      .node.findAll()
      .filter((child) => child instanceof TypedFunction);
    const integrations = new Map<string, HttpLambdaIntegration>();
    const integrationOf = ({ handler, operationId }: Route): HttpLambdaIntegration => {
      const known = integrations.get(handler);
      if (known) return known;
      const fn = functions.find(({ entry }) => entry === handler);
      if (!fn) throw new Error(`Route ${operationId} wants the function ${handler}, which no construct makes`);
      // One permission for the whole API, not one per route: a function's policy has room for about 60.
      const made = new HttpLambdaIntegration(handler.replace('/', '-'), fn.function, { scopePermissionToRoute: false });
      integrations.set(handler, made);
      return made;
    };
    for (const route of routes) {
      const open = typeof route.roles === 'string';
      const [made] = this.api.addRoutes({
        path: route.path,
        methods: [HttpMethod[route.method]],
        integration: integrationOf(route),
        authorizer: open ? new HttpNoneAuthorizer() : authorizer,
      });
      if (open) {
        acknowledge(made!, {
          'AwsSolutions-APIG4':
            route.roles === 'source-key'
              ? 'Apps call it with the API key of their source, which the handler checks against its hash.'
              : 'It shows the API document, which has no secrets, to anybody.',
        });
      }
    }
  }
}
