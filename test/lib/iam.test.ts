import { type App, CfnResource, type Stack, Validations } from 'aws-cdk-lib';
import { flattenCfnReference } from 'cdk-nag/lib/utils/flatten-cfn-reference.js';
import { describe, expect, test } from 'vitest';
import { STAGES } from '../../lib/stages.ts';
import { idIn, type Statement, statementsIn, statementsOfRole } from './policies.ts';
import { appOf, propertiesOf, resourcesOf, STACKS, synthesized, type Template } from './synthesized.ts';

const synthesizedStages = await Promise.all(STAGES.map(async (stage) => ({ stage, ...(await synthesized(stage)) })));
const templates = synthesizedStages.flatMap(({ stage, stacks }) =>
  STACKS.map((stack) => ({ stack: `${stack}-${stage}`, app: appOf(stage), template: stacks[stack] })),
);

/** Logical id → rule → the reason for which lib/ acknowledges what cdk-nag finds there or in a construct above. */
const reasonsIn = (app: App, stackName: string): Map<string, Record<string, string>> => {
  const stack = app.node.findChild(stackName) as Stack;
  const resources = stack.node.findAll().filter((node) => CfnResource.isCfnResource(node));
  return new Map(
    resources.map((resource) => {
      const metadata = resource.node.scopes.flatMap(({ node }) => node.metadata);
      const acknowledged = metadata.filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY);
      return [stack.resolve(resource.logicalId), Object.assign({}, ...acknowledged.map(({ data }) => data))];
    }),
  );
};

const managedPoliciesOf = ({ ManagedPolicyArns = [] }: Record<string, unknown>): string[] =>
  (ManagedPolicyArns as unknown[]).map(flattenCfnReference);

/** Actions in a text, as in `xray:Put*`. */
const actionsNamedIn = (reason: string): RegExp[] =>
  [...reason.matchAll(/[a-z0-9-]+:[A-Za-z*]+/g)].map(([action]) => new RegExp(`^${action.replace('*', '\\w+')}$`));

/** What is wrong with a resource of a policy that has a wildcard; undefined when it is as it should be. */
const faultOf = (
  resource: string,
  { actions }: Statement,
  reasons: Record<string, string> = {},
): string | undefined => {
  const reason = reasons[`Annotation::AwsSolutions-IAM5[Resource::${resource}]`];
  if (!reason) return `nobody acknowledged ${resource}`;
  if (resource === '*') {
    const named = actionsNamedIn(reason);
    const unnamed = actions.filter((action) => !named.some((pattern) => pattern.test(action)));
    return unnamed.length > 0 ? `the reason for * does not speak of ${unnamed}: ${reason}` : undefined;
  }
  // Schedules of a group of this app, of its own stack or exported by the platform.
  const group = /^arn:<AWS::Partition>:scheduler:[^*]*:schedule\/(<\w+Group\w+>|Herald-\w+:\w+Group\w+)\/\*$/;
  if (group.test(resource)) return undefined;
  // A bucket of this app, at least one folder, then whatever is below it.
  return /^HeraldState-\w+:\w+Bucket\w+(\/[a-z_]+)+\/\*$/.test(resource) ? undefined : `${resource} is too wide`;
};

