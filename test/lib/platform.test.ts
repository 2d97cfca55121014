import type { Stack } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import { apiRoutes, linkRoutes, routes } from '../../core/access/routes.ts';
import { FULL_MEMORIES } from '../../core/audience/live/memory.ts';
import { CHANNELS } from '../../core/delivery/channel.ts';
import { NOT_IN_FORCE } from '../../core/strategy/approval/not-in-force.ts';
import { handlerEntries } from '../../lib/kit/bundle.ts';
import { statementsIn } from './policies.ts';
import { appOf, propertiesOf, resourcesOf, STACKS, synthesized } from './synthesized.ts';

type FunctionProperties = {
  Runtime: string;
  Architectures: string[];
  Timeout: number;
  MemorySize: number;
  LoggingConfig: { LogFormat: string; LogGroup: { Ref: string } };
  ReservedConcurrentExecutions?: number;
  Environment?: { Variables: Record<string, unknown> };
};
type QueueProperties = {
  VisibilityTimeout?: number;
  MessageRetentionPeriod: number;
  SqsManagedSseEnabled: boolean;
  RedrivePolicy?: { deadLetterTargetArn: { 'Fn::GetAtt': [string, string] }; maxReceiveCount: number };
};
type MappingProperties = {
  FunctionName: { Ref: string };
  EventSourceArn: { 'Fn::GetAtt': [string, string] };
  FunctionResponseTypes: string[];
  ScalingConfig: { MaximumConcurrency: number };
  MaximumBatchingWindowInSeconds?: number;
};
type RouteProperties = { RouteKey: string; AuthorizationType: string; AuthorizerId?: { Ref: string } };

const { platform: dev, state: devState, api: devApi, stacks: devStacks } = await synthesized('dev');
const devApp = appOf('dev');
const { state: localState, api: localApi } = await synthesized('local');
const functions = new Map(
  resourcesOf(dev, 'AWS::Lambda::Function').map(([id, { Properties }]) => [id, Properties as FunctionProperties]),
);
const queues = new Map(
  resourcesOf(dev, 'AWS::SQS::Queue').map(([id, { Properties }]) => [id, Properties as QueueProperties]),
);
const mappings = propertiesOf<MappingProperties>(dev, 'AWS::Lambda::EventSourceMapping');

test('nothing has two policies: of two resources the one that is made last would be in force', () => {
  const named = ([, { Type, Properties }]: ReturnType<typeof resourcesOf>[number]): string[] => {
    const { Topics = [], Queues = [], Bucket = [] } = Properties as Record<string, unknown>;
    return [Topics, Queues, Bucket].flat().map((one) => `${Type} ${JSON.stringify(one)}`);
  };
  const types = ['AWS::SNS::TopicPolicy', 'AWS::SQS::QueuePolicy', 'AWS::S3::BucketPolicy'];
  const all = types.flatMap((type) => [dev, devState].flatMap((stack) => resourcesOf(stack, type))).flatMap(named);
  expect(all.filter((one, n) => all.indexOf(one) !== n)).toEqual([]);
  expect(all.some((one) => one.startsWith('AWS::SNS::TopicPolicy'))).toBe(true);
});

test('providers may publish what they say of messages, over TLS alone', () => {
  const [policy] = propertiesOf<{ PolicyDocument: { Statement: object[] } }>(dev, 'AWS::SNS::TopicPolicy');
  expect(policy?.PolicyDocument.Statement).toEqual([
    expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    expect.objectContaining({
      Effect: 'Allow',
      Action: 'sns:Publish',
      Principal: {
        Service: ['ses.amazonaws.com', 'sms-voice.amazonaws.com', 'social-messaging.amazonaws.com'],
      },
    }),
  ]);
});

describe('functions', () => {
  test('there is one per handler', async () => {
    expect(functions.size).toBe((await handlerEntries()).length);
  });

  test.each([...functions])('%s runs on nodejs24.x and arm64, and logs JSON into its own group', (_, properties) => {
    expect(properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] });
    expect(properties.LoggingConfig.LogFormat).toBe('JSON');
    const sharers = [...functions.values()].filter(
      ({ LoggingConfig }) => LoggingConfig.LogGroup.Ref === properties.LoggingConfig.LogGroup.Ref,
    );
    expect(sharers).toEqual([properties]);
    expect(dev.Resources[properties.LoggingConfig.LogGroup.Ref]?.Properties).toHaveProperty('RetentionInDays');
  });

  test('all log groups expire', () => {
    for (const properties of propertiesOf(dev, 'AWS::Logs::LogGroup'))
      expect(properties).toHaveProperty('RetentionInDays', 30);
  });
});

