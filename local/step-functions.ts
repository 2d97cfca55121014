import { randomUUID } from 'node:crypto';
import { checkDefinition, type MachineType } from './asl-definition.ts';
import { DATA_LIMIT_BYTES } from './asl-expression.ts';
import type { Execution, Machine } from './asl-frame.ts';
import { billedMs, executions } from './executions.ts';
import { AwsError, type Context, type Service } from './types.ts';

/** What the operations below take. */
type Request = Partial<Record<'stateMachineArn' | 'executionArn' | 'name' | 'taskToken' | 'nextToken', string>> &
  Partial<Record<'input' | 'output' | 'error' | 'cause', string>> & { maxResults?: number; reverseOrder?: boolean };

/** AWS Step Functions on JSON 1.0, with state machines in JSONata. Sets `ctx.services.states`. */
export const stepFunctions = (ctx: Context): Service => {
  const { clock } = ctx;
  const machines = new Map<string, Machine>();
  const { get, history, start, resume, abort, answer, halt } = executions(ctx);

  function executionOf({ executionArn: arn = '' }: Request): Execution {
    const execution = get(arn);
    if (!execution) throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
    return execution;
  }

  /** Standard executions are idempotent by name while they run, and only with the same input. */
  function begin({ stateMachineArn = '', input = '{}', name = randomUUID() }: Request, sync = false) {
    const machine = machines.get(stateMachineArn);
    if (!machine) throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${stateMachineArn}'`);
    const express = machine.type === 'EXPRESS';
    if (sync && !express) throw new AwsError('StateMachineTypeNotSupported', 'Only an Express machine runs like this');
    requireJson(input, 'InvalidExecutionInput');
    if (Buffer.byteLength(input) > DATA_LIMIT_BYTES)
      throw new AwsError('InvalidExecutionInput', `The input has more than ${DATA_LIMIT_BYTES} bytes`);
    if (!/^[^\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}]{1,80}$/u.test(name))
      throw new AwsError('InvalidName', `Invalid Name: '${name}'`);
    const arn = `${machine.arn.replace(':stateMachine:', express ? ':express:' : ':execution:')}:${name}`;
    const known = get(arn);
    if (known?.status === 'RUNNING' && known.input === input) return { execution: known, done: Promise.resolve(known) };
    if (known) throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
    const unique = express ? `${arn}:${randomUUID()}` : arn;
    const startMs = clock.now();
    const execution: Execution = { arn: unique, name, machine, input, startMs, events: 0, status: 'RUNNING' };
    return { execution, done: start(execution) };
  }

  ctx.services.states = {
    start: (stateMachineArn, input, name) => {
      return { executionArn: begin({ stateMachineArn, input, ...(name !== undefined && { name }) }).execution.arn };
    },
  };

  const operations: Record<string, (request: Request) => object | Promise<object>> = {
    StartExecution(request) {
      const { arn, startMs } = begin(request).execution;
      return { executionArn: arn, startDate: startMs / 1000 };
    },
    async StartSyncExecution(request) {
      const execution = await begin(request, true).done;
      const billingDetails = { billedMemoryUsedInMB: 64, billedDurationInMilliseconds: billedMs(execution) };
      return { ...shown(execution), billingDetails };
    },
    DescribeExecution: (request) => shown(executionOf(request)),
    GetExecutionHistory(request) {
      const { maxResults = 100, nextToken = '0', reverseOrder } = request;
      const events = history(executionOf(request).arn);
      if (reverseOrder) events.reverse();
      const end = Number(nextToken) + maxResults;
      return { events: events.slice(end - maxResults, end), ...(end < events.length && { nextToken: String(end) }) };
    },
    StopExecution(request) {
      const { error, cause } = request;
      abort(executionOf(request).arn, { ...(error && { error }), ...(cause && { cause }) });
      return { stopDate: shown(executionOf(request)).stopDate };
    },
    SendTaskSuccess({ taskToken = '', output = '' }) {
      requireJson(output, 'InvalidOutput');
      answer(taskToken, { output });
      return {};
    },
    SendTaskFailure({ taskToken = '', error = '', cause = '' }) {
      answer(taskToken, { error, cause });
      return {};
    },
  };

  return {
    signingName: 'states',
    async handle(request) {
      const operation = operations[request.action];
      if (!operation) throw new AwsError('UnknownOperationException', `${request.action} is not supported locally`);
      return { body: await operation(JSON.parse((await request.body()).toString()) as Request) };
    },
    resources: {
      'AWS::StepFunctions::StateMachine': {
        supported: ['DefinitionString', 'StateMachineType', 'StateMachineName'],
        ignored: ['RoleArn', 'LoggingConfiguration', 'TracingConfiguration', 'EncryptionConfiguration', 'Tags'],
        create({ logicalId, stack, properties }) {
          const name = String(properties.StateMachineName ?? `${stack}-${logicalId}`);
          const arn = `arn:aws:states:${ctx.region}:${ctx.account}:stateMachine:${name}`;
          const type = (properties.StateMachineType ?? 'STANDARD') as MachineType;
          const definition = String(properties.DefinitionString);
          try {
            checkDefinition(definition, type);
          } catch (error) {
            throw new Error(`State machine ${logicalId} of ${stack}: ${(error as Error).message}`);
          }
          machines.set(arn, { arn, name, type, definition });
          return { ref: arn, attributes: { Arn: arn, Name: name } };
        },
      },
    },
    start: resume,
    stop: halt,
  };
};

/** As DescribeExecution gives it; times in epoch seconds. */
function shown(execution: Execution) {
  const { arn, machine, name, status, input, output, error, cause, startMs, stopMs } = execution;
  const times = { startDate: startMs / 1000, stopDate: stopMs === undefined ? undefined : stopMs / 1000 };
  return { executionArn: arn, stateMachineArn: machine.arn, name, status, input, output, error, cause, ...times };
}

function requireJson(text: string, code: string): void {
  try {
    JSON.parse(text);
  } catch (error) {
    throw new AwsError(code, (error as Error).message);
  }
}
