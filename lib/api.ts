import { ArnFormat, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { HttpApi, HttpMethod, HttpNoneAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { UserPoolClient } from 'aws-cdk-lib/aws-cognito';
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { Route } from '../core/access/route.ts';
import { apiRoutes } from '../core/access/routes.ts';
import { acknowledge } from './kit/acknowledge.ts';
import { openDoor } from './kit/open-door.ts';
import { functionName, TypedFunction } from './kit/typed-function.ts';
import type { Stage } from './stages.ts';
import type { State } from './state.ts';

/**
 * The door for people and apps: one route for each row of the table in core/access/routes.ts but the links' (delivery/links.ts). A stack of its own, for a stack
 * has room for 500 resources. It names its handlers instead of importing them, so that a release may move or remove one: an
 * import would forbid that until this stack has let go of it.
 */
export class Api extends Stack {
  readonly api: HttpApi;
  /** Absent when the stage trusts an issuer that exists. */
  readonly client?: UserPoolClient;

  constructor(
    scope: Construct,
    id: string,
    { stage, state, handledBy }: { stage: Stage; state: State; handledBy: Stack[] },
  ) {
    super(scope, id, { description: `Herald ${stage.name}: the API` });
    // By names alone CDK sees no reference, and would deploy the routes before, or beside, the functions that answer them.
    for (const stack of handledBy) this.addStackDependency(stack);
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
    openDoor(this, this.api, stage.apiThrottle);
    this.addRoutes(handledBy, this.authorizer(stage, state));

    new CfnOutput(this, 'ApiUrl', { value: this.api.apiEndpoint });
    if (this.client) new CfnOutput(this, 'UserPoolClientId', { value: this.client.userPoolClientId });
  }

  private authorizer({ signIn }: Stage, { userPool }: State): HttpJwtAuthorizer {
    const [issuer, audience] =
      signIn.kind === 'issuer'
        ? [signIn.issuer, signIn.audience]
        : [`https://${userPool!.userPoolProviderName}`, this.client!.userPoolClientId];
    return new HttpJwtAuthorizer('Authorizer', issuer, { jwtAudience: [audience] });
  }

  private addRoutes(handledBy: Stack[], authorizer: HttpJwtAuthorizer): void {
    const functions = handledBy.flatMap(({ node }) => node.findAll()).filter((it) => it instanceof TypedFunction);
    const names = new Map(functions.map((fn) => [fn.entry, functionName(Stack.of(fn), fn.entry)]));
    const integrations = new Map<string, HttpLambdaIntegration>();
    const integrationOf = ({ handler, operationId }: Route): HttpLambdaIntegration => {
      const known = integrations.get(handler);
      if (known) return known;
      const resourceName = names.get(handler);
      if (!resourceName)
        throw new Error(`Route ${operationId} wants the function ${handler}, which no construct makes`);
      const name = handler.replace('/', '-');
      const fn = LambdaFunction.fromFunctionAttributes(this, name, {
        functionArn: this.formatArn({
          service: 'lambda',
          resource: 'function',
          resourceName,
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
        sameEnvironment: true,
      });
      // One permission for the whole API, not one per route: a function's policy has room for about 60.
      const integration = new HttpLambdaIntegration(`${name}-integration`, fn, { scopePermissionToRoute: false });
      integrations.set(handler, integration);
      return integration;
    };
    for (const route of apiRoutes) {
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
