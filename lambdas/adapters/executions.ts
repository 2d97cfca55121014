import { SendTaskSuccessCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';

const states = new SFNClient({ maxAttempts: 5 });

/**
 * Starts an execution whose name makes it happen once. Step Functions refuses a name for 90 days after its execution has
 * ended, and answers a repeat with the same input while it runs; both mean that it was started before.
 */
export const startExecution = async (machineArn: string, name: string, input: object): Promise<void> => {
  try {
    await states.send(new StartExecutionCommand({ stateMachineArn: machineArn, name, input: JSON.stringify(input) }));
  } catch (error) {
    if (!(error instanceof Error && error.name === 'ExecutionAlreadyExists')) throw error;
  }
};

/** Errors that say that nobody waits for the token any more: answered before, timed out or stopped. */
const NOBODY_WAITS = new Set(['TaskTimedOut', 'TaskDoesNotExist']);

/** Answers a task that waits. When nobody waits any more, that is noted and counts as done: a retry changes nothing. */
export const sendTaskSuccess = async (taskToken: string, output: object): Promise<void> => {
  try {
    await states.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify(output) }));
  } catch (error) {
    if (!(error instanceof Error && NOBODY_WAITS.has(error.name))) throw error;
    console.info({ message: 'Nobody waits for this task any more', reason: error.name });
  }
};