describe.each(templates)('policies of $stack', ({ stack, app, template }) => {
  const allowed = statementsIn(template).filter(({ allows }) => allows);
  const ofRoles = allowed.filter(({ principal }) => !principal);
  const ofOthers = allowed.filter(({ principal }) => principal);

  test('allow single actions, none by wildcard or by exclusion', () => {
    expect(allowed.filter(({ inverted }) => inverted)).toEqual([]);
    const actions = allowed.flatMap((statement) => statement.actions);
    expect(actions.filter((action) => !/^[a-z0-9-]+:[A-Z][A-Za-z]+$/.test(action))).toEqual([]);
  });

  test('have a wildcard in a resource only where lib/ acknowledged it, with a reason that names what * is for', () => {
    const reasons = reasonsIn(app, stack);
    const faults = ofRoles.flatMap((statement) =>
      statement.resources
        .filter((resource) => resource.includes('*'))
        .map((resource) => faultOf(resource, statement, reasons.get(statement.id)))
        .map((fault) => fault && `${statement.id}: ${fault}`),
    );
    expect(faults.filter((fault) => fault)).toEqual([]);
  });

  test('let in services only, and these only on behalf of something of this app', () => {
    for (const { principal, resources, condition } of ofOthers) {
      const services = [(principal as { Service: unknown }).Service].flat();
      for (const service of services) expect(service).toMatch(/^[a-z-]+\.amazonaws\.com$/);
      expect(Object.keys(principal as object)).toEqual(['Service']);
      // A trust policy has no resource: which function, stream or machine takes a role is written there.
      if (resources.length === 0) continue;
      expect(resources.filter((resource) => resource.includes('*'))).toEqual([]);
      expect([
        { ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': [expect.any(String), 'Arn'] } } },
        // A topic has no other name than its ARN.
        { ArnEquals: { 'aws:SourceArn': { Ref: expect.stringMatching(/Topic/) } } },
        // What publishes receipts is made by hand, or after the topic.
        { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      ]).toContainEqual(condition);
    }
  });

  test('belong to roles, which have managed policies only where lib/ acknowledged it', () => {
    const types = Object.values(template.Resources).map(({ Type }) => Type);
    expect(types.filter((type) => /^AWS::IAM::(?!Role$|Policy$)/.test(type))).toEqual([]);
    const reasons = reasonsIn(app, stack);
    const managed = resourcesOf(template, 'AWS::IAM::Role').flatMap(([id, { Properties }]) =>
      managedPoliciesOf(Properties).map((policy) => ({ id, policy })),
    );
    expect(
      managed.filter(({ id, policy }) => !reasons.get(id)?.[`Annotation::AwsSolutions-IAM4[Policy::${policy}]`]),
    ).toEqual([]);
  });
});

describe.each(synthesizedStages)('the platform of $stage', ({ platform, api }) => {
  test('has the policies that these tests are about', () => {
    const roles = resourcesOf(platform, 'AWS::IAM::Role');
    expect(roles.length).toBeGreaterThan(30);
    for (const [id, { Properties }] of roles) {
      const policies = [...statementsOfRole(platform, id), ...managedPoliciesOf(Properties)];
      expect(policies.length, id).toBeGreaterThan(0);
    }
  });

  test('lets functions be called by the API and by the bus, each by a thing of this app', () => {
    const permissions = [platform, api].flatMap((template) =>
      propertiesOf<Record<string, unknown>>(template, 'AWS::Lambda::Permission'),
    );
    expect(permissions.length).toBeGreaterThan(10);
    for (const { Action, Principal, SourceArn } of permissions) {
      expect(Action).toBe('lambda:InvokeFunction');
      expect(Principal).toMatch(/^(apigateway|events)\.amazonaws\.com$/);
      // An API's ARN ends with its id and then stage, method and path; a rule is the rule.
      expect(flattenCfnReference(SourceArn)).toMatch(
        /^(<\w+\.Arn>|arn:<AWS::Partition>:execute-api:.*:<\w+>\/\*\/\*\/\*)$/,
      );
    }
  });

  test('lets each role invoke exactly the functions that its state machine or its schedule names', () => {
    const named = invokers(platform).map(([role, functions]) => [role, [...new Set(functions)].sort()]);
    // Who redrives what functions failed at: see dead-letters.test.ts.
    const roles = resourcesOf(platform, 'AWS::IAM::Role').filter(([role]) => !role.startsWith('DeadLetters'));
    const granted = roles.map(([role]) => {
      const invoking = statementsOfRole(platform, role).filter(({ actions }) =>
        actions.some((action) => action.startsWith('lambda:')),
      );
      return [role, invoking.flatMap(({ resources }) => resources.map(idIn)).sort()];
    });
    expect(Object.fromEntries(granted.filter(([, functions]) => functions!.length > 0))).toEqual(
      Object.fromEntries(named),
    );
  });
});

// On the emulator a function stands in for Athena's UNLOAD, and the role is left as it is.
test.each(synthesizedStages.filter(({ stage }) => stage !== 'emulator'))(
  'a state machine of $stage may ask Athena, or start itself again, when a state does, and nothing besides',
  ({ platform }) => {
    for (const { role, definition } of machines(platform)) {
      const tasks = [...definition.matchAll(/"arn:aws:states:::([\w:.]+)"/g)].map(([, kind]) => kind!);
      const kinds = [
        'lambda:invoke',
        'lambda:invoke.waitForTaskToken',
        'athena:startQueryExecution.sync',
        'states:startExecution',
      ];
      expect(tasks.filter((kind) => !kinds.includes(kind))).toEqual([]);
      const services = statementsOfRole(platform, role).flatMap(({ actions }) =>
        actions.map((one) => one.split(':')[0]!),
      );
      const athena = tasks.some((kind) => kind.startsWith('athena:')) ? ['athena', 'glue', 's3'] : [];
      const states = tasks.includes('states:startExecution') ? ['states'] : [];
      expect([...new Set(services)].sort()).toEqual([...athena, ...states, 'lambda', 'logs', 'xray'].sort());
    }
  },
);

/** Role → functions that what has the role names. */
const invokers = (platform: Template): [string, string[]][] => [
  ...machines(platform).map(({ role, definition }): [string, string[]] => [
    role,
    [...definition.matchAll(/"FunctionName": "([^"]+)"/g)].map(([, id]) => id!),
  ]),
  ...propertiesOf<{ Target: { Arn: unknown; RoleArn: unknown } }>(platform, 'AWS::Scheduler::Schedule')
    .map(({ Target }): [string, string[]] => [idIn(Target.RoleArn), [idIn(Target.Arn)]])
    // Others start a state machine.
    .filter(([, [target = '']]) => platform.Resources[target]?.Type === 'AWS::Lambda::Function'),
  // A function that makes schedules at run time has role and target of them in its environment.
  ...propertiesOf<{ Environment?: { Variables?: Record<string, unknown> } }>(platform, 'AWS::Lambda::Function').flatMap(
    ({ Environment: { Variables: { WAKE_ROLE_ARN, WAKE_FUNCTION_ARN } = {} } = {} }): [string, string[]][] =>
      WAKE_ROLE_ARN ? [[idIn(WAKE_ROLE_ARN), [idIn(WAKE_FUNCTION_ARN)]]] : [],
  ),
];

/** State machines with their definitions, in which logical ids stand for ARNs. */
const machines = (platform: Template): { role: string; definition: string }[] =>
  propertiesOf<{ RoleArn: unknown; DefinitionString: { 'Fn::Join': [string, unknown[]] } }>(
    platform,
    'AWS::StepFunctions::StateMachine',
  ).map(({ RoleArn, DefinitionString }) => {
    const parts = DefinitionString['Fn::Join'][1].map((part) => (typeof part === 'string' ? part : idIn(part)));
    return { role: idIn(RoleArn), definition: JSON.stringify(JSON.parse(parts.join('')), null, 1) };
  });
