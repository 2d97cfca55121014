import { QueryCommand, type QueryCommandInput, type QueryCommandOutput } from '@aws-sdk/client-dynamodb';
import { dynamo } from './dynamo.ts';
import { secretText } from './secrets.ts';

/** Tells of an id whether its person was erased in the last 30 days. */
export type IsErased = (id: string) => boolean;
export type ErasedPeople = () => Promise<IsErased>;
/** What it reads with: handed over, for what is loaded late shares no code with what is there, or that grows. */
export type Reads = {
  query: (input: QueryCommandInput) => Promise<QueryCommandOutput>;
  key: () => Promise<string>;
};

/**
 * Who was erased lately, for every handler that could bring somebody back. Call this once per Lambda environment, and what
 * it returns once per invocation: it looks for new erasures at most twice a minute, half a read unit each time, and computes
 * no hash, and reads no key, as long as there are none. Throws when it could not look for five minutes. Its code is loaded at
 * the first call: senders start without it.
 */
export const erasedPeople = (table: string, keyArn: string, clock: () => number = Date.now): ErasedPeople => {
  const reads: Reads = { query: (input) => dynamo.send(new QueryCommand(input)), key: () => secretText(keyArn) };
  let loaded: Promise<ErasedPeople> | undefined;
  return async () => {
    loaded ??= import('./erased-lately.ts').then(({ erasedLately }) => erasedLately(reads, table, clock));
    return (await loaded)();
  };
};