describe('queues', () => {
  test.each([...queues])('%s is encrypted, kept for 14 days and reached over TLS only', (id, properties) => {
    expect(properties).toMatchObject({ SqsManagedSseEnabled: true, MessageRetentionPeriod: 14 * 86_400 });
    const policies = propertiesOf<{ Queues: { Ref: string }[]; PolicyDocument: { Statement: object[] } }>(
      dev,
      'AWS::SQS::QueuePolicy',
    ).filter((policy) => policy.Queues.some(({ Ref }) => Ref === id));
    expect(policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement)).toContainEqual(
      expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    );
  });

  test('each has dead letters or holds them, and the dead letters are watched', () => {
    const watched = propertiesOf<{
      MetricName: string;
      Threshold: number;
      Dimensions?: { Value: { 'Fn::GetAtt': string[] } }[];
    }>(dev, 'AWS::CloudWatch::Alarm')
      .filter(({ MetricName, Threshold }) => MetricName === 'ApproximateNumberOfMessagesVisible' && Threshold === 0)
      .map(({ Dimensions }) => Dimensions?.[0]?.Value['Fn::GetAtt'][0]);
    for (const [id, { RedrivePolicy }] of queues) {
      if (!RedrivePolicy) expect(watched).toContain(id);
      else {
        expect(RedrivePolicy.maxReceiveCount).toBeGreaterThanOrEqual(5);
        expect(watched).toContain(RedrivePolicy.deadLetterTargetArn['Fn::GetAtt'][0]);
      }
    }
  });

  test('every mapping is bounded, fails message by message, and leaves its function six time-outs', () => {
    // Two for each channel's sender, and five others.
    expect(mappings).toHaveLength(CHANNELS.length * 2 + 5);
    for (const mapping of mappings) {
      expect(mapping.FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);
      expect(mapping.ScalingConfig.MaximumConcurrency).toBeGreaterThanOrEqual(2);
      const { VisibilityTimeout = 0 } = queues.get(mapping.EventSourceArn['Fn::GetAtt'][0])!;
      const { Timeout } = functions.get(mapping.FunctionName.Ref)!;
      expect(VisibilityTimeout).toBeGreaterThanOrEqual(6 * Timeout + (mapping.MaximumBatchingWindowInSeconds ?? 0));
    }
  });

  test.each([...new Set(mappings.map(({ FunctionName }) => FunctionName.Ref))])(
    '%s has reserved at least what its mappings may use together',
    (id) => {
      const own = mappings.filter(({ FunctionName }) => FunctionName.Ref === id);
      const total = own.reduce((sum, { ScalingConfig }) => sum + ScalingConfig.MaximumConcurrency, 0);
      expect(functions.get(id)?.ReservedConcurrentExecutions).toBeGreaterThanOrEqual(total);
    },
  );
});

describe('the API', () => {
  const made = propertiesOf<RouteProperties>(devApi, 'AWS::ApiGatewayV2::Route');

  const door = propertiesOf<RouteProperties>(devStacks.HeraldDelivery, 'AWS::ApiGatewayV2::Route');
  const keysOf = (some: typeof routes) => some.map(({ method, path }) => `${method} ${path}`).sort();

  test('has exactly the routes of the table, but for those of links, which have a door of their own', () => {
    expect(made.map(({ RouteKey }) => RouteKey).sort()).toEqual(keysOf(apiRoutes));
    expect(door.map(({ RouteKey }) => RouteKey).sort()).toEqual(keysOf(linkRoutes));
    expect(linkRoutes.filter(({ roles }) => roles !== 'public')).toEqual([]);
  });

  test('names functions that the two stacks before it make, and waits for both', () => {
    const names = resourcesOf(dev, 'AWS::Lambda::Function').map(([, { Properties }]) => Properties.FunctionName);
    const integrations = propertiesOf<{ IntegrationUri: object }>(devApi, 'AWS::ApiGatewayV2::Integration');
    for (const { IntegrationUri } of integrations) {
      expect(names).toContain(/:function:([\w-]+)/.exec(JSON.stringify(IntegrationUri))?.[1]);
    }
    const { dependencies } = devApp.node.findChild('HeraldApi-dev') as Stack;
    expect(dependencies.map(({ stackName }) => stackName)).toEqual(
      expect.arrayContaining(['Herald-dev', 'HeraldDelivery-dev']),
    );
  });

  test('asks for a token wherever the table names roles', () => {
    for (const { method, path, roles } of routes) {
      const { AuthorizationType } = [...made, ...door].find(({ RouteKey }) => RouteKey === `${method} ${path}`)!;
      expect(AuthorizationType).toBe(typeof roles === 'string' ? 'NONE' : 'JWT');
    }
  });

  test.each([
    [
      'dev',
      devApi,
      {
        'Fn::Join': [
          '',
          ['https://', { 'Fn::ImportValue': expect.stringMatching(/^HeraldState-dev:.*UserPool.*ProviderName/) }],
        ],
      },
    ],
    ['local', localApi, 'http://local.herald/issuer'],
  ] as const)('of %s trusts the right issuer', (_, template, issuer) => {
    const [authorizer] = propertiesOf<{ JwtConfiguration: object }>(template, 'AWS::ApiGatewayV2::Authorizer');
    expect(authorizer?.JwtConfiguration).toMatchObject({ Issuer: issuer });
  });

  test('is throttled and logged', () => {
    const [stage] = propertiesOf(devApi, 'AWS::ApiGatewayV2::Stage');
    expect(stage).toMatchObject({
      StageName: '$default',
      DefaultRouteSettings: { ThrottlingRateLimit: 200, ThrottlingBurstLimit: 400 },
      AccessLogSettings: { Format: expect.stringContaining('$context.routeKey') },
    });
  });
});

