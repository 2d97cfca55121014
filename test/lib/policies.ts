import { flattenCfnReference } from 'cdk-nag/lib/utils/flatten-cfn-reference.js';
import { propertiesOf, type Resource, resourcesOf, type Template } from './synthesized.ts';

/** What a policy allows or denies; each list is a list even when the template has a single string. */
export type Statement = {
  /** Logical id of the resource that the policy is, or is part of. */
  id: string;
  allows: boolean;
  actions: string[];
  /** Flat, as cdk-nag writes them: `<Queue.Arn>`. None in a trust policy. */
  resources: string[];
  /** None in a policy of a role. */
  principal: unknown;
  condition: unknown;
  /** NotAction, NotPrincipal, NotResource: everything but what they name. */
  inverted: boolean;
};

type Written = Record<string, unknown>;

/** Statements of every policy document in a template, of whatever type of resource. */
export const statementsIn = ({ Resources }: Template): Statement[] =>
  Object.entries(Resources).flatMap(([id, resource]) => statementsOf(id, resource));

const statementsOf = (id: string, { Properties }: Resource): Statement[] => {
  const found = (value: unknown): Written[] => {
    if (typeof value !== 'object' || value === null) return [];
    return 'Statement' in value ? ([value.Statement].flat() as Written[]) : Object.values(value).flatMap(found);
  };
  return found(Properties).map((written) => ({
    id,
    allows: written.Effect !== 'Deny',
    actions: [written.Action ?? []].flat() as string[],
    resources: [written.Resource ?? []].flat().map(flattenCfnReference),
    principal: written.Principal,
    condition: written.Condition,
    inverted: ['NotAction', 'NotPrincipal', 'NotResource'].some((key) => key in written),
  }));
};

/** What a role may do: its inline policies and those that name it. */
export const statementsOfRole = (template: Template, role: string): Statement[] => {
  const named = resourcesOf(template, 'AWS::IAM::Policy').filter(([, { Properties }]) =>
    (Properties.Roles as { Ref: string }[]).some(({ Ref }) => Ref === role),
  );
  const own = [[role, template.Resources[role]!] as const, ...named];
  return own.flatMap(([id, resource]) => statementsOf(id, resource)).filter(({ principal }) => !principal);
};

/** `<Queue.Arn>` or `{ 'Fn::GetAtt': ['Queue', 'Arn'] }` → `Queue` */
export const idIn = (arn: unknown): string => flattenCfnReference(arn).replace(/^<(\w+)\.\w+>$/, '$1');

export type FunctionInTemplate = {
  role: string;
  statements: Statement[];
  actions: string[];
  /** Names of its environment variables. */
  variables: string[];
  /** Queues that invoke it. */
  polled: string[];
  /** Whether Lambda sends events at which it failed somewhere. */
  hasDestination: boolean;
};

/** The function of a handler, for example `intake/match-events`. */
export const functionOf = (template: Template, entry: string): FunctionInTemplate => {
  const name = new RegExp(`^Herald\\w*-[a-z]+-${entry.replace('/', '-')}$`);
  const [id, { Properties }] = resourcesOf(template, 'AWS::Lambda::Function').find(([, one]) =>
    name.test(String(one.Properties.FunctionName)),
  )!;
  const role = idIn(Properties.Role);
  const statements = statementsOfRole(template, role);
  const isOwn = ({ FunctionName }: { FunctionName: { Ref: string } }) => FunctionName.Ref === id;
  type Mapping = { FunctionName: { Ref: string }; EventSourceArn: unknown };
  return {
    role,
    statements,
    actions: [...new Set(statements.flatMap(({ actions }) => actions))],
    variables: Object.keys((Properties.Environment as { Variables?: object } | undefined)?.Variables ?? {}),
    polled: propertiesOf<Mapping>(template, 'AWS::Lambda::EventSourceMapping')
      .filter(isOwn)
      .map(({ EventSourceArn }) => idIn(EventSourceArn)),
    hasDestination: propertiesOf<Mapping>(template, 'AWS::Lambda::EventInvokeConfig').some(isOwn),
  };
};
