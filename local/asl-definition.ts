import validate from 'asl-validator';
import { compile, expressionIn } from './asl-expression.ts';
import { taskKinds } from './asl-task.ts';

export type MachineType = 'STANDARD' | 'EXPRESS';
/** Where a state, a Choice rule or a Catcher leads. */
type Exit = { Next?: string; Output?: unknown; Assign?: Record<string, unknown> };
export type Retrier = {
  ErrorEquals: string[];
  IntervalSeconds?: number;
  BackoffRate?: number;
  MaxAttempts?: number;
  MaxDelaySeconds?: number;
  JitterStrategy?: 'NONE' | 'FULL';
};
/** One state. Which fields it may have depends on its Type: asl-validator knows. */
export type State = Exit &
  Partial<Record<'Arguments' | 'Error' | 'Cause' | 'Items' | 'ItemSelector' | 'MaxConcurrency', unknown>> &
  Partial<Record<'Seconds' | 'Timestamp' | 'TimeoutSeconds', unknown>> & {
    Type: 'Pass' | 'Task' | 'Choice' | 'Wait' | 'Map' | 'Parallel' | 'Succeed' | 'Fail';
    Resource?: string;
    Retry?: Retrier[];
    Catch?: (Exit & { ErrorEquals: string[] })[];
    Choices?: (Exit & { Condition: unknown })[];
    Default?: string;
    ItemProcessor?: States & { ProcessorConfig?: { Mode?: string } };
    Branches?: States[];
  };
export type States = { StartAt: string; States: Record<string, State> };
export type Definition = States & { TimeoutSeconds?: number };

const FIELDS = new Set(
  `Type Comment Next End Output Assign Resource Arguments TimeoutSeconds Retry Catch Choices Default Seconds Timestamp
  Items ItemSelector MaxConcurrency ItemProcessor Branches Error Cause`.split(/\s+/),
);

/** asl-validator takes a quarter of a second, and a test file may boot the same app many times. */
const checked = new Set<string>();

/** Throws an Error that lists what is wrong with a definition, or would not run here as it runs on AWS. */
export function checkDefinition(text: string, type: MachineType): void {
  if (checked.has(`${type} ${text}`)) return;
  const problems: string[] = [];
  const definition = JSON.parse(text, (key, value: unknown) => {
    const source = expressionIn(value);
    if (source !== undefined) compile(source);
    if (key === 'States')
      for (const [name, state] of Object.entries(value as States['States']))
        problems.push(...unsupported(state, type).map((what) => `${name}: ${what} is not supported locally`));
    return value;
  }) as Definition & { QueryLanguage?: string };
  if (definition.QueryLanguage !== 'JSONata') throw new Error('only "QueryLanguage": "JSONata" is supported locally');
  const verdict = validate(definition, { checkPaths: true, checkArn: true });
  if (!verdict.isValid) problems.push(verdict.errorsText('; '));
  if (problems.length > 0) throw new Error(problems.join('; '));
  checked.add(`${type} ${text}`);
}

function unsupported(state: State, type: MachineType): string[] {
  const { Type, Resource = '', Arguments = {}, ItemProcessor } = state;
  const kind = taskKinds[Resource];
  return [
    ...Object.keys(state).filter((field) => !FIELDS.has(field)),
    ...(Type === 'Task' && !kind ? [Resource] : []),
    ...(kind ? Object.keys(Arguments as object).filter((argument) => !kind.takes.includes(argument)) : []),
    ...(type === 'EXPRESS' && /\.(sync|waitForTaskToken)$/.test(Resource) ? [`${Resource} in an Express machine`] : []),
    ...((ItemProcessor?.ProcessorConfig?.Mode ?? 'INLINE') === 'INLINE' ? [] : ['a Map that is not INLINE']),
  ];
}