describe('state', () => {
  const stateful = ['AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::Cognito::UserPool'];

  test('outlives its stack in dev, and not in local', () => {
    for (const [, { Type, DeletionPolicy }] of Object.entries(devState.Resources)) {
      if (stateful.includes(Type)) expect(DeletionPolicy).toBe('Retain');
    }
    for (const [, { Type, DeletionPolicy }] of Object.entries(localState.Resources)) {
      if (stateful.includes(Type)) expect(DeletionPolicy).toBe('Delete');
    }
    for (const properties of propertiesOf(devState, 'AWS::DynamoDB::Table')) {
      expect(properties).toMatchObject({
        DeletionProtectionEnabled: true,
        BillingMode: 'PAY_PER_REQUEST',
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      });
    }
  });

  test('is nowhere but in its stack, and has no physical names', () => {
    const names = ['TableName', 'BucketName', 'UserPoolName'];
    for (const { Type, Properties } of Object.values(devState.Resources)) {
      if (stateful.includes(Type)) expect(names.filter((name) => name in Properties)).toEqual([]);
    }
    expect(Object.values(dev.Resources).filter(({ Type }) => stateful.includes(Type))).toEqual([]);
  });

  test('people have the five roles in dev; local has its own issuer', () => {
    const groups = propertiesOf<{ GroupName: string }>(devState, 'AWS::Cognito::UserPoolGroup');
    expect(groups.map(({ GroupName }) => GroupName)).toEqual(['viewer', 'marketer', 'approver', 'operator', 'admin']);
    expect(Object.values(localState.Resources).filter(({ Type }) => Type.startsWith('AWS::Cognito'))).toEqual([]);
  });
});

describe('what a deployment never has', () => {
  test('custom resources, networks, keys and other things that cost while nothing happens', () => {
    const types = [...Object.values(dev.Resources), ...Object.values(devState.Resources)].map(({ Type }) => Type);
    expect(types.filter((type) => /^Custom::|^AWS::(EC2|KMS|CloudFormation|ECS|RDS|Kinesis::)/.test(type))).toEqual([]);
  });

  test('a policy that allows every action of a service, or things of every kind', () => {
    const statements = statementsIn(dev).filter(({ allows, principal }) => allows && !principal);
    expect(statements.length).toBeGreaterThan(100);
    for (const { actions, resources } of statements) {
      expect(actions.filter((action) => action.includes('*'))).toEqual([]);
      if (resources.includes('*')) expect(actions.filter((action) => !/^(xray|logs):/.test(action))).toEqual([]);
    }
  });
});

test('an alarm hears of what is approved and not in force, in the metrics of whoever tries it', () => {
  const alarms = propertiesOf<{ MetricName: string; Namespace: object }>(dev, 'AWS::CloudWatch::Alarm');
  const heard = alarms.filter(({ MetricName }) => MetricName === NOT_IN_FORCE);
  expect(heard).toMatchObject([{ Threshold: 1, Period: 3_600, Statistic: 'Sum' }]);
  const settling = [...functions].filter(([id]) => id.includes('SettleApproval'));
  expect(settling.map(([, { Environment }]) => Environment?.Variables.METRICS_NAMESPACE)).toEqual([
    heard[0]?.Namespace,
  ]);
});

test('an alarm hears of people for whom the lake decides, in the metrics of those who count them', () => {
  const alarms = propertiesOf<{ MetricName: string; Namespace: object }>(dev, 'AWS::CloudWatch::Alarm');
  const heard = alarms.filter(({ MetricName }) => MetricName === FULL_MEMORIES);
  expect(heard).toMatchObject([{ Threshold: 100, Period: 3_600, Statistic: 'Sum' }]);
  const counters = [...functions].filter(([id]) => /ApplyRefresh|MatchEvents/.test(id));
  expect(counters).toHaveLength(2);
  for (const [, { Environment }] of counters) {
    expect(Environment?.Variables.METRICS_NAMESPACE).toEqual(heard[0]?.Namespace);
  }
});

test.each(STACKS)('%s has room for more: CloudFormation takes 500 resources', (stack) => {
  expect(Object.keys(devStacks[stack].Resources).length).toBeLessThanOrEqual(495);
});

test('an administrator of the account can sign in for somebody, and nobody can with a password alone', () => {
  const [client] = propertiesOf<{ ExplicitAuthFlows: string[] }>(devApi, 'AWS::Cognito::UserPoolClient');
  expect(client?.ExplicitAuthFlows.toSorted()).toEqual([
    'ALLOW_ADMIN_USER_PASSWORD_AUTH',
    'ALLOW_REFRESH_TOKEN_AUTH',
    'ALLOW_USER_SRP_AUTH',
  ]);
});
